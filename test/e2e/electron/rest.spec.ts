import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type ElectronApplication, type Page } from '@playwright/test';
import { emptyHome, removeHome } from '../home.ts';
import { kind, launch, on, type StandinHandle, standinOnly, test } from './fixture.ts';

/** A hidden window is kept five seconds for who comes right back; then asked, then destroyed. */
const restMs = 9_000;

const windows = (electron: ElectronApplication): Promise<number> => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
const notices = (electron: ElectronApplication): Promise<string[]> =>
  electron.evaluate((module) => (Reflect.get(module, 'standin') as StandinHandle).recorded.filter(({ api }) => api === 'Notification').map(({ args }) => (args[0] as { title: string }).title));
const close = (electron: ElectronApplication): Promise<void> => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());

async function secondStart(home: string): Promise<void> {
  const second = await launch(home).catch(() => undefined);
  await second?.close().catch(() => {});
}

async function shownAgain(electron: ElectronApplication, show: () => Promise<unknown>): Promise<Page> {
  const [page] = await Promise.all([electron.waitForEvent('window'), show()]);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

test(`a closed window is destroyed after a moment, and a second start makes it anew at the same screen and place ${on}`, async ({ electron, page, fake }) => {
  test.setTimeout(60_000);
  await page.getByRole('link', { name: 'Peers' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Peers' })).toBeVisible();
  const bounds = { x: 60, y: 40, width: 900, height: 640 };
  await (await electron.browserWindow(page)).evaluate((w, b) => w.setBounds(b), bounds);
  await close(electron);
  await expect.poll(() => windows(electron), { timeout: restMs }).toBe(0);
  if (kind === 'standin') expect(await notices(electron)).toEqual(['Webmesh goes on']);
  expect(fake.app.calls).toEqual([{ name: 'settings.update', input: { closeExplained: true } }]);
  const again = await shownAgain(electron, () => secondStart(fake.home.folder));
  await expect(again.getByRole('heading', { level: 1, name: 'Peers' })).toBeVisible();
  expect(await (await electron.browserWindow(again)).evaluate((w) => w.getBounds())).toEqual(bounds);
  // Told once is told.
  await close(electron);
  await expect.poll(() => windows(electron), { timeout: restMs }).toBe(0);
  expect(fake.app.calls).toHaveLength(1);
  // And the page that is made next talks to the core like the first.
  const third = await shownAgain(electron, () => secondStart(fake.home.folder));
  fake.app.show('connected');
  await expect(third.getByText('Connected').first()).toBeVisible();
});

test(`what was typed keeps a closed window alive, with its text ${on}`, async ({ electron, page, fake }) => {
  test.setTimeout(60_000);
  await page.evaluate(() => void (location.hash = '#/add'));
  const field = page.locator('#invite-link');
  await field.fill('webmesh://join/half-of');
  await close(electron);
  await page.waitForTimeout(restMs);
  expect(await windows(electron)).toBe(1);
  await secondStart(fake.home.folder);
  await expect.poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
  await expect(field).toHaveValue('webmesh://join/half-of');
});

test(`with no panel for icons, closing minimises while connected and quits otherwise ${on}`, async ({ fake }) => {
  const electron = await launch(fake.home.folder, [], { panel: false });
  const page = await electron.firstWindow();
  await page.getByRole('heading', { level: 1 }).waitFor();
  fake.app.show('connected');
  await expect(page.getByText('Connected').first()).toBeVisible();
  await close(electron);
  await expect.poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized())).toBe(true);
  await secondStart(fake.home.folder);
  await expect.poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized())).toBe(false);
  fake.app.show('disconnected');
  await expect(page.getByText('Not connected').first()).toBeVisible();
  const ended = new Promise((resolve) => electron.process().once('exit', resolve));
  await close(electron).catch(() => {});
  expect(await ended).toBe(0);
});

test(`started hidden there is an icon and no window; activate and a second start make one ${on}`, async ({ fake }) => {
  const electron = await launch(fake.home.folder, ['--hidden']);
  if (kind === 'standin') await expect.poll(() => electron.evaluate((module) => [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.toolTip)).toBe('Webmesh: Disconnected');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(await windows(electron)).toBe(0);
  const page = await shownAgain(electron, () => electron.evaluate(({ app }) => void app.emit('activate')));
  expect(await (await electron.browserWindow(page)).evaluate((w) => w.isVisible())).toBe(true);
  await electron.close();
});

test(`started hidden with no panel the window is there, minimised ${on}`, async ({ fake }) => {
  const electron = await launch(fake.home.folder, ['--hidden'], { panel: false });
  await electron.firstWindow();
  await expect.poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized())).toBe(true);
  await electron.close();
});

