import type { Fault, Place } from '../../../src/simulator/faults/fault.ts';

/** How many volumes and snapshots a script speaks of. Few enough that its commands get into each other's way. */
export const VOLUMES = 10;
export const SNAPSHOTS = 10;

/** The two nodes that volumes are published to. */
export type NodeNumber = 0 | 1;

/** What is copied into a new volume. */
export type Source = { readonly snapshot: number } | { readonly volume: number };

/**
 * One step of a script: a CSI call, or a write by the node that has the volume. Objects are numbers, so that a command
 * makes sense whatever came before it, and a script from which commands were taken out is still a script. Sizes in MiB;
 * 0 leaves the size to the source.
 */
export type Command =
  | { readonly do: 'create'; readonly volume: number; readonly mib: number; readonly from?: Source }
  | { readonly do: 'delete'; readonly volume: number }
  | { readonly do: 'expand'; readonly volume: number; readonly mib: number }
  | { readonly do: 'publish' | 'unpublish'; readonly volume: number; readonly node: NodeNumber }
  | { readonly do: 'write'; readonly volume: number; readonly place: number; readonly seed: number }
  | { readonly do: 'get'; readonly volume: number }
  | { readonly do: 'snapshot'; readonly snapshot: number; readonly volume: number }
  | { readonly do: 'drop' | 'look'; readonly snapshot: number }
  | { readonly do: 'list volumes' | 'list snapshots'; readonly pageSize: number }
  | { readonly do: 'list snapshots of'; readonly volume: number; readonly pageSize: number }
  | { readonly do: 'capacity' };

/** A command, and the controller process that it goes through. */
export interface Sent {
  readonly via: 0 | 1;
  readonly command: Command;
}

/** What goes wrong while a batch runs, if anything. */
export type Trouble =
  | { readonly kind: 'fault'; readonly fault: Fault; readonly times: number }
  /**
   * Scripts that are about to change something stand still, their connection gone, and go on when other commands have been
   * run meanwhile (docs/routeros.md, U22). As soon as that begins, a controller is killed, or all callers of the batch leave, or
   * nothing else happens, and the calls are retried.
   */
  | {
      readonly kind: 'late write';
      readonly places: readonly Place[];
      readonly times: number;
      readonly release: Release;
      readonly meanwhile: 'another attempt' | 'callers leave' | 'controller 0 dies' | 'controller 1 dies';
    }
  /** The controller process is killed when the RDS begins the nth statement of the batch. */
  | { readonly kind: 'kill controller'; readonly controller: 0 | 1; readonly statement: number }
  /** The RDS restarts when it begins the nth statement of the batch, and refuses connections for so long. */
  | { readonly kind: 'restart RDS'; readonly statement: number; readonly downMs: number };

/** When a script that stands still goes on. */
export type Release =
  /** So many batches later, when the RDS begins the nth statement of that one, or at its end. */
  | { readonly batches: number; readonly statement: number }
  /** By itself, so many ms after it began to stand still. */
  | { readonly ms: number }
  | { readonly moment: Moment };

/** A moment after all batches. */
export type Moment = 'before the last look' | 'when all is deleted';

/** Commands that run at once. */
export interface Batch {
  readonly commands: readonly Sent[];
  readonly trouble?: Trouble;
  /** Whether calls whose outcome is not known are repeated right after the batch, as a sidecar does, or at the end. */
  readonly insist: boolean;
}

/** What one run of the property does from an empty RDS on. */
export interface Script {
  /** Whether the RDS destroys what it is told to: see `arena.ts`. */
  readonly destructive: boolean;
  readonly batches: readonly Batch[];
}

/** The objects that a command speaks of, e.g. `v3`; none for lists. Two commands that share one may affect each other. */
export function objectsOf(command: Command): string[] {
  const objects: string[] = [];
  if ('volume' in command) objects.push(`v${command.volume}`);
  if ('snapshot' in command) objects.push(`s${command.snapshot}`);
  if (command.do === 'create' && command.from !== undefined) objects.push(nameOf(command.from));
  return objects;
}

/** The object that a command changes; undefined when it only looks. */
export function targetOf(command: Command): string | undefined {
  switch (command.do) {
    case 'create':
    case 'delete':
    case 'expand':
    case 'publish':
    case 'unpublish':
    case 'write':
      return `v${command.volume}`;
    case 'snapshot':
    case 'drop':
      return `s${command.snapshot}`;
    default:
      return undefined;
  }
}

/** A source as objects are called in scripts. */
export function nameOf(source: Source): string {
  return 'snapshot' in source ? `s${source.snapshot}` : `v${source.volume}`;
}

/** A script as text, a line for each command. */
export function printScript(script: Script): string {
  const { destructive, batches } = script;
  const lines = batches.map((batch, index) => printBatch(batch, index + 1));
  return [...(destructive ? ['on an RDS that destroys what it is told to'] : []), ...lines].join('\n');
}

function printBatch({ commands, trouble, insist }: Batch, number: number): string {
  const with_ = trouble === undefined ? '' : `, ${printTrouble(trouble)}`;
  const after = insist ? '' : ', what stays open is left open';
  const lines = commands.map(({ via, command }) => `  controller ${via}: ${printCommand(command)}`);
  return [`batch ${number}${with_}${after}`, ...lines].join('\n');
}

/** A command as text, e.g. `create v3, 2 MiB, from s1`. */
export function printCommand(command: Command): string {
  switch (command.do) {
    case 'create': {
      const size = command.mib === 0 ? '' : `, ${command.mib} MiB`;
      return `create v${command.volume}${size}${command.from === undefined ? '' : `, from ${nameOf(command.from)}`}`;
    }
    case 'expand':
      return `expand v${command.volume} to ${command.mib} MiB`;
    case 'publish':
      return `publish v${command.volume} to node ${command.node}`;
    case 'unpublish':
      return `unpublish v${command.volume} from node ${command.node}`;
    case 'write':
      return `write ${command.seed} into v${command.volume} at place ${command.place}`;
    case 'snapshot':
      return `snapshot s${command.snapshot} of v${command.volume}`;
    case 'list snapshots of':
      return `list snapshots of v${command.volume}, ${command.pageSize} a page`;
    case 'list volumes':
    case 'list snapshots':
      return `${command.do}, ${command.pageSize} a page`;
    default:
      return [command.do, ...objectsOf(command)].join(' ');
  }
}

function printTrouble(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'fault':
      return `with ${trouble.times} × ${JSON.stringify(trouble.fault)}`;
    case 'late write': {
      const { places, times, release, meanwhile } = trouble;
      return `${times} × a script stands still at each of ${JSON.stringify(places)}, until ${printRelease(release)}; ${meanwhile}`;
    }
    case 'kill controller':
      return `controller ${trouble.controller} is killed at statement ${trouble.statement}`;
    case 'restart RDS':
      return `the RDS restarts at statement ${trouble.statement} and is down for ${trouble.downMs} ms`;
  }
}

function printRelease(release: Release): string {
  if ('ms' in release) return `${release.ms} ms later`;
  if ('moment' in release) return release.moment;
  return `statement ${release.statement}, ${release.batches} batches later`;
}
