import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright';
import { build } from 'vite';
import { type LanguageChoice, pseudoLanguage } from '../src/contract/language.ts';
import { type Stage, startMs } from '../test/e2e/state-steps.ts';
import { openState, type State, states } from '../test/e2e/states.ts';
import { smallPng } from './lib/small-png.ts';

/**
 * Takes a picture of every screen and state (test/e2e/states.ts), in both themes, both widths, and each language that is asked for: English, into
 * docs/screens, and the pseudo-language that is written from right to left, into a folder of its own beside them. `node scripts/screens.ts
 * [--in en,de,ar-XB] [--to FOLDER] [PART-OF-A-NAME…]` takes only those. The core is made up; the pages are the built ones.
 */

/** A build of its own: tests may be using the other one. */
const pages = join(import.meta.dirname, '../.cache/screens');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { in: { type: 'string', default: `en,${pseudoLanguage}` }, to: { type: 'string', default: join(import.meta.dirname, '../docs/screens') } } });
const folder = values.to;
const spoken = values.in.split(',');
const widths = [{ name: '1280', width: 1280, height: 820 }, { name: '360', width: 360, height: 740 }] as const;

async function main(wanted: readonly string[]): Promise<void> {
  const chosen = states.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  await build({ configFile: join(import.meta.dirname, '../src/renderer/vite.config.ts'), logLevel: 'warn', build: { outDir: pages, emptyOutDir: true } });
  if (wanted.length === 0) await rm(folder, { recursive: true, force: true });
  for (const language of spoken) await mkdir(folderOf(language), { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
  try {
    for (const theme of ['light', 'dark'] as const) {
      for (const { name, width, height } of widths) {
        const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', timezoneId: 'UTC' });
        for (const picture of chosen) await take(await context.newPage(), picture, `${picture.name}-${theme}-${name}.png`);
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
  await report();
}

/** The way to a state is found by English words; another language is spoken once it is reached, as a person would choose it. */
async function take(page: Page, state: State, file: string): Promise<void> {
  await page.clock.install({ time: startMs });
  try {
    const stage = await openState(page, state, pages);
    try {
      for (const language of spoken) {
        if (!(await speak(page, stage, language))) continue;
        await writeFile(join(folderOf(language), file), smallPng(await page.screenshot()));
      }
    } finally {
      await stage.close();
    }
  } finally {
    await page.close();
  }
}

/** False where the page cannot hear: one that lost its core speaks as it did. The pseudo-language is no choice of the settings, so it has no type there. */
async function speak(page: Page, { app }: Stage, language: string): Promise<boolean> {
  const settings = app.topics.settings.get();
  if (language === settings.language) return true;
  app.topics.settings.set({ ...settings, language: language as LanguageChoice });
  const heard = await page.locator(`html[lang^="${language}"]`).waitFor({ state: 'attached', timeout: 3_000 }).then(() => true, () => false);
  await page.clock.runFor(100);
  return heard;
}

function folderOf(language: string): string {
  return language === 'en' ? folder : join(folder, language);
}

async function report(): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.png'));
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  process.stdout.write(`${files.length} pictures, ${(total / 1e6).toFixed(2)} MB\n`);
}

await main(positionals);
