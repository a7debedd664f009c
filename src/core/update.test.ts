import { expect, test } from 'vitest';
import { cell } from '../base/cell.ts';
import { failure } from '../base/failure.ts';
import { silentLog } from '../base/log.ts';
import { seeded } from '../base/random.ts';
import type { Release, Updates } from '../base/update.ts';
import { settle, virtualClock } from '../../test/sim/session/clock.ts';
import { defaults, type SettingsStore } from './settings.ts';
import { createUpdateKeeper } from './update.ts';

const hourMs = 3_600_000;
const never = new AbortController().signal;
const release = (version: string): Release => ({ version, notes: '', bytes: 3 << 20, format: 'deb' });

/** A keeper over a release server that is told what it has; calls are noted. */
function scene({ configured = true, updates = 'off' as 'off' | 'tell' } = {}) {
  const clock = virtualClock();
  const calls: string[] = [];
  const world = { newest: release('0.2.0') as Release | null, why: null as string | null, held: null as PromiseWithResolvers<void> | null };
  const port: Updates = {
    configured,
    check: async () => {
      calls.push('check');
      if (world.why !== null) throw failure('update.expired', { file: world.why });
      return world.newest;
    },
    download: async (told, signal) => {
      calls.push('download');
      if (world.newest === null) return null;
      for (const mib of [1, 2, 3]) told(world.newest, mib << 20);
      await world.held?.promise;
      calls.push(signal.aborted ? 'stopped' : 'done');
      signal.throwIfAborted();
      return { release: world.newest, path: '/x/a.deb' };
    },
    discard: async () => void calls.push('discard'),
  };
  const settings = cell({ ...defaults, updates });
  const store: Pick<SettingsStore, 'cell' | 'update'> = { cell: settings, update: async (change) => settings.set({ ...settings.get(), ...(change as object) }) };
  const keeper = createUpdateKeeper({ ports: { clock, random: seeded(3), log: silentLog, version: '0.1.0', updates: port }, settings: store });
  const seen: string[] = [];
  keeper.topic.subscribe((topic) => seen.push(topic.phase === 'downloading' ? `downloading ${topic.bytes >> 20}` : topic.phase));
  const ask = async (name: keyof typeof keeper.handlers): Promise<unknown> => {
    const answer = await keeper.handlers[name]({}, never).catch((error: unknown) => error);
    await settle();
    return answer;
  };
  const pass = async (ms: number): Promise<void> => {
    const untilMs = clock.nowMs() + ms;
    while (clock.next(untilMs)) await settle();
    await settle();
  };
  return { keeper, calls, world, seen, ask, pass, settings };
}

test('nothing is asked for days, unless a person asks or allowed it', async () => {
  const { calls, pass, keeper } = scene();
  await pass(100 * hourMs);
  expect([calls, keeper.topic.get()]).toEqual([[], { current: '0.1.0', checkedAtMs: null, phase: 'idle' }]);
});

test('a build without an address asks nothing and says so', async () => {
  const { calls, pass, keeper, ask } = scene({ configured: false, updates: 'tell' });
  await pass(100 * hourMs);
  expect([await ask('update.check'), await ask('update.download'), await ask('update.dismiss'), calls, keeper.topic.get().phase]).toMatchObject([{ code: 'update.off' }, { code: 'update.off' }, null, [], 'off']);
});

test('when allowed it looks five minutes after the start and then daily, and never downloads', async () => {
  const { calls, pass, keeper, world } = scene({ updates: 'tell' });
  await pass(4 * 60_000);
  expect(calls).toEqual([]);
  await pass(2 * 60_000);
  expect([calls, keeper.topic.get().phase]).toEqual([['check'], 'available']);
  world.newest = release('0.3.0');
  await pass(25 * hourMs);
  expect([calls, keeper.topic.get()]).toMatchObject([['check', 'check'], { phase: 'available', release: { version: '0.3.0' } }]);
  keeper.close();
  await pass(100 * hourMs);
  expect(calls).toHaveLength(2);
});

test('what a person put away does not come back by itself, a newer one does, and asking brings both', async () => {
  const { pass, keeper, world, ask } = scene({ updates: 'tell' });
  await pass(hourMs);
  await ask('update.dismiss');
  await pass(25 * hourMs);
  expect(keeper.topic.get().phase).toBe('idle');
  await ask('update.check');
  expect(keeper.topic.get().phase).toBe('available');
  await ask('update.dismiss');
  world.newest = release('0.3.0');
  await pass(25 * hourMs);
  expect(keeper.topic.get().phase).toBe('available');
});

test('look, download, ready: each is asked for, progress is told, and what is put away is removed', async () => {
  const { ask, seen, calls, keeper } = scene();
  expect(await ask('update.download')).toMatchObject({ code: 'input.invalid' });
  await ask('update.check');
  await ask('update.download');
  expect(keeper.topic.get()).toEqual({ current: '0.1.0', checkedAtMs: 0, phase: 'ready', release: release('0.2.0'), path: '/x/a.deb' });
  await ask('update.dismiss');
  expect([seen, calls]).toEqual([['checking', 'available', 'downloading 0', 'downloading 1', 'downloading 2', 'downloading 3', 'ready', 'idle'], ['check', 'download', 'done', 'discard']]);
});

test('a refusal is shown with its reason, and the next look may do better', async () => {
  const { ask, keeper, world } = scene();
  world.why = 'timestamp.json';
  await ask('update.check');
  expect(keeper.topic.get()).toEqual({ current: '0.1.0', checkedAtMs: null, phase: 'refused', failure: { code: 'update.expired', retry: 'after-user', detail: { file: 'timestamp.json' } } });
  world.why = null;
  world.newest = null;
  await ask('update.check');
  expect(keeper.topic.get()).toEqual({ current: '0.1.0', checkedAtMs: 0, phase: 'idle' });
});

test('one thing at a time; a download that is put away stops, and the next begins after its end', async () => {
  const { ask, keeper, world, calls, seen } = scene();
  await ask('update.check');
  world.held = Promise.withResolvers();
  await ask('update.download');
  expect([await ask('update.check'), await ask('update.download')]).toMatchObject([{ code: 'app.busy' }, { code: 'app.busy' }]);
  await ask('update.dismiss');
  expect(keeper.topic.get().phase).toBe('idle');
  await ask('update.check');
  expect(calls).toEqual(['check', 'download']);
  world.held.resolve();
  await settle();
  await settle();
  expect([calls, keeper.topic.get().phase, seen.filter((phase) => phase === 'refused')]).toEqual([['check', 'download', 'stopped', 'check'], 'available', []]);
});
