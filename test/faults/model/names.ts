/** The CSI names and ids that the numbers of scripts stand for, other ones in every run. */

const ID = /^rds1:(pvc|snap)-([0-9a-f]{8})-0([0-9a-f]{3})-4000-8000-000000000000$/;

function uuidOf(run: number, number: number): string {
  return `${hex(run, 8)}-0${hex(number, 3)}-4000-8000-000000000000`;
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}

/** CSI name of an object, e.g. of `v3`. */
export function csiName(run: number, object: string): string {
  return `${object.startsWith('v') ? 'pvc' : 'snap'}-${uuidOf(run, Number(object.slice(1)))}`;
}

/** CSI id of an object, as the driver must give it. */
export function csiId(run: number, object: string): string {
  return `rds1:${csiName(run, object)}`;
}

/** The object that a CSI id stands for; the id itself when it is of no object of the run. */
export function objectOf(run: number, id: string): string {
  const [, kind, runDigits, digits = ''] = ID.exec(id) ?? [];
  if (runDigits !== hex(run, 8)) return id;
  return `${kind === 'pvc' ? 'v' : 's'}${Number.parseInt(digits, 16)}`;
}

/** Slot of a volume's disk item. */
export function slotOf(run: number, object: string): string {
  return `pvc-${csiName(run, object).slice(4).replaceAll('-', '').slice(0, 28)}`;
}
