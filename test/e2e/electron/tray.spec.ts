import { expect } from '@playwright/test';
import { fixNames, type FixName } from '../../../src/contract/health.ts';
import { wayOf } from '../../../src/contract/fixes.ts';
import type { TrayAction } from '../../../src/main/tray-items.ts';
import { problem } from '../../fakes/problem.ts';
import type { SceneName } from '../../fakes/world.ts';
import { kind, standinOnly, test } from './fixture.ts';
import { arrived, click, copied, forget, type Item, lastCall, nameOf, poll, type Proofs, sharedProofs, shown } from './items.ts';

/**
 * Every item that the tray's menu can have is clicked, in every scene that has it, and what it must do is looked for. An item or a kind of
 * action that is new and not in these tables fails here, or does not compile.
 */
const proofs: Proofs = {
  ...sharedProofs,
  add: { does: 'open', proof: (at) => shown(at, /^add$/) },
  device: { does: 'copy', proof: copied },
  'peer-': { does: 'copy', proof: copied },
  more: { does: 'open', proof: (at) => shown(at, /^peers$/) },
  fix: { does: 'fix', proof: null }, // by each fix, below
  open: { does: 'open', proof: (at) => shown(at, /./) },
};

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
      return arrived(electron, fake, 'tray');
    };
    // The first three peers stand for all: they are made alike.
    const items = (await begin()).filter(({ id, enabled }, i, all) => enabled && (!id.startsWith('peer-') || all.slice(0, i).filter((each) => each.id.startsWith('peer-')).length < 3));
    for (const item of items) {
      const name = nameOf(item, proofs);
      expect(name, `${scene}: an item without an assertion: ${item.id}`).toBeDefined();
      const proof = proofs[name as string]?.proof ?? null;
      used.add(name as string);
      if (proof === null) continue;
      await begin();
      await forget(electron);
      await click(electron, 'tray', item.id);
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
    const item = (await arrived(electron, fake, 'tray')).find(({ id }) => id === 'fix') as Item;
    await click(electron, 'tray', 'fix');
    const way = wayOf(wrong);
    const at = { electron, fake, item };
    if (way !== null && 'call' in way) await poll(() => lastCall(at)).toEqual({ name: way.call, input: way.input });
    else if (way !== null && 'open' in way) await poll(() => electron.evaluate(() => Reflect.get(globalThis, 'openedLast') as string | undefined)).toBe(way.open);
    else await shown(at, new RegExp(`^${way?.place}$`));
  }
});
