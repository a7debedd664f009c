import { join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright';
import { fakeHome } from '../../test/e2e/home.ts';
import { median, print, quantile } from './bench-figures.ts';
import { memoryOf } from './hosts.ts';
import { root } from './set-up.mjs';

/**
 * The window on the stand-in for Electron: main process without a window, and from the wish to see it to its first screen. The stand-in's main
 * process is Node with our bundle; what Chromium's processes cost inside of Electron only Electron can show.
 */
const rounds = 10;

export async function benchWindow(): Promise<void> {
  process.env.ELECTRON_OVERRIDE_DIST_PATH = join(root, 'test/electron-standin/bin');
  const fake = await fakeHome('connected');
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const electron = await _electron.launch({
    args: [root, '--home', fake.home.folder, '--helper-socket', join(fake.home.folder, 'no-helper.sock'), '--hidden'], cwd: root, env: { ...env, PATH: `${join(root, 'test/e2e/electron/desktop')}:${env['PATH'] ?? ''}` },
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { rss, own, shared } = memoryOf(electron.process().pid as number);
    print(`window: started hidden, main process RSS ${rss} MiB: ${own} of its own, ${shared} of files [stand-in: Node, not Electron; no renderer is there]`);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await openMs(electron));
    print(`window: from the click to the first screen, made anew: median ${median(times).toFixed(0)} ms, p95 ${quantile(times, 0.95).toFixed(0)} ms of ${rounds} [stand-in]`);
  } finally {
    await electron.close().catch(() => {});
    await fake.remove();
  }
}

/** The app's own destroying takes five seconds each; ending the window from outside is the same for what comes after. */
async function openMs(electron: ElectronApplication): Promise<number> {
  const coming = electron.waitForEvent('window');
  const startedMs = performance.now();
  await electron.evaluate(({ app }) => void app.emit('activate'));
  const page = await coming;
  await page.getByRole('heading', { level: 1 }).waitFor();
  const took = performance.now() - startedMs;
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.destroy());
  while ((await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  return took;
}