/** The real core with a network of its own and no helper: it wants to be connected, and says why it is not. */
async function wishing(): Promise<{ electron: ElectronApplication; call: (name: string, input: object) => Promise<unknown>; wish: () => Promise<string>; end: () => Promise<void> }> {
  const home = await emptyHome();
  const electron = await launch(home.folder);
  const page = await electron.firstWindow();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const call = (name: string, input: object): Promise<unknown> =>
    page.evaluate(([command, given]) => new Promise((resolve) => {
      const bridge = Reflect.get(window, 'webmesh') as { send(message: unknown): void; onMessage(take: (message: unknown) => void): void };
      const id = 9_000 + Math.floor(Math.random() * 1e6);
      bridge.onMessage((message) => (message as { id?: number }).id === id && resolve((message as { ok?: boolean }).ok));
      bridge.send({ kind: 'call', id, name: command, input: given });
    }), [name, input] as const);
  expect(await call('mesh.create', { name: 'Cabin' })).toBe(true);
  expect(await call('session.connect', {})).toBe(true);
  const wish = async (): Promise<string> => ((JSON.parse(await readFile(join(home.folder, 'documents', 'session.json'), 'utf8')) as { wanted: readonly string[] }).wanted.length > 0 ? 'connected' : 'disconnected');
  await expect.poll(() => wish().catch(() => '')).toBe('connected');
  return { electron, call, wish, end: () => removeHome(home) };
}

async function codeAfter(electron: ElectronApplication, act: () => Promise<unknown>): Promise<unknown> {
  const ended = new Promise((resolve) => electron.process().once('exit', resolve));
  await act().catch(() => {}); // the answer may not get out before the end
  return ended;
}

test(`Quit disconnects; who wants to stay connected stays, and the next start goes on ${on}`, async () => {
  for (const stay of [false, true]) {
    const { electron, call, wish, end } = await wishing();
    if (stay) expect(await call('settings.update', { stayConnected: true })).toBe(true);
    expect(await codeAfter(electron, () => electron.evaluate(({ app }) => app.quit()))).toBe(0);
    expect(await wish()).toBe(stay ? 'connected' : 'disconnected');
    await end();
  }
});

test(`when the machine shuts down or the person logs out the app is gone at once, and its wish stays ${on}`, async () => {
  const { electron, wish, end } = await wishing();
  const startedMs = Date.now();
  expect(await codeAfter(electron, () => electron.evaluate(({ powerMonitor }) => void powerMonitor.emit('shutdown')))).toBe(0);
  expect(Date.now() - startedMs).toBeLessThan(3_000);
  expect(await wish()).toBe('connected');
  await end();
});

test('every item of the tray does what it says [electron: standin]', async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const click = (id: string): Promise<boolean> =>
    electron.evaluate((module, item) => {
      const found = [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu?.getMenuItemById(item);
      found?.click();
      return found?.enabled ?? false;
    }, id);
  const tray = (): Promise<{ icon: string; tip: string }> => electron.evaluate((module) => {
    const [first] = [...(Reflect.get(module, 'standin') as StandinHandle).trays];
    return { icon: first?.image.file.replace(/^white-|\.png$/g, '') ?? '', tip: first?.toolTip ?? '' };
  });
  const scenes = [['first-run', 'no-network'], ['disconnected', 'disconnected'], ['connected', 'connected'], ['degraded', 'degraded'], ['blocked', 'blocked']] as const;
  for (const [scene, icon] of scenes) {
    fake.app.show(scene);
    await expect.poll(async () => (await tray()).icon).toBe(icon);
  }
  fake.app.show('joining');
  await expect.poll(async () => (await tray()).icon).toBe('connecting-2');
  await expect.poll(async () => (await tray()).icon).toBe('connecting');

  fake.app.show('first-run');
  await expect.poll(() => click('add')).toBe(true);
  await expect.poll(() => page.url()).toContain('#/add');
  fake.app.show('crowd', 40);
  await expect.poll(() => click('more')).toBe(true);
  await expect.poll(() => page.url()).toContain('#/peers');
  fake.app.show('connected');
  await expect.poll(() => click('settings')).toBe(true);
  await expect.poll(() => page.url()).toContain('#/settings');
  const [, , peer] = fake.app.topics.peers.get().list;
  for (const [id, address] of [['device', '172.16.0.9'], [`peer-${peer?.id}`, peer?.ipv4]] as const) {
    await expect.poll(() => click(id)).toBe(true);
    await expect.poll(() => electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(address);
  }
  expect(await click('report')).toBe(true);
  await expect.poll(() => notices(electron)).toEqual(['Copied', 'Copied', 'The report is written']);
  expect([await click('status'), await click('version-app'), await click('version-helper')]).toEqual([false, false, false]);
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
  expect(await click('open')).toBe(true);
  await expect.poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
  // Nothing but these: what opens and copies asks nothing of the core.
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['diagnostics.export']);
  expect(await codeAfter(electron, () => click('disconnect-and-quit'))).toBe(0);
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['diagnostics.export', 'session.disconnect']);
});

test('Quit leaves the connection to the process that owns it; a click on the icon brings the window back [electron: standin]', async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  fake.app.show('connected');
  for (const event of ['click', 'double-click']) {
    await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    await electron.evaluate((module, name) => void [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.emit(name), event);
    await expect.poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
  }
  const label = (): Promise<string | undefined> => electron.evaluate((module) => [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu?.getMenuItemById('quit')?.label);
  await expect.poll(label).toBe('Quit and stay connected');
  expect(await codeAfter(electron, () => electron.evaluate((module) => [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu?.getMenuItemById('quit')?.click()))).toBe(0);
  expect(fake.app.calls).toEqual([]);
});
