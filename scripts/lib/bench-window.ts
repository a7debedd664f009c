import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { fakeHome } from '../../test/e2e/home.ts';
import { median, print, quantile, verdict } from './bench-figures.ts';
import { memoryOf } from './hosts.ts';
import { root } from './set-up.mjs';

/**
 * The window on the stand-in for Electron: main process without a window, and from the wish to see it to its first screen. The stand-in's main
 * process is Node with our bundle; what Chromium's processes cost inside of Electron only Electron can show.
 */
const rounds = 10;
const restMs = 65_000;
/** MiB, and milliseconds from the click to the first picture with words. */
const budgets = { hidden: 120, open: 500 } as const;

/** In milliseconds since the click. The page's address is asked for when its process is there; the picture is the first one with any words, so the first screen. */
interface Opening {
  readonly asked: number;
  readonly painted: number;
  /** When the test's own tool had found the screen's heading. */
  readonly found: number;
}

export async function benchWindow(): Promise<void> {
  process.env.ELECTRON_OVERRIDE_DIST_PATH = join(root, 'test/electron-standin/bin');
  process.env.STANDIN_BOOT = await bundledStandin();
  const fake = await fakeHome('connected');
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const electron = await _electron.launch({
    args: [root, '--home', fake.home.folder, '--helper-socket', join(fake.home.folder, 'no-helper.sock'), '--hidden'], cwd: root, env: { ...env, PATH: `${join(root, 'test/e2e/electron/desktop')}:${env['PATH'] ?? ''}` },
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, restMs));
    const { rss, own, shared } = memoryOf(electron.process().pid as number);
    print(`window: hidden for a minute, main process RSS ${rss} MiB${verdict(rss, budgets.hidden)}: ${own} of its own, ${shared} of files [stand-in: Node, not Electron; no renderer is there]`);
    const times: Opening[] = [];
    for (let round = 0; round < rounds; round++) times.push(await opened(electron));
    const of = (part: keyof Opening): string => `median ${median(times.map((each) => each[part])).toFixed(0)} ms, p95 ${quantile(times.map((each) => each[part]), 0.95).toFixed(0)}`;
    const open = median(times.map(({ painted }) => painted));
    print(`window: from the click to the first screen painted, made anew: ${of('painted')} of ${rounds}${verdict(open, budgets.open)}; to the page being asked for ${of('asked')}; to its heading being found by the test's tool ${of('found')} [stand-in]`);
  } finally {
    await electron.close().catch(() => {});
    await fake.remove();
  }
}

/** The stand-in without what compiles its sources, which real Electron has no part of. Answers its first file. */
async function bundledStandin(): Promise<string> {
  const from = join(root, 'test/electron-standin');
  const to = join(root, 'dist/standin');
  await bundle({ entryPoints: [join(from, 'boot.ts'), join(from, 'electron.ts')], outdir: to, outExtension: { '.js': '.mjs' }, bundle: true, platform: 'node', format: 'esm', target: 'node24', external: ['electron'], logLevel: 'warning' });
  cpSync(join(from, 'page'), join(to, 'page'), { recursive: true });
  return join(to, 'boot.mjs');
}

/** The app's own destroying takes five seconds each; ending the window from outside is the same for what comes after. */
async function opened(electron: ElectronApplication): Promise<Opening> {
  const coming = electron.waitForEvent('window');
  const clickedMs = performance.timeOrigin + performance.now();
  await electron.evaluate(({ app }) => void app.emit('activate'));
  const page = await coming;
  await page.getByRole('heading', { level: 1 }).waitFor();
  const found = performance.timeOrigin + performance.now() - clickedMs;
  const { asked, painted } = await pictureOf(page);
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.destroy());
  while ((await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  return { asked: asked - clickedMs, painted: painted - clickedMs, found };
}

/** Both in milliseconds since 1970, by the page's own clock, which is the machine's. */
async function pictureOf(page: Page): Promise<{ readonly asked: number; readonly painted: number }> {
  for (;;) {
    const at = await page.evaluate<{ asked: number; painted: number | null }>("({ asked: performance.timeOrigin, painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null })");
    if (at.painted !== null) return { asked: at.asked, painted: at.asked + at.painted };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
