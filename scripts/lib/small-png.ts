import { crc32, deflateSync, inflateSync } from 'node:zlib';

/**
 * The same picture with a palette of at most 256 colours (RFC 2083, colour type 3): pages have few colours, so it is a third of the size
 * and looks the same. Reads 8-bit RGB or RGBA without interlacing, which is what browsers write; anything else is given back as it came.
 */
export function smallPng(png: Buffer): Buffer {
  if (!isPlain(chunksOf(png).header)) return png;
  const { header, width, height, bytesPerPixel, pixels } = readPng(png);
  const { palette, indexOf } = paletteOf(pixels, bytesPerPixel);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf(colourAt(pixels, (y * width + x) * bytesPerPixel));
  }
  const head = Buffer.from(header);
  head[9] = 3;
  const small = Buffer.concat([png.subarray(0, 8), chunk('IHDR', head), chunk('PLTE', palette), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
  return small.length < png.length ? small : png;
}

/** The pixels of a picture as browsers write it, row by row. Throws for any other kind. */
export function readPng(png: Buffer): { readonly header: Buffer; readonly width: number; readonly height: number; readonly bytesPerPixel: number; readonly pixels: Buffer } {
  const { header, data } = chunksOf(png);
  if (!isPlain(header)) throw new Error('only 8-bit RGB and RGBA without interlacing are read');
  const [width, height, bytesPerPixel] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 2 ? 3 : 4];
  return { header, width, height, bytesPerPixel, pixels: unfilter(inflateSync(data), width, height, bytesPerPixel) };
}

function isPlain(header: Buffer): boolean {
  return header[8] === 8 && (header[9] === 2 || header[9] === 6) && header[12] === 0;
}

function chunksOf(png: Buffer): { readonly header: Buffer; readonly data: Buffer } {
  const parts: Buffer[] = [];
  let header = Buffer.alloc(13);
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const name = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (name === 'IHDR') header = Buffer.from(body);
    if (name === 'IDAT') parts.push(body);
    at += length + 12;
  }
  return { header, data: Buffer.concat(parts) };
}

/** Undoes the five row filters (RFC 2083, chapter 6). */
function unfilter(raw: Buffer, width: number, height: number, step: number): Buffer {
  const stride = width * step;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)] ?? 0;
    for (let i = 0; i < stride; i++) {
      const left = i >= step ? (out[y * stride + i - step] ?? 0) : 0;
      const up = y > 0 ? (out[(y - 1) * stride + i] ?? 0) : 0;
      const corner = i >= step && y > 0 ? (out[(y - 1) * stride + i - step] ?? 0) : 0;
      const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : filter === 4 ? paeth(left, up, corner) : 0;
      out[y * stride + i] = (raw[y * (stride + 1) + 1 + i] ?? 0) + guess;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function colourAt(pixels: Buffer, at: number): number {
  return ((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0);
}

/** Two colours nearer than this share one place, so that rare but different ones find one too. */
const sameFar = 40;

function far(a: number, b: number): number {
  return ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;
}

/** The 256 most used colours; every other one becomes the nearest of them. */
function paletteOf(pixels: Buffer, step: number): { readonly palette: Buffer; readonly indexOf: (colour: number) => number } {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += step) {
    const colour = colourAt(pixels, at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const top: number[] = [];
  for (const [colour] of [...counts].sort((a, b) => b[1] - a[1])) {
    if (top.length < 256 && !top.some((other) => far(colour, other) < sameFar)) top.push(colour);
  }
  const known = new Map(top.map((colour, i) => [colour, i]));
  const nearest = (colour: number): number => {
    let best = 0;
    let bestFar = Number.POSITIVE_INFINITY;
    top.forEach((other, i) => {
      const distance = far(colour, other);
      if (distance < bestFar) [best, bestFar] = [i, distance];
    });
    known.set(colour, best);
    return best;
  };
  return { palette: Buffer.from(top.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255])), indexOf: (colour) => known.get(colour) ?? nearest(colour) };
}

function chunk(name: string, body: Buffer): Buffer {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(name, 4, 'latin1');
  body.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}
