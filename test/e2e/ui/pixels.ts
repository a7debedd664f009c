import { readPng } from '../../../scripts/lib/small-png.ts';

/** A screenshot as a camera would hand it over: four bytes a pixel. */
export function pixelsOf(png: Buffer): { readonly data: Uint8ClampedArray; readonly width: number; readonly height: number } {
  const { pixels, width, height, bytesPerPixel } = readPng(png);
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) data[i * 4 + c] = pixels[i * bytesPerPixel + c] ?? 0;
  return { data, width, height };
}
