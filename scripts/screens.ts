import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { build } from 'vite';
import { startMs } from '../test/e2e/state-steps.ts';
import { openState, type State, states } from '../test/e2e/states.ts';
import { smallPng } from './lib/small-png.ts';

/**
 * Takes a picture of every screen and state (test/e2e/states.ts), in both themes and both widths, into docs/screens.
 * `node scripts/screens.ts [PART-OF-A-NAME…]` takes only those. The core is made up; the pages are the built ones.
 */

/** A build of its own: tests may be using the other one. */
const pages = join(import.meta.dirname, '../.cache/screens');
const folder = join(import.meta.dirname, '../docs/screens');
const widths = [{ name: '1280', width: 1280, height: 820 }, { name: '360', width: 360, height: 740 }] as const;

async function main(wanted: readonly string[]): Promise<void> {
  const chosen = states.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  await build({ configFile: join(import.meta.dirname, '../src/renderer/vite.config.ts'), logLevel: 'warn', build: { outDir: pages, emptyOutDir: true } });
  if (wanted.length === 0) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
  try {
    for (const theme of ['light', 'dark'] as const) {
      for (const { name, width, height } of widths) {
        const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', timezoneId: 'UTC' });
        for (const picture of chosen) await take(await context.newPage(), picture, join(folder, `${picture.name}-${theme}-${name}.png`));
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
  await report();
}

async function take(page: Page, state: State, file: string): Promise<void> {
  await page.clock.install({ time: startMs });
  try {
    const stage = await openState(page, state, pages);
    await writeFile(file, smallPng(await page.screenshot())).finally(stage.close);
  } finally {
    await page.close();
  }
}

async function report(): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.png'));
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  process.stdout.write(`${files.length} pictures, ${(total / 1e6).toFixed(2)} MB\n`);
}

await main(process.argv.slice(2));
