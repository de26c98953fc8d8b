/** Changes the output of one exec on its way from the console to the client. Holds the state of that one exec. */
export interface OutputFilter {
  /** What goes out before the script begins; none by default. */
  before?(): Iterable<Buffer>;
  /** What becomes of something that was printed. */
  pass(printed: Buffer): Buffer;
  /** What goes out after the last of it; nothing by default. */
  after?(): Buffer;
}

const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Lets so many bytes through and nothing more. */
export function cutAfter(bytes: number): OutputFilter {
  let left = bytes;
  return {
    pass(printed) {
      const kept = printed.subarray(0, left);
      left -= kept.length;
      return kept;
    },
  };
}

/** Puts `inserted` into every line after so many bytes of it, within words too, as a terminal of that width does. */
export function breakLines(columns: number, inserted = '\r\n'): OutputFilter {
  const lineBreak = Buffer.from(inserted);
  let column = 0;
  return {
    pass(printed) {
      const parts: Buffer[] = [];
      let start = 0;
      for (const [index, byte] of printed.entries()) {
        const isEnd = byte === LINE_FEED || byte === CARRIAGE_RETURN;
        if (!isEnd && column === columns) {
          parts.push(printed.subarray(start, index), lineBreak);
          start = index;
          column = 0;
        }
        column = isEnd ? 0 : column + 1;
      }
      return Buffer.concat([...parts, printed.subarray(start)]);
    },
  };
}

/** Adds what no one asked for, or puts it in the place of everything. */
export function addGarbage(where: 'before' | 'after' | 'instead', text: string): OutputFilter {
  const garbage = Buffer.from(text);
  return {
    before: () => (where === 'before' ? [garbage] : []),
    pass: (printed) => (where === 'instead' ? NOTHING : printed),
    after: () => (where === 'before' ? NOTHING : garbage),
  };
}

const RUBBISH = Buffer.from(`${'#'.repeat(78)}\r\n`.repeat(800));

/** So many bytes of rubbish first, in lines of 78 characters. */
export function flood(bytes: number): OutputFilter {
  return {
    *before() {
      for (let left = bytes; left > 0; left -= RUBBISH.length) yield RUBBISH.subarray(0, left);
    },
    pass: (printed) => printed,
  };
}
