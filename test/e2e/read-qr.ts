import type { Browser } from '@playwright/test';
import jsQR from 'jsqr';

/** jsqr is CommonJS: what is imported is its whole module. */
const readCode = jsQR as unknown as typeof jsQR.default;

/** What a camera would read from a picture of the screen, or undefined. The browser itself decodes the PNG, on an empty page. */
export async function readQr(browser: Browser, png: Buffer): Promise<string | undefined> {
  const page = await browser.newPage();
  try {
    const { width, height, base64 } = await page.evaluate(async (encoded) => {
      const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const context = canvas.getContext('2d');
      context?.drawImage(picture, 0, 0);
      const { data } = context?.getImageData(0, 0, picture.width, picture.height) ?? { data: new Uint8ClampedArray() };
      let text = '';
      for (let at = 0; at < data.length; at += 30_000) text += String.fromCharCode(...data.subarray(at, at + 30_000));
      return { width: picture.width, height: picture.height, base64: btoa(text) };
    }, png.toString('base64'));
    return readCode(new Uint8ClampedArray(Buffer.from(base64, 'base64')), width, height)?.data;
  } finally {
    await page.close();
  }
}
