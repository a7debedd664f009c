import { encode } from 'uqr';

/** A QR code as one path over whole modules: draw it black on white, whatever the theme, or cameras will not see it. */
export interface QrShape {
  /** Modules along one side, with the quiet zone of four on each side that the standard asks for (ISO/IEC 18004). */
  readonly size: number;
  readonly path: string;
}

const quietZone = 4;

/** The smallest code that holds the text, with as much correction as that size has room for. */
export function qrShape(text: string): QrShape {
  const { size, data } = encode(text, { ecc: 'L', boostEcc: true, border: quietZone });
  return { size, path: data.map(rowPath).join('') };
}

/** Each run of dark modules is one rectangle: no seams between neighbours. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = '';
  for (let x = 0; x < row.length; x++) {
    if (!row[x]) continue;
    const start = x;
    while (row[x + 1]) x++;
    path += `M${start} ${y}h${x - start + 1}v1h-${x - start + 1}z`;
  }
  return path;
}
