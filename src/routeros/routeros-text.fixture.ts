const NAMED: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11, _: 32 };

/**
 * Reads one RouterOS string literal as the device does (docs/routeros.md, 3) and gives its bytes. Written from the table
 * of escapes alone, without a look at the encoder, and strict: whatever the device would expand or refuse is an error.
 */
export function readStringLiteral(text: string): Buffer {
  if (text.length < 2 || text.at(0) !== '"' || text.at(-1) !== '"') {
    throw new SyntaxError(`not in quotes: ${text}`);
  }
  const bytes: number[] = [];
  for (let at = 1; at < text.length - 1; at += 1) {
    const character = text.charAt(at);
    const code = text.charCodeAt(at);
    if (character === '$' || character === '"' || code < 0x20 || code > 0x7e) {
      throw new SyntaxError(`live or unprintable at ${at}: ${text}`);
    }
    if (character !== '\\') {
      bytes.push(code);
      continue;
    }
    at += 1;
    const escaped = text.charAt(at);
    const hex = /^[0-9A-F]{2}/.exec(text.slice(at, -1))?.[0];
    if ('"\\$?'.includes(escaped)) {
      bytes.push(escaped.charCodeAt(0));
    } else if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16));
      at += 1;
    } else {
      const named = NAMED[escaped];
      if (named === undefined) {
        throw new SyntaxError(`no such escape at ${at}: ${text}`);
      }
      bytes.push(named);
    }
  }
  return Buffer.from(bytes);
}
