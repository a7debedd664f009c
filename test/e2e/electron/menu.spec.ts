import { expect, type ElectronApplication } from '@playwright/test';
import { type MenuRole, menuRoles } from '../../../src/main/menu-items.ts';
import type { SceneName } from '../../fakes/world.ts';
import type { FakeHome } from '../home.ts';
import { kind, launch, on, type StandinHandle, standinOnly, test } from './fixture.ts';
import { arrived, type At, click, forget, type Item, lastCall, nameOf, poll, type Proof, type Proofs, sharedProofs, shown } from './items.ts';

/** Every item that the application's menu can have, on Linux and as on macOS, is clicked, and what it must do is looked for; as tray.spec.ts does for the tray. */
const screens = ['connect', 'peers', 'people', 'device', 'health', 'settings'] as const;

const followed: Proof = async ({ electron }) => poll(() => electron.evaluate(() => Reflect.get(globalThis, 'openedLast') as string | undefined)).toBe('https://www.wireguard.com/');

const proofs: Proofs = {
  ...Object.fromEntries(screens.map((screen) => [`screen-${screen}`, { does: 'open', proof: (at: At) => shown(at, new RegExp(`^${screen}$`)) }] as const)),
  ...sharedProofs,
  new: { does: 'open', proof: (at) => shown(at, /^add\/new$/) },
  join: { does: 'open', proof: (at) => shown(at, /^add\/join$/) },
  update: { does: 'check-for-updates', proof: async (at) => {
    await poll(() => lastCall(at)).toEqual({ name: 'update.check', input: {} });
    await shown(at, /^settings$/);
  } },
  wireguard: { does: 'follow', proof: followed },
};

/** What is there of the window in front, and what the system was asked for. */
interface Facts {
  readonly visible: boolean | undefined;
  readonly minimised: boolean | undefined;
  readonly maximised: boolean | undefined;
  readonly full: boolean | undefined;
  readonly zoom: number | undefined;
  readonly asked: string | undefined;
}

const factsOf = (electron: ElectronApplication): Promise<Facts> => electron.evaluate((module) => {
  const [window] = module.BrowserWindow.getAllWindows();
  const asked = (Reflect.get(module, 'standin') as StandinHandle).recorded.at(-1)?.api;
  return { visible: window?.isVisible(), minimised: window?.isMinimized(), maximised: window?.isMaximized(), full: window?.isFullScreen(), zoom: window?.webContents.getZoomLevel(), asked };
});

const does = (facts: Partial<Facts>): Proof => async ({ electron }) => poll(() => factsOf(electron)).toMatchObject(facts);
/** A page that is being loaded cannot be asked. */
const reloads: Proof = async ({ electron }) => poll(async () => electron.windows()[0]?.evaluate(() => (Reflect.get(window, 'old') as string | undefined) ?? 'new').catch(() => 'loading')).toBe('new');

/** Null: the field's own, and tested with a field below; or the system's submenu. Not compiled when a role is missing. */
const roleProofs: Readonly<Record<MenuRole, Proof>> = {
  undo: null, redo: null, cut: null, copy: null, paste: null, selectAll: null, services: null,
  close: does({ visible: false }), minimize: does({ minimised: true }), zoom: does({ maximised: true }), togglefullscreen: does({ full: true }),
  resetZoom: does({ zoom: 0 }), zoomIn: does({ zoom: 1.5 }), zoomOut: does({ zoom: 0.5 }),
  about: does({ asked: 'app.showAboutPanel' }), front: does({ asked: 'app.front' }), hide: does({ asked: 'app.hide' }), hideOthers: does({ asked: 'app.hideOthers' }), unhide: does({ asked: 'app.unhide' }),
  reload: reloads, toggleDevTools: does({ asked: 'webContents.toggleDevTools' }),
};

const scenes: readonly { readonly scene: SceneName; readonly only?: true }[] = [
  { scene: 'first-run' }, { scene: 'disconnected', only: true }, { scene: 'connected', only: true }, { scene: 'blocked' }, { scene: 'two-networks' }, { scene: 'one-lost' },
];

for (const platform of ['linux', 'darwin'] as const) {
  test(`no item of the application's menu on ${platform} is without an assertion, and each does its thing [electron: standin]`, async ({ fake }) => {
    test.skip(kind === 'real', standinOnly);
    test.setTimeout(90_000);
    const electron = await launch(fake.home.folder, [], { more: { STANDIN_PLATFORM: platform } });
    const page = await electron.firstWindow();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await electron.evaluate(({ shell }) => {
      shell.openExternal = async (url) => void Reflect.set(globalThis, 'openedLast', url);
    });
    const used = new Set<string>();
    for (const state of scenes) {
      for (const item of (await begin(electron, fake, state)).filter(({ enabled }) => enabled)) {
        const role = menuRoles.find((one) => item.id.split('-')[0] === one);
        const name = role ?? nameOf(item, proofs);
        expect(name, `${state.scene}: an item without an assertion: ${item.id}`).toBeDefined();
        const proof = role === undefined ? proofs[name as string]?.proof : used.has(item.id) ? null : roleProofs[role];
        used.add(role === undefined ? (name as string) : item.id);
        if (proof === null || proof === undefined) continue;
        await begin(electron, fake, state);
        await forget(electron);
        if (role !== undefined) await comeForward(electron);
        await click(electron, 'application', item.id);
        await proof({ electron, fake, item });
      }
    }
    const elsewhere = platform === 'darwin' ? [] : ['services', 'hide', 'hideOthers', 'unhide', 'minimize', 'zoom', 'front'];
    expect([...used].sort()).toEqual([...Object.keys(proofs), ...menuRoles.filter((role) => !elsewhere.includes(role)), 'zoomIn-plain'].sort());
    await electron.close();
  });
}

