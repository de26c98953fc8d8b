/** What a shell takes as it is. */
const PLAIN = /^[\w./@%+=:,-]+$/;

/** A text as one word of a command that is pasted into a shell, whatever is in it. */
export function shellQuoted(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
