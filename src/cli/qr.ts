import { encode } from 'uqr';

/** ISO/IEC 18004 wants four light modules around the code; scanners rely on them. */
const quietModules = 4;

export interface Qr {
  readonly text: string;
  /** How wide a terminal must be to show it whole. */
  readonly columns: number;
}

/**
 * A QR code in half blocks, two rows of modules a line, with the least error correction, since a screen has no dirt. With colours, dark and
 * light are said by number (16 and 231 of the 256 are never themed), so it reads the same on dark and on light terminals, quiet zone included.
 * Without colours the light modules are drawn, which is right on dark terminals only.
 */
export function qr(text: string, colours: boolean): Qr {
  const { data, size } = encode(text, { ecc: 'L', border: quietModules });
  const dark = (row: number, column: number): boolean => data[row]?.[column] ?? false;
  const lines = Array.from({ length: Math.ceil(size / 2) }, (_, line) => {
    const cells = Array.from({ length: size }, (_, column) => {
      const [upper, lower] = [dark(line * 2, column), dark(line * 2 + 1, column)];
      // The line below an odd last row lies outside of the code: it is left to the terminal where nothing else can be said.
      return colours ? block(upper, lower) : block(!upper, !lower && line * 2 + 1 < size);
    }).join('');
    return colours ? `\u001b[38;5;16;48;5;231m${cells}\u001b[0m\n` : `${cells}\n`;
  });
  return { text: lines.join(''), columns: size };
}

function block(upper: boolean, lower: boolean): string {
  return upper ? (lower ? '█' : '▀') : lower ? '▄' : ' ';
}
