/**
 * Draws resources/icons and resources/tray from shapes, with Chromium as the painter. Run it after changing a shape and commit what it
 * makes; neither build nor tests need it. Each tray state has its own silhouette, so nobody has to tell colours apart.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { trayIcons, type TrayIcon } from '../src/main/tray-items.ts';

const resources = join(import.meta.dirname, '../resources');
const appIcon = readFileSync(join(import.meta.dirname, '../src/renderer/public/icon.svg'), 'utf8');
const appSizes = [16, 24, 32, 48, 64, 128, 256, 512] as const;

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage();
  for (const folder of ['icons', 'tray']) mkdirSync(join(resources, folder), { recursive: true });
  const drawn = new Map<number, Buffer>();
  for (const size of [...appSizes, 1024]) drawn.set(size, await draw(page, appIcon, size));
  for (const size of appSizes) writeFileSync(join(resources, 'icons', `${size}x${size}.png`), picture(drawn, size));
  writeFileSync(join(resources, 'icons', 'icon.ico'), ico([16, 24, 32, 48, 64, 256].map((size) => ({ size, png: picture(drawn, size) }))));
  writeFileSync(join(resources, 'icons', 'icon.icns'), icns(drawn));
  for (const state of trayIcons) {
    for (const ink of ['black', 'white']) {
      for (const [suffix, size] of [['', 22], ['@2x', 44]] as const) writeFileSync(join(resources, 'tray', `${ink}-${state}${suffix}.png`), await draw(page, trayShape(state, ink), size));
    }
  }
} finally {
  await browser.close();
}

async function draw(page: Page, svg: string, size: number): Promise<Buffer> {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>html, body { margin: 0; background: transparent } svg { display: block; width: ${size}px; height: ${size}px }</style>${svg}`);
  return page.screenshot({ omitBackground: true });
}

/** The mark of the app, five nodes of a mesh: joined when connected, apart when not, in part when on the way; a badge when a person is needed: ? no helper, + no network yet, ! not whole, × blocked. */
function trayShape(state: TrayIcon, ink: string): string {
  const nodes = [[3.5, 6], [7.5, 16], [11, 9], [14.5, 16], [18.5, 6]] as const;
  const path = 'M3.5 6 7.5 16 11 9 14.5 16 18.5 6';
  const drawn = state.replace('-attention', '');
  const dotted = (offset: number): string => `<path d="${path}" stroke-width="1.6" stroke-dasharray="1.6 2.2" stroke-dashoffset="${offset}"/>`;
  const whole = `<path d="${path}" stroke-width="1.9"/>`;
  const lines = { connecting: dotted(0), 'connecting-2': dotted(1.9), connected: whole, degraded: whole }[drawn] ?? '';
  const hollow = lines === '';
  const dots = nodes.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="${hollow ? 1.7 : 2.2}" ${hollow ? 'stroke-width="1.2"' : `fill="${ink}" stroke="none"`}/>`).join('');
  const cut = '<circle cx="17" cy="17" r="5.6" fill="black" stroke="none"/>';
  const attention = '<path d="M17 13.2V17.6M17 20v.6" stroke-width="2.1"/>';
  const badges: Partial<Record<TrayIcon, string>> = {
    'no-helper': '<path d="M14.3 14.6a2.7 2.4 0 1 1 3.6 2.3q-.9.4-.9 1.2M17 20.6v.1" stroke-width="1.9"/>',
    'no-network': '<path d="M17 13.4V20.6M13.4 17H20.6" stroke-width="2.1"/>',
    degraded: attention, 'disconnected-attention': attention, 'connecting-attention': attention,
    blocked: '<path d="M14.4 14.4 19.6 19.6M19.6 14.4 14.4 19.6" stroke-width="2.1"/>',
  };
  const badge = badges[state] ?? '';
  const mask = badge === '' ? '' : `<mask id="m"><rect width="22" height="22" fill="white"/>${cut}</mask>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22" fill="none" stroke="${ink}" stroke-linecap="round" stroke-linejoin="round">${mask}<g${badge === '' ? '' : ' mask="url(#m)"'}>${lines}${dots}</g>${badge}</svg>`;
}

function picture(drawn: ReadonlyMap<number, Buffer>, size: number): Buffer {
  const png = drawn.get(size);
  if (png === undefined) throw new Error(`${size} px was not drawn`);
  return png;
}

/** ICO: a directory of 16-byte entries, then the PNGs as they are. */
function ico(pictures: readonly { readonly size: number; readonly png: Buffer }[]): Buffer {
  const header = Buffer.alloc(6 + 16 * pictures.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(pictures.length, 4);
  let offset = header.length;
  for (const [index, { size, png }] of pictures.entries()) {
    const at = 6 + 16 * index;
    header.writeUInt8(size % 256, at);
    header.writeUInt8(size % 256, at + 1);
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(png.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([header, ...pictures.map(({ png }) => png)]);
}

/** ICNS: a type of four letters and a length before each PNG. */
function icns(drawn: ReadonlyMap<number, Buffer>): Buffer {
  const types = [['icp4', 16], ['icp5', 32], ['icp6', 64], ['ic07', 128], ['ic08', 256], ['ic09', 512], ['ic10', 1024]] as const;
  const parts = types.map(([type, size]) => {
    const png = picture(drawn, size);
    const head = Buffer.from(`${type}\0\0\0\0`, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.from('icns\0\0\0\0', 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}
