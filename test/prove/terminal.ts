import type { Readable, Writable } from 'node:stream';
import { type Login, plain, reactionTo, terminalAnswers, unknownQuestion } from './first-login.ts';

export interface TerminalOptions {
  readonly login: Login;
  /** A question that no one knows is an error when nothing else comes for so long, in ms. */
  readonly quietMs: number;
  /** Longest time to the prompt for commands, in ms, a boot included. */
  readonly timeoutMs: number;
}

/** How much of what was shown goes into an error. */
const SHOWN_LINES = 12;

/** A RouterOS console on a serial line: it logs in, answers what is known, and types one command after the other. */
export class Terminal {
  readonly #output: Writable;
  readonly #options: TerminalOptions;
  #login: Login;
  /** Everything so far, escape codes included. */
  #printed = '';
  /** Since the last thing that was typed, escape codes included. */
  #shown = '';
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** @param input what the device prints. @param output what is typed. */
  constructor(input: Readable, output: Writable, options: TerminalOptions) {
    this.#output = output;
    this.#options = options;
    this.#login = options.login;
    input.setEncoding('utf8');
    input.on('data', (part: string) => {
      this.#shown += part;
      this.#printed += part;
      const answers = terminalAnswers(part);
      if (answers !== '') this.#output.write(answers);
      this.#changed.resolve();
    });
    input.on('close', () => {
      this.#ended = true;
      this.#changed.resolve();
    });
    output.on('error', () => undefined);
  }

  /** Everything that was shown so far, as text. */
  get transcript(): string {
    return plain(this.#printed);
  }

  /**
   * Waits for the prompt for commands, and logs in on the way.
   *
   * @throws Error with what the device shows, when it refuses, asks what is not known, ends, or does not get there in time.
   */
  async ready(): Promise<void> {
    await this.#prompt();
  }

  /**
   * Types a command and waits for the next prompt. Questions whether it is meant are answered with yes.
   *
   * @returns what it printed.
   * @throws as {@link ready} does.
   */
  async run(command: string): Promise<string> {
    this.#type(`${command}\r`);
    const tail = command.slice(-24).trimEnd();
    const lines = (await this.#prompt(tail)).split('\n').slice(0, -1);
    // The line editor may draw the command more than once.
    const echo = lines.findLastIndex((line) => line.trimEnd().endsWith(tail));
    return lines
      .slice(echo + 1)
      .join('\n')
      .trim();
  }

  /**
   * Types a command that restarts the device, and waits until it is up and logged in again.
   *
   * @throws as {@link ready} does.
   */
  async restart(command: string): Promise<void> {
    this.#type(`${command}\r`);
    const isDown = () => /\blogin: ?$/i.test(plain(this.#shown));
    const login = this.#login;
    await this.#until((text) => {
      if (isDown()) return true;
      const reaction = reactionTo(text, login);
      if (reaction.kind === 'type') this.#type(reaction.text);
      return false;
    });
    await this.#prompt();
  }

  #type(text: string): void {
    this.#shown = '';
    this.#output.write(text);
  }

  /** @param echo a prompt that is shown before this is only the line editor at work. */
  async #prompt(echo = ''): Promise<string> {
    let found = '';
    let isEchoed = false;
    await this.#until((text) => {
      const reaction = reactionTo(text, this.#login);
      isEchoed ||= text.includes(echo) || reaction.kind === 'type';
      if (reaction.kind === 'refused') throw new Error(`the device says: ${reaction.reason}\n${this.#tail()}`);
      if (reaction.kind === 'type') {
        // From now on it is this one.
        if (/repeat new password/i.test(text)) this.#login = { ...this.#login, password: this.#login.newPassword };
        this.#type(reaction.text);
      }
      found = text;
      return reaction.kind === 'ready' && isEchoed;
    });
    return found;
  }

  async #until(isThere: (text: string) => boolean): Promise<void> {
    const { quietMs, timeoutMs } = this.#options;
    const end = Date.now() + timeoutMs;
    for (;;) {
      this.#changed = Promise.withResolvers<void>();
      if (isThere(plain(this.#shown))) return;
      if (this.#ended) throw new Error(`the machine ended\n${this.#tail()}`);
      if (!(await inTime(this.#changed.promise, Math.min(quietMs, end - Date.now())))) {
        const question = unknownQuestion(plain(this.#shown));
        if (question !== undefined) {
          throw new Error(`the device asks what is not known here: "${question}"\n${this.#tail()}`);
        }
        if (Date.now() >= end) throw new Error(`no prompt within ${timeoutMs / 1000} s\n${this.#tail()}`);
        // What is typed just when a prompt appears may be lost on a slow machine (docs/routeros.md, 15).
        if (plain(this.#shown).trim() === '') this.#type('\r');
      }
    }
  }

  #tail(): string {
    const lines = this.transcript.split('\n').filter((line) => line.trim() !== '');
    return `it shows:\n${lines.slice(-SHOWN_LINES).join('\n')}`;
  }
}

async function inTime(event: Promise<void>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), Math.max(0, ms));
  try {
    return await Promise.race([event.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
