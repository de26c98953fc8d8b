/** What a RouterOS terminal asks, and what is answered. Sources of the prompts: docs/routeros.md, 15. */

/** Who logs in. */
export interface Login {
  readonly user: string;
  /** Empty on a new CHR. */
  readonly password: string;
  /** What it is set to when the device asks for another. */
  readonly newPassword: string;
}

/** What to do about the text that a terminal shows. */
export type Reaction =
  | { readonly kind: 'type'; readonly text: string }
  /** The prompt for commands is there. */
  | { readonly kind: 'ready' }
  /** The last line is no question yet. */
  | { readonly kind: 'wait' }
  /** The device said that it does not let us in. */
  | { readonly kind: 'refused'; readonly reason: string };

/** No colours, no detection of the terminal, a dumb one, and so wide that it breaks no line (docs/routeros.md, 1.2). */
const LOGIN_OPTIONS = '+cet1024w';

const PROMPT = /\[[^\]\n]+@[^\]\n]*\] [^\n]*> ?$/;

const QUESTIONS: readonly (readonly [pattern: RegExp, answer: (login: Login) => string])[] = [
  [/\blogin: ?$/i, ({ user }) => `${user}${LOGIN_OPTIONS}\r`],
  [/\brepeat new password> ?$/i, ({ newPassword }) => `${newPassword}\r`],
  [/\bnew password> ?$/i, ({ newPassword }) => `${newPassword}\r`],
  [/\bpassword: ?$/i, ({ password }) => `${password}\r`],
  [/see the software license\? \[Y\/n\]:? ?$/i, () => 'n\r'],
  [/press "?enter"? to continue!? ?$/i, () => '\r'],
  [/\[y\/n\]:? ?$/i, () => 'y\r'],
];

const REFUSALS = /login failed[^\n]*|try again, error:[^\n]*|incorrect username or password[^\n]*/i;

/** What a terminal is asked about itself, and the answer of the plainest one. */
const TERMINAL_QUESTIONS: readonly (readonly [question: string, answer: string])[] = [
  ['\x1bZ', '\x1b/Z'],
  ['\x1b[c', '\x1b[?6c'],
  ['\x1b[6n', '\x1b[1;1R'],
];

/** What reads as a question though it is none of the known ones: a last line that ends in such a character. */
const UNKNOWN_QUESTION = /[:?>\]] *$/;

/** The text without what only moves a cursor or colours it, and with plain line ends. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what must go
  return text.replaceAll(/\x1B\[[0-9;?=]*[ -/]*[@-~]|\x1B[@-Z\\-_c78=>]|[\x00\x07\x0E\x0F]|\r/g, '');
}

/** Answers to what the device asks the terminal itself, in a part of its output. */
export function terminalAnswers(part: string): string {
  return TERMINAL_QUESTIONS.map(([question, answer]) => answer.repeat(part.split(question).length - 1)).join('');
}

/** What to do about what the terminal shows since the last answer. @param text as {@link plain} makes it. */
export function reactionTo(text: string, login: Login): Reaction {
  const refusal = REFUSALS.exec(text);
  if (refusal !== null) return { kind: 'refused', reason: refusal[0].trim() };
  if (PROMPT.test(text)) return { kind: 'ready' };
  for (const [pattern, answer] of QUESTIONS) if (pattern.test(text)) return { kind: 'type', text: answer(login) };
  return { kind: 'wait' };
}

/** The question that a terminal waits at, when it is none that is known; undefined when it does not look like one. */
export function unknownQuestion(text: string): string | undefined {
  const last = text.split('\n').at(-1) ?? '';
  return UNKNOWN_QUESTION.test(last) && last.trim() !== '' ? last.trim() : undefined;
}