async function begin(electron: ElectronApplication, fake: FakeHome, { scene, only }: (typeof scenes)[number]): Promise<readonly Item[]> {
  fake.app.show(scene);
  const { list, ...rest } = fake.app.topics.profiles.get();
  if (only) fake.app.topics.profiles.set({ ...rest, list: list.slice(0, 1) });
  return arrived(electron, fake, 'application');
}

/** The window as a person has it before choosing something from its menu. */
async function comeForward(electron: ElectronApplication): Promise<void> {
  await electron.windows()[0]?.evaluate(() => void Reflect.set(window, 'old', 'old'));
  await electron.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    window?.setFullScreen(false);
    window?.webContents.setZoomLevel(1);
    window?.show();
  });
}

test(`on macOS the menu outlives the window, and Settings makes it anew; a packaged app has no inspector ${on}`, async ({ fake }) => {
  test.skip(kind === 'real', standinOnly);
  const config = `${fake.home.folder}/config`;
  const electron = await launch(fake.home.folder, ['--hidden'], { more: { STANDIN_PLATFORM: 'darwin', STANDIN_PACKAGED: '1', XDG_CONFIG_HOME: config, XDG_DATA_HOME: `${config}/data` } });
  await poll(async () => (await arrived(electron, fake, 'application')).length > 0).toBe(true);
  const ids = (await arrived(electron, fake, 'application')).map(({ id }) => id);
  expect([electron.windows().length, ids.includes('settings'), ids.includes('reload'), ids.includes('toggleDevTools')]).toEqual([0, true, false, false]);
  const [page] = await Promise.all([electron.waitForEvent('window'), click(electron, 'application', 'settings')]);
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await electron.close();
});

test(`the menu speaks the language of the settings ${on}`, async ({ electron, page, fake }) => {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const bar = (): Promise<readonly string[]> => electron.evaluate(({ Menu }) => (Menu.getApplicationMenu()?.items ?? []).map(({ label }) => label));
  await expect.poll(bar).toEqual(['Network', 'Edit', 'View', 'Help']);
  fake.app.topics.settings.set({ ...fake.app.topics.settings.get(), language: 'de' });
  await expect.poll(bar).toEqual(['Netzwerk', 'Bearbeiten', 'Ansicht', 'Hilfe']);
});

test(`New and Join put the cursor where to type ${on}`, async ({ electron, page }) => {
  for (const [id, field] of [['join', '#invite-link'], ['new', '#create-name']] as const) {
    await electron.evaluate(({ Menu }, item) => void Menu.getApplicationMenu()?.getMenuItemById(item)?.click(), id);
    await expect(page.locator(field)).toBeFocused();
  }
});

test('the other button has cut, copy and paste in a field, copy where text is selected, and nothing elsewhere [electron: standin]', async ({ electron, page }) => {
  test.skip(kind === 'real', standinOnly);
  await page.evaluate(() => void (location.hash = '#/add'));
  const field = page.locator('#create-name');
  const menus = (): Promise<readonly string[]> => electron.evaluate((module) => (Reflect.get(module, 'standin') as StandinHandle).popups.map(({ items }) => items.flatMap(({ id, enabled }) => (id === '' ? [] : [`${id}${enabled ? '' : '(off)'}`])).join(' ')));
  const choose = (id: string): Promise<void> => electron.evaluate((module, wanted) => (Reflect.get(module, 'standin') as StandinHandle).popups.at(-1)?.items.find((item) => item.id === wanted)?.click(), id);
  await page.getByRole('heading', { level: 1 }).click({ button: 'right' });
  await field.fill('Cabin');
  await field.click({ button: 'right' });
  await expect.poll(menus).toEqual(['cut(off) copy(off) paste selectAll']);
  await choose('selectAll');
  await expect.poll(() => field.evaluate((input: HTMLInputElement) => input.value.slice(input.selectionStart ?? 0, input.selectionEnd ?? 0))).toBe('Cabin');
  await field.click({ button: 'right' });
  await expect.poll(async () => (await menus()).length).toBe(2);
  await field.selectText();
  await choose('cut');
  await expect(field).toHaveValue('');
  await choose('paste');
  await expect(field).toHaveValue('Cabin');
  await page.getByRole('heading', { level: 1 }).selectText();
  await page.getByRole('heading', { level: 1 }).click({ button: 'right' });
  await expect.poll(async () => (await menus()).at(-1)).toBe('copy');
});
