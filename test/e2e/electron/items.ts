import { expect, type ElectronApplication } from '@playwright/test';
import type { MenuAction } from '../../../src/main/menu-items.ts';
import type { FakeHome } from '../home.ts';
import type { StandinHandle } from './fixture.ts';

/** What the specs of menus share: the items, what a click on them must have done, and how to know that a menu follows. */

/** A click is done in milliseconds, and there are many. */
export const poll = <T>(what: () => Promise<T>) => expect.poll(what, { intervals: [15, 30, 60] });

export interface Item {
  readonly id: string;
  readonly label: string;
  readonly enabled: boolean;
}

export interface At {
  readonly electron: ElectronApplication;
  readonly fake: FakeHome;
  readonly item: Item;
}

/** What a click must have done. Null: it ends the process, and has tests of its own in rest.spec.ts. */
export type Proof = ((at: At) => Promise<void>) | null;

export const lastCall = async ({ fake }: At): Promise<unknown> => fake.app.calls.at(-1);
export const here = ({ electron }: At): Promise<string> => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getURL().replace(/.*#\//, '') ?? 'no window');
export const shown = async (at: At, place: RegExp): Promise<void> => {
  await poll(() => here(at)).toMatch(place);
  await poll(() => at.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
};
export const copied: Proof = async (at) => {
  const address = / ?([\d.]+|[\da-f:]{6,})( \(relayed\))?$/.exec(at.item.label)?.[1] ?? 'no address in the label';
  await poll(() => at.electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(address);
  await poll(() => notices(at.electron)).toEqual(['Copied']);
};

export const idOf = ({ item }: At, start: string): string => item.id.slice(start.length);

/** By an item's id, or what it begins with; the first that fits. */
export type Proofs = Readonly<Record<string, { readonly does: MenuAction['do']; readonly proof: Proof }>>;

const called = (name: string, input: (at: At) => object): Proof => async (at) => poll(() => lastCall(at)).toEqual({ name, input: input(at) });

/** Of items that the tray's menu and the application's both have. */
export const sharedProofs: Proofs = {
  connect: { does: 'connect', proof: called('session.connect', () => ({})) },
  disconnect: { does: 'disconnect', proof: called('session.disconnect', () => ({})) },
  problems: { does: 'problems', proof: (at) => shown(at, /^health$/) },
  settings: { does: 'open', proof: (at) => shown(at, /^settings$/) },
  report: { does: 'report', proof: async (at) => {
    await poll(() => lastCall(at)).toEqual({ name: 'diagnostics.export', input: {} });
    await poll(() => notices(at.electron)).toEqual(['The report is written']);
  } },
  quit: { does: 'quit', proof: null },
  'disconnect-and-quit': { does: 'disconnect-and-quit', proof: null },
  'disconnect-all': { does: 'disconnect-all', proof: called('session.disconnect', () => ({ all: true })) },
  // Of one of several networks.
  'connect-': { does: 'connect', proof: called('session.connect', (at) => ({ profile: idOf(at, 'connect-') })) },
  'disconnect-': { does: 'disconnect', proof: called('session.disconnect', (at) => ({ profile: idOf(at, 'disconnect-') })) },
  'retry-': { does: 'retry', proof: called('session.retry', (at) => ({ profile: idOf(at, 'retry-') })) },
  'show-': { does: 'show', proof: async (at) => {
    await poll(() => lastCall(at)).toEqual({ name: 'profile.select', input: { profile: idOf(at, 'show-') } });
    await shown(at, /./);
  } },
};

export function nameOf({ id }: Item, proofs: object): string | undefined {
  return Object.keys(proofs).find((start) => (start.endsWith('-') ? id.startsWith(start) : id === start));
}

export type Menus = 'tray' | 'application';

let marks = 0;

/** The menu's items, submenus included, once it has what the core says now: the helper's version, which the menu shows, is told last. */
export async function arrived(electron: ElectronApplication, { app }: FakeHome, which: Menus): Promise<readonly Item[]> {
  const node = app.topics.node.get();
  const mark = `9.${++marks}.0`;
  app.topics.node.set({ ...node, helperVersion: mark });
  await poll(async () => (await itemsOf(electron, which)).find(({ id }) => id === 'version-helper')?.label).toContain(mark);
  return itemsOf(electron, which);
}

function itemsOf(electron: ElectronApplication, which: Menus): Promise<readonly Item[]> {
  return electron.evaluate((module, wanted) => {
    interface Node extends Item {
      readonly type: string;
      readonly submenu?: { readonly items: readonly Node[] };
    }
    const flat = (nodes: readonly Node[]): Item[] => nodes.flatMap(({ id, label, enabled, type, submenu }) => (submenu !== undefined ? flat(submenu.items) : type === 'separator' ? [] : [{ id, label, enabled }]));
    const menu = wanted === 'tray' ? [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu : module.Menu.getApplicationMenu();
    return flat((menu?.items ?? []) as unknown as readonly Node[]);
  }, which);
}

export function click(electron: ElectronApplication, which: Menus, id: string): Promise<void> {
  return electron.evaluate((module, [wanted, item]) => {
    const menu = wanted === 'tray' ? [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu : module.Menu.getApplicationMenu();
    menu?.getMenuItemById(item)?.click();
  }, [which, id] as const);
}

export function notices(electron: ElectronApplication): Promise<readonly string[]> {
  return electron.evaluate((module) => (Reflect.get(module, 'standin') as StandinHandle).recorded.filter(({ api }) => api === 'Notification').map(({ args }) => (args[0] as { title: string }).title));
}

/** Back to where nothing was copied, told or shown. */
export function forget(electron: ElectronApplication): Promise<void> {
  return electron.evaluate(async (module) => {
    ((Reflect.get(module, 'standin') as StandinHandle).recorded as unknown[]).length = 0;
    await module.clipboard.writeText('');
    const [window] = module.BrowserWindow.getAllWindows();
    window?.hide();
  });
}
