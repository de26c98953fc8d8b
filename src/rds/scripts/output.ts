import { ros, type Script } from '../../routeros/index.ts';

/** Prints one value as JSON. */
export function put(value: Script): Script {
  return ros`:put [:serialize to=json options=json.no-string-conversion value=${value}]`;
}

/** Prints a row that says one thing: that it is so. */
export function say(what: string): Script {
  return ros`:put ${JSON.stringify({ [what]: true })}`;
}
