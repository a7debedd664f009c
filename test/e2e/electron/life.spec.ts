import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { isAlive } from '../../../src/platform/app-socket.ts';
import { emptyHome, removeHome } from '../home.ts';
import { kind, launch, on, type StandinHandle, standinOnly, test } from './fixture.ts';

test(`closing hides the window and a second start brings it back ${on}`, async ({ electron, page, fake }) => {
  const window = await electron.browserWindow(page);
  const state = (): Promise<unknown> => window.evaluate((w) => ({ visible: w.isVisible(), destroyed: w.isDestroyed() }));
  await window.evaluate((w) => w.close());
  await expect.poll(state).toEqual({ visible: false, destroyed: false });
  const second = await launch(fake.home.folder).catch(() => undefined);
  await second?.close().catch(() => {});
  await expect.poll(state).toEqual({ visible: true, destroyed: false });
});

test(`the tray shows the session and drives it ${on}`, async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const tray = (): Promise<{ tip: string; items: string[] }> =>
    electron.evaluate((module) => {
      const [first] = [...(Reflect.get(module, 'standin') as StandinHandle).trays];
      return { tip: first?.toolTip ?? '', items: first?.menu?.items.map(({ id }) => id).filter(Boolean) ?? [] };
    });
  const click = (id: string): Promise<void> =>
    electron.evaluate((module, item) => {
      const [first] = [...(Reflect.get(module, 'standin') as StandinHandle).trays];
      first?.menu?.getMenuItemById(item)?.click();
    }, id);
  await expect.poll(tray).toEqual({ tip: 'Webmesh: Disconnected', items: ['status', 'network-home1', 'network-studio2', 'peers', 'open', 'settings', 'help', 'quit'] });
  await click('connect-home1');
  await expect.poll(tray).toEqual({ tip: 'Webmesh: Connected to Home', items: ['status', 'network-home1', 'network-studio2', 'device', 'peers', 'open', 'settings', 'help', 'quit', 'disconnect-and-quit'] });
  await click('device');
  expect(await electron.evaluate(({ clipboard }) => clipboard.readText())).toBe('172.16.0.9');
  await click('disconnect-home1');
  await expect.poll(async () => (await tray()).tip).toBe('Webmesh: Disconnected');
  await click('connect-studio2');
  await expect.poll(() => fake.app.calls.at(-1)).toEqual({ name: 'session.connect', input: { profile: 'studio2' } });
});

test(`the theme of the settings reaches the page ${on}`, async ({ page, fake }) => {
  for (const theme of ['dark', 'light'] as const) {
    fake.app.topics.settings.set({ ...fake.app.topics.settings.get(), theme });
    await expect.poll(() => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(theme === 'dark');
  }
});

test(`when the core that it was a guest of ends, the window takes its place ${on}`, async ({ page, fake }) => {
  await fake.stopCore();
  await expect.poll(() => isAlive(fake.home.appSocket), { timeout: 10_000 }).toBe(true);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test(`with the real core and no helper the window says what is missing; Quit ends everything with code 0 ${on}`, async () => {
  const home = await emptyHome();
  const electron = await launch(home.folder);
  const page = await electron.firstWindow();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await isAlive(home.appSocket)).toBe(true);
  const ended = new Promise((resolve) => electron.process().once('exit', resolve));
  await electron.evaluate(({ app }) => app.quit()).catch(() => {}); // the answer may not get out before the end
  expect(await ended).toBe(0);
  expect(await isAlive(home.appSocket)).toBe(false);
  await removeHome(home);
});

test('a stand-in that is killed takes its browser with it [electron: standin]', async () => {
  test.skip(kind === 'real', 'only the stand-in has a browser process of its own');
  const home = await emptyHome();
  const root = join(import.meta.dirname, '../../..');
  const child = spawn(join(root, 'test/electron-standin/bin/electron'), [root, '--home', home.folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  const url = await new Promise<string>((resolve) => child.stderr.on('data', (data) => {
    const found = /DevTools listening on (ws:\S+)/.exec(String(data))?.[1];
    if (found) resolve(found);
  }));
  child.kill('SIGKILL');
  const answers = (): Promise<boolean> => fetch(url.replace('ws:', 'http:').replace(/\/devtools.*/, '/json/version')).then(() => true, () => false);
  await expect.poll(answers).toBe(false);
  await removeHome(home);
});
