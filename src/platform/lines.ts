import type { Readable } from 'node:stream';

const lineEnd = 10;
const carriageReturn = 13;
const partsMax = 64;

/**
 * Tells each line of what another program writes, without its end; what follows the last end is a line as well. Of a line that is longer than
 * `bytesMax` the beginning alone: the rest is passed over as it comes, so that a program that never ends one takes no memory. Reads always.
 */
export function eachLine(input: Readable, bytesMax: number, tell: (line: string) => void): void {
  let parts: Buffer[] = [];
  let bytes = 0;
  let begun = false;

  function take(part: Buffer): void {
    begun = true;
    // A copy: a small part would keep the whole piece that it came in.
    const rest = Buffer.from(part.subarray(0, bytesMax - bytes));
    if (rest.length > 0) parts.push(rest);
    bytes += rest.length;
    // Nor does a line that comes letter by letter cost more than its letters.
    if (parts.length > partsMax) parts = [Buffer.concat(parts)];
  }

  function end(): void {
    const line = Buffer.concat(parts);
    parts = [];
    bytes = 0;
    begun = false;
    tell(line.toString('utf8', 0, line.at(-1) === carriageReturn ? line.length - 1 : line.length));
  }

  input.on('data', (chunk: Buffer | string) => {
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let from = 0;
    for (let at = data.indexOf(lineEnd); at >= 0; at = data.indexOf(lineEnd, from)) {
      take(data.subarray(from, at));
      end();
      from = at + 1;
    }
    if (from < data.length) take(data.subarray(from));
  });
  input.once('end', () => {
    if (begun) end();
  });
}
