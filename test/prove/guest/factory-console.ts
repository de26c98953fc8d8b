import type { Readable } from 'node:stream';

/** What stands behind the prompt for commands. */
export interface Commands {
  /**
   * Runs a command line.
   *
   * @returns what it prints; a question to be answered with y or n first; or that the device restarts.
   */
  run(line: string): Promise<string | Question | 'restart'>;
}

export interface Question {
  readonly asks: string;
  /** What is done when the answer is yes. */
  yes(): Promise<string | 'restart'>;
}

const IDENTITY = 'CHR';
const PROMPT = `\r\n[admin@${IDENTITY}] > `;
const LICENCE = 'Do you want to see the software license? [Y/n]: ';
const BANNER = '\r\n\r\n  MMM      MMM       KKK                          TTTTTTTTTTT      KKK\r\n\r\n';

/**
 * The serial console of a device that no one has logged in to: the account `admin` without a password, the question about the
 * licence, and a new password (docs/routeros.md, 15). Bytes go in and come out as on a serial line, with what is typed echoed.
 */
export class FactoryConsole {
  readonly #input: Readable;
  readonly #print: (text: string) => void;
  readonly #commands: Commands;
  #password = '';
  #typed = '';
  #waiting: ((line: string) => void)[] = [];
  #echoes: (character: string) => string = (character) => character;

  constructor(input: Readable, print: (text: string) => void, commands: Commands) {
    this.#input = input;
    this.#print = print;
    this.#commands = commands;
  }

  /** Serves until its input ends. */
  async serve(): Promise<never> {
    this.#input.setEncoding('utf8');
    this.#input.on('data', (text: string) => {
      // What the terminal answers about itself is not typed.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what must go
      for (const character of text.replaceAll(/\x1B\[[0-9;?]*[A-Za-z]/g, '')) this.#take(character);
    });
    for (;;) {
      this.#print('\r\n\r\nMikroTik 7.24.5 (stable)\r\n');
      await this.#logIn();
      await this.#serveCommands();
    }
  }

  #take(character: string): void {
    if (character === '\n') return;
    if (character !== '\r') {
      this.#typed += character;
      this.#print(this.#echoes(character));
      return;
    }
    this.#print('\r\n');
    const line = this.#typed;
    this.#typed = '';
    this.#waiting.shift()?.(line);
  }

  async #ask(question: string, isHidden = false): Promise<string> {
    this.#echoes = isHidden ? () => '*' : (character) => character;
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#print(question);
    return await line;
  }

  async #logIn(): Promise<void> {
    for (;;) {
      const [user] = (await this.#ask(`\r\n${IDENTITY} Login: `)).split('+');
      const password = await this.#ask('Password: ', true);
      if (user === 'admin' && password === this.#password) break;
      this.#print('\r\nLogin failed, incorrect username or password\r\n');
    }
    // What a terminal is asked about itself.
    this.#print('\x1b[c');
    this.#print(BANNER);
    if (this.#password !== '') return;
    await this.#ask(LICENCE);
    this.#print('\r\nPress F1 for help\r\n\r\nChange your password (Ctrl-C to skip)\r\n\r\n');
    const first = await this.#ask('new password> ', true);
    const second = await this.#ask('repeat new password> ', true);
    if (first !== second || first === '') throw new Error('the passwords differ, or are empty');
    this.#password = first;
    this.#print('\r\nPassword changed\r\n');
  }

  async #serveCommands(): Promise<void> {
    for (;;) {
      const line = await this.#ask(PROMPT);
      const result = await this.#answer(line);
      if (result === 'restart') return;
      if (result !== '') this.#print(`${result.trimEnd().replaceAll(/\r?\n/g, '\r\n')}\r\n`);
    }
  }

  async #answer(line: string): Promise<string | 'restart'> {
    const result = await this.#commands.run(line);
    if (typeof result === 'string') return result;
    const isYes = (await this.#ask(result.asks)).toLowerCase() === 'y';
    return isYes ? await result.yes() : 'action cancelled';
  }
}
