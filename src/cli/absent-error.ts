/** What the command line names is not on the backends; the message says what it is. */
export class AbsentError extends Error {
  override readonly name = 'AbsentError';
}
