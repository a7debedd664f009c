import { expect, type ElectronApplication } from '@playwright/test';
import { fixNames, type FixName } from '../../../src/contract/health.ts';
import { wayOf } from '../../../src/contract/fixes.ts';
import type { TrayAction } from '../../../src/main/tray-items.ts';
import { problem } from '../../fakes/problem.ts';
import type { SceneName } from '../../fakes/world.ts';
import type { FakeHome } from '../home.ts';
import { kind, test, type StandinHandle } from './fixture.ts';

/**
 * Every item that the tray's menu can have is clicked, in every scene that has it, and what it must do is looked for. An item or a kind of
 * action that is new and not in these tables fails here, or does not compile.
 */
const standinOnly = 'Electron has no list of trays; real Electron needs a person for this one';

/** A click is done in milliseconds, and there are many. */
const poll = <T>(what: () => Promise<T>) => expect.poll(what, { intervals: [15, 30, 60] });

interface Item {
  readonly id: string;
  readonly label: string;
  readonly enabled: boolean;
}

interface At {
  readonly electron: ElectronApplication;
  readonly fake: FakeHome;
  readonly item: Item;
}

/** What a click must have done. Null: it ends the process, and has tests of its own in rest.spec.ts. */
type Proof = ((at: At) => Promise<void>) | null;

