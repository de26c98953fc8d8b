/** Raised when what was seen cannot be right. */
export class Unexplained extends Error {
  override readonly name = 'Unexplained';
}
