import { between, chance, pick } from '../../../src/base/random.ts';
import { bytes } from './bytes.ts';
import { type Shape } from './shape.ts';

/** One change to text in lines and fields: a line goes, is doubled, moves, or one of its fields becomes another. Every third is to the bytes. */
export const text: Shape = (input, help) => {
  const { random, words } = help;
  if (chance(random, 0.34)) return bytes(input, help);
  const lines = Buffer.from(input).toString('utf8').split('\n');
  const at = between(random, 0, lines.length - 1);
  const line = lines[at] as string;
  switch (between(random, 0, 5)) {
    case 0: lines.splice(at, 1); break;
    case 1: lines.splice(between(random, 0, lines.length), 0, ...Array<string>(chance(random, 0.03) ? 500 : 1).fill(line)); break;
    case 2: lines[at] = pick(random, words); break;
    default: lines[at] = fieldChanged(line, pick(random, words), between(random, 0, 1e6), chance(random, 0.3));
  }
  return Buffer.from(lines.join('\n'));
};

/** Fields are what stands between signs. */
function fieldChanged(line: string, word: string, draw: number, drop: boolean): string {
  const parts = line.split(/([^A-Za-z0-9_+]+)/);
  const at = draw % parts.length;
  parts[at] = drop ? '' : word;
  return parts.join('');
}