const lastCall = async ({ fake }: At): Promise<unknown> => fake.app.calls.at(-1);
const here = ({ electron }: At): Promise<string> => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getURL().replace(/.*#\//, '') ?? 'no window');
const shown = async (at: At, place: RegExp): Promise<void> => {
  await poll(() => here(at)).toMatch(place);
  await poll(() => at.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
};
const copied: Proof = async (at) => {
  const address = / ?([\d.]+|[\da-f:]{6,})( \(relayed\))?$/.exec(at.item.label)?.[1] ?? 'no address in the label';
  await poll(() => at.electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(address);
  await poll(() => notices(at.electron)).toEqual(['Copied']);
};

const idOf = ({ item }: At, start: string): string => item.id.slice(start.length);

/** By the item's id, or what it begins with; the first that fits. */
const proofs: Readonly<Record<string, { readonly does: TrayAction['do']; readonly proof: Proof }>> = {
  add: { does: 'open', proof: (at) => shown(at, /^add$/) },
  connect: { does: 'connect', proof: async (at) => poll(() => lastCall(at)).toEqual({ name: 'session.connect', input: {} }) },
  disconnect: { does: 'disconnect', proof: async (at) => poll(() => lastCall(at)).toEqual({ name: 'session.disconnect', input: {} }) },
  device: { does: 'copy', proof: copied },
  'peer-': { does: 'copy', proof: copied },
  more: { does: 'open', proof: (at) => shown(at, /^peers$/) },
  fix: { does: 'fix', proof: null }, // by each fix, below
  problems: { does: 'problems', proof: (at) => shown(at, /^health$/) },
  open: { does: 'open', proof: (at) => shown(at, /./) },
  settings: { does: 'open', proof: (at) => shown(at, /^settings$/) },
  report: { does: 'report', proof: async (at) => {
    await poll(() => lastCall(at)).toEqual({ name: 'diagnostics.export', input: {} });
    await poll(() => notices(at.electron)).toEqual(['The report is written']);
  } },
  quit: { does: 'quit', proof: null },
  'disconnect-and-quit': { does: 'disconnect-and-quit', proof: null },
  'disconnect-all': { does: 'disconnect-all', proof: async (at) => poll(() => lastCall(at)).toEqual({ name: 'session.disconnect', input: { all: true } }) },
  // Of one of several networks.
  'connect-': { does: 'connect', proof: async (at) => poll(() => lastCall(at)).toEqual({ name: 'session.connect', input: { profile: idOf(at, 'connect-') } }) },
  'disconnect-': { does: 'disconnect', proof: async (at) => poll(() => lastCall(at)).toEqual({ name: 'session.disconnect', input: { profile: idOf(at, 'disconnect-') } }) },
  'retry-': { does: 'retry', proof: async (at) => poll(() => lastCall(at)).toEqual({ name: 'session.retry', input: { profile: idOf(at, 'retry-') } }) },
  'show-': { does: 'show', proof: async (at) => {
    await poll(() => lastCall(at)).toEqual({ name: 'profile.select', input: { profile: idOf(at, 'show-') } });
    await shown(at, /./);
  } },
};

let marks = 0;

/** Not compiled when there is a kind of action that no item above does. */
const kinds: Readonly<Record<TrayAction['do'], true>> = { connect: true, open: true, disconnect: true, retry: true, show: true, quit: true, 'disconnect-all': true, 'disconnect-and-quit': true, report: true, fix: true, problems: true, copy: true };

const scenes: readonly { readonly scene: SceneName; readonly peers?: number; readonly wrong?: FixName; readonly only?: true }[] = [
  { scene: 'first-run' }, { scene: 'disconnected' }, { scene: 'joining' }, { scene: 'connected' }, { scene: 'degraded' }, { scene: 'reconnecting' }, { scene: 'blocked' }, { scene: 'crowd', peers: 40 }, { scene: 'malicious', wrong: 'open-audit' }, { scene: 'disconnected', only: true }, { scene: 'connected', only: true }, { scene: 'two-networks' }, { scene: 'one-lost' },
];

test('no item of the tray is without an assertion, and each does its thing in every state that has it [electron: standin]', async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  test.setTimeout(60_000);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const used = new Set<string>();
  for (const { scene, peers, wrong, only } of scenes) {
    const begin = async (): Promise<readonly Item[]> => {
      fake.app.show(scene, peers);
      const { list, ...rest } = fake.app.topics.profiles.get();
      if (only) fake.app.topics.profiles.set({ ...rest, list: list.slice(0, 1) });
      fake.app.topics.health.set({ warnings: wrong === undefined ? fake.app.topics.health.get().warnings : [problem('audit-broken', {}, { fix: wrong })] });
      return arrived(electron, fake);
    };
    // The first three peers stand for all: they are made alike.
    const items = (await begin()).filter(({ id, enabled }, i, all) => enabled && (!id.startsWith('peer-') || all.slice(0, i).filter((each) => each.id.startsWith('peer-')).length < 3));
    for (const item of items) {
      const name = Object.keys(proofs).find((start) => (start.endsWith('-') ? item.id.startsWith(start) : item.id === start));
      expect(name, `${scene}: an item without an assertion: ${item.id}`).toBeDefined();
      const proof = proofs[name as string]?.proof ?? null;
      used.add(name as string);
      if (proof === null) continue;
      await begin();
      await forget(electron);
      await click(electron, item.id);
      await proof({ electron, fake, item });
    }
  }
  expect([...used].sort()).toEqual(Object.keys(proofs).sort());
  expect(new Set(Object.values(proofs).map(({ does }) => does))).toEqual(new Set(Object.keys(kinds)));
});

test('the tray does each fix that there is [electron: standin]', async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await electron.evaluate(({ shell }) => {
    shell.openExternal = async (url) => void Reflect.set(globalThis, 'openedLast', url);
  });
  for (const fix of fixNames) {
    fake.app.show('host'); // also ends what the fix before has begun
    const wrong = problem('peer-unreachable', { peer: 'nas', link: 'http://wifi.example/in' }, { fix, severity: 'error' });
    fake.app.topics.health.set({ warnings: [wrong] });
    const item = (await arrived(electron, fake)).find(({ id }) => id === 'fix') as Item;
    await click(electron, 'fix');
    const way = wayOf(wrong);
    const at = { electron, fake, item };
    if (way !== null && 'call' in way) await poll(() => lastCall(at)).toEqual({ name: way.call, input: way.input });
    else if (way !== null && 'open' in way) await poll(() => electron.evaluate(() => Reflect.get(globalThis, 'openedLast') as string | undefined)).toBe(way.open);
    else await shown(at, new RegExp(`^${way?.place}$`));
  }
});

/** The menu's items, submenus included, once the tray has what the core says now: the helper's version, which the menu shows, is told last. */
async function arrived(electron: ElectronApplication, { app }: FakeHome): Promise<readonly Item[]> {
  const node = app.topics.node.get();
  const mark = `9.${++marks}.0`;
  app.topics.node.set({ ...node, helperVersion: mark });
  await poll(async () => (await itemsOf(electron)).find(({ id }) => id === 'version-helper')?.label).toContain(mark);
  return itemsOf(electron);
}

function itemsOf(electron: ElectronApplication): Promise<readonly Item[]> {
  return electron.evaluate((module) => {
    interface Node extends Item {
      readonly type: string;
      readonly submenu?: { readonly items: readonly Node[] };
    }
    const flat = (nodes: readonly Node[]): Item[] => nodes.flatMap(({ id, label, enabled, type, submenu }) => (submenu !== undefined ? flat(submenu.items) : type === 'separator' ? [] : [{ id, label, enabled }]));
    return flat([...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu?.items as unknown as readonly Node[]);
  });
}

function click(electron: ElectronApplication, id: string): Promise<void> {
  return electron.evaluate((module, item) => [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu?.getMenuItemById(item)?.click(), id);
}

function notices(electron: ElectronApplication): Promise<readonly string[]> {
  return electron.evaluate((module) => (Reflect.get(module, 'standin') as StandinHandle).recorded.filter(({ api }) => api === 'Notification').map(({ args }) => (args[0] as { title: string }).title));
}

/** Back to where nothing was copied, told or shown. */
function forget(electron: ElectronApplication): Promise<void> {
  return electron.evaluate(async (module) => {
    ((Reflect.get(module, 'standin') as StandinHandle).recorded as unknown[]).length = 0;
    await module.clipboard.writeText('');
    const [window] = module.BrowserWindow.getAllWindows();
    window?.hide();
  });
}
