import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { _electron, test as base, type ElectronApplication, type Page } from '@playwright/test';
import { fakeHome, type FakeHome } from '../home.ts';

const root = join(import.meta.dirname, '../../..');
/** The folder whose package.json names the main bundle. Mutation checks bring their own copy. */
const appFolder = process.env.WEBMESH_APP_FOLDER ?? root;

/** Real Electron where its binary is, the stand-in elsewhere. WEBMESH_ELECTRON=real or standin decides; a release must use real. */
export const kind: 'real' | 'standin' = kindOf(process.env.WEBMESH_ELECTRON);

function kindOf(wanted: string | undefined): 'real' | 'standin' {
  if (wanted === 'real' || wanted === 'standin') return wanted;
  const folder = join(root, 'node_modules/electron');
  const path = join(folder, 'path.txt');
  return existsSync(path) && existsSync(join(folder, 'dist', readFileSync(path, 'utf8'))) ? 'real' : 'standin';
}

/** Why a spec is not for real Electron. */
export const standinOnly = 'Electron has no list of trays, notifications or menus that came up; real Electron needs a person for this one';

/** `panel`: whether the desktop shows tray icons; asked of the session bus, which `desktop/gdbus` stands in for. `more`: of the environment. */
export function launch(home: string, extra: readonly string[] = [], { panel = true, more = {} }: { readonly panel?: boolean; readonly more?: Readonly<Record<string, string>> } = {}): Promise<ElectronApplication> {
  // node_modules/electron answers with this folder's program instead of its own; Playwright asks it in this process.
  if (kind === 'standin') process.env.ELECTRON_OVERRIDE_DIST_PATH = join(root, 'test/electron-standin/bin');
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const env = { ...Object.fromEntries(inherited), PATH: `${join(import.meta.dirname, 'desktop')}:${process.env.PATH ?? ''}`, WEBMESH_TEST_PANEL: String(panel), ...more };
  return _electron.launch({ args: [...(kind === 'real' && process.getuid?.() === 0 ? ['--no-sandbox'] : []), appFolder, '--home', home, '--helper-socket', join(home, 'no-helper.sock'), ...extra], cwd: root, env });
}

interface Fixtures {
  readonly fake: FakeHome;
  readonly electron: ElectronApplication;
  readonly page: Page;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern to know what a fixture needs
  fake: async ({}, use) => {
    const fake = await fakeHome('disconnected');
    await use(fake);
    await fake.remove();
  },
  electron: async ({ fake }, use) => {
    const electron = await launch(fake.home.folder);
    await use(electron);
    await electron.close();
  },
  page: async ({ electron }, use) => {
    const page = await electron.firstWindow();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await use(page);
  },
});

/** Every title says what it ran on, so that no summary can be read as more than it is. */
export const on = `[electron: ${kind}]`;

/** What the stand-in keeps for tests: the tray, which Electron has no list of, and what would have left the process. */
export interface StandinHandle {
  /** Menus that came up at a right click, the last one at the end. */
  readonly popups: readonly { readonly items: readonly { readonly id: string; readonly enabled: boolean; click(): void }[] }[];
  readonly trays: ReadonlySet<{ readonly image: { readonly file: string }; readonly toolTip: string; emit(event: string): boolean; readonly menu: { getMenuItemById(id: string): { readonly label: string; readonly enabled: boolean; click(): void } | null; readonly items: readonly { readonly id: string }[] } | null }>;
  readonly recorded: readonly { readonly api: string; readonly args: readonly unknown[] }[];
}
