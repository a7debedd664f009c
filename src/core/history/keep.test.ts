import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/sim/session/clock.ts';
import { cell, type Cell } from '../../base/cell.ts';
import { failure } from '../../base/failure.ts';
import { type HistoryAbout, historyMinutesMax } from '../../contract/history.ts';
import type { MetricsTopic, PeerPath, PeersTopic, PeerView } from '../../contract/state.ts';
import { TunnelState, type WatchResponse } from '../../gen/webmesh/helper/v1/helper.ts';
import type { Documents } from '../ports.ts';
import { type History, keepHistory } from './keep.ts';
import { talkBytes } from './places.ts';
import { peersMax } from './ring.ts';

const minuteMs = 60_000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, scope: () => silent };

/** A machine whose time, tunnel and disk are told what to do. Its wall clock begins at a whole minute. */
function machine(documents = new Map<string, unknown>()) {
  const clock = virtualClock();
  const report: Cell<WatchResponse | null> = cell<WatchResponse | null>({ networks: [] });
  const metrics: Cell<MetricsTopic> = cell<MetricsTopic>({ atMs: 0, host: null, tunnel: null });
  const peers: Cell<PeersTopic> = cell<PeersTopic>({ source: 'none', list: [] });
  const known = cell<readonly string[]>(['home', 'work']);
  const world = { leaptMs: Date.UTC(2026, 10, 22, 9), live: null as string | null, full: false, writes: [] as string[], rejected: [] as string[] };
  const files: Documents = {
    setAside: cell<readonly string[]>([]),
    load: async (name) => documents.get(name),
    save: async (name, value) => {
      if (world.full) throw failure('node.disk-full');
      world.writes.push(`${Math.round(clock.monotonicMs() / minuteMs)} ${name}`);
      documents.set(name, JSON.parse(JSON.stringify(value)));
    },
    remove: async (name) => void documents.delete(name),
    reject: async (name) => {
      world.rejected.push(name);
      documents.delete(name);
    },
    report: async (name) => name,
  };
  const history = keepHistory({
    ports: { clock: { ...clock, nowMs: () => clock.nowMs() + world.leaptMs }, documents: files, log: silent, helper: { report } as never },
    metrics, known, live: () => (world.live === null ? [] : [world.live]), peersOf: () => peers.get().list,
  });
  return {
    history, documents, world, known, clock, peers,
    tunnel: (counters: Readonly<Record<string, number>> | null) => {
      report.set({ networks: counters === null ? [] : ['home', 'work'].filter((tunnelId) => tunnelId === (world.live ?? 'home')).map((tunnelId) => ({ tunnelId, node: undefined, tunnel: TunnelState.fromPartial({ peers: Object.entries(counters).map(([id, bytes]) => ({ publicKey: `key of ${id}`, receiveBytes: BigInt(bytes), transmitBytes: 0n })) }) })) });
    },
    list: (rows: readonly (readonly [string, PeerPath['kind'], number | null, boolean?])[]) => {
      peers.set({ source: 'replica', list: rows.map(([id, kind, latencyMs, favourite = false]) => ({ id, self: false, publicKey: `key of ${id}`, path: { kind }, latencyMs, favourite }) as unknown as PeerView) });
    },
    sample: (cpuUsed: number | null, used: number) => metrics.set({ atMs: clock.nowMs(), tunnel: null, host: { cpuUsed, memory: { total: 100, used, available: 100 - used }, load: [used / 50, 0, 0] } as never }),
    pass: async (ms: number) => {
      const untilMs = clock.nowMs() + ms;
      while (clock.next(untilMs)) await Promise.resolve();
      for (let i = 0; i < 60; i++) await Promise.resolve();
    },
  };
}

const columns = async (history: History, about: HistoryAbout, profile: string | null = 'home') => (await history.read(about, profile)).columns;

test('a minute of this machine: means and what was highest; the first sample of a life knows no processor', async () => {
  const m = machine();
  m.sample(null, 40);
  for (const cpu of [0.1, 0.7]) {
    await m.pass(20_000);
    m.sample(cpu, 60);
  }
  await m.pass(30_000);
  expect(await m.history.read('host', null)).toEqual({
    kind: 'host', startMs: Date.UTC(2026, 10, 22, 9), stepMs: minuteMs,
    columns: { cpu: [0.4], cpuMax: [0.7], memory: [0.533], memoryMax: [0.6], load: [1.07], loadMax: [1.2] },
  });
});

test('a minute of a network and of a peer: what passed, how it was reached, how far away it was', async () => {
  const m = machine();
  m.world.live = 'home';
  m.tunnel({ nas: 0 });
  m.list([['nas', 'direct', 10], ['attic', 'waiting', null]]);
  await m.pass(1_000);
  for (const [i, latency] of [12, 11, 90, 13].entries()) {
    m.tunnel({ nas: 50_000 * (i + 1) });
    m.list([['nas', i < 2 ? 'direct' : 'relay', latency], ['attic', 'waiting', null]]);
    await m.pass(15_000);
  }
  expect(await columns(m.history, 'network')).toEqual({ receivedBytes: [200_000], sentBytes: [0], directPeers: [0.6], relayedPeers: [0.4], awayPeers: [1] });
  expect(await columns(m.history, { peer: 'nas' })).toEqual({ receivedBytes: [200_000], sentBytes: [0], latencyMs: [12], latencyMaxMs: [90], direct: [0.545], relayed: [0.455] });
  expect(await columns(m.history, { peer: 'attic' })).toMatchObject({ receivedBytes: [] });
  expect(await columns(m.history, 'network', 'work')).toMatchObject({ receivedBytes: [] });
});

test('bytes survive a new tunnel and a sleep: nothing is lost, nothing is told twice, and the sleep is a gap', async () => {
  const m = machine();
  m.world.live = 'home';
  m.list([['nas', 'direct', 1]]);
  m.tunnel({ nas: 0 });
  await m.pass(5_000);
  m.tunnel({ nas: 1_000 });
  await m.pass(minuteMs);
  // Asleep for half an hour of wall time; the counters go on.
  m.world.leaptMs += 30 * minuteMs;
  m.tunnel({ nas: 1_500 });
  await m.pass(minuteMs);
  m.tunnel({});
  await m.pass(5_000);
  m.tunnel({ nas: 70 });
  await m.pass(2 * minuteMs);
  const received = (await columns(m.history, 'network'))['receivedBytes'] ?? [];
  expect(received.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)).toBe(1_570);
  expect(received.filter((bytes) => bytes === null)).toHaveLength(29);
});

test('a clock that is put back or forth leaves each value where it was measured', async () => {
  const m = machine();
  m.world.live = 'home';
  m.list([['nas', 'direct', 1]]);
  let bytes = 0;
  m.tunnel({ nas: 0 });
  await m.pass(1_000);
  const minutes = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      m.tunnel({ nas: (bytes += 100) });
      await m.pass(minuteMs);
    }
  };
  await minutes(10);
  m.world.leaptMs -= 5 * minuteMs;
  await minutes(3);
  const back = (await columns(m.history, 'network'))['receivedBytes'];
  m.world.leaptMs += 400 * 86_400_000;
  await minutes(2);
  m.world.leaptMs -= 400 * 86_400_000;
  await minutes(3);
  const received = (await columns(m.history, 'network'))['receivedBytes'] ?? [];
  // Three minutes were gone through twice; two passed in a year that never was, and are a gap in this one.
  expect([back, received]).toEqual([[100, 100, 100, 100, 100, 200, 200, 200], [100, 100, 100, 100, 100, 200, 200, 200, null, null, 100, 100, 100]]);
  const far = (await m.history.read('network', 'home')).startMs;
  expect(far).toBe(Date.UTC(2026, 10, 22, 9));
});

test('it writes at most every five minutes, and at its end; the next life goes on where this one ended', async () => {
  const m = machine();
  m.world.live = 'home';
  m.list([['nas', 'direct', 1]]);
  for (let i = 0; i <= 11; i++) {
    m.tunnel({ nas: 1_000 * i });
    m.sample(0.1, 10);
    await m.pass(minuteMs);
  }
  await m.pass(20_000);
  m.tunnel({ nas: 12_000 });
  await m.history.close();
  expect(m.world.writes).toEqual(['5 history-home', '5 history-host', '10 history-home', '10 history-host', '12 history-home', '12 history-host']);
  const before = await columns(m.history, { peer: 'nas' });
  const next = machine(m.documents);
  next.world.leaptMs += 12 * minuteMs + 30_000;
  next.world.live = 'home';
  next.list([['nas', 'direct', 1]]);
  next.tunnel({ nas: 12_000 });
  await next.pass(5_000);
  next.tunnel({ nas: 12_500 });
  await next.pass(minuteMs);
  const after = await columns(next.history, { peer: 'nas' });
  expect(after['receivedBytes']?.slice(0, 12)).toEqual(before['receivedBytes']);
  // The minute in which one life ended and the next began holds what both saw.
  expect(after['receivedBytes']?.[12]).toBe(1_500);
});

test('a full disk loses nothing: the day stays in memory and is written when there is room', async () => {
  const m = machine();
  m.world.full = true;
  for (let i = 0; i < 7; i++) {
    m.sample(0.1, 10);
    await m.pass(minuteMs);
  }
  expect([m.world.writes, (await columns(m.history, 'host'))['cpu']?.length]).toEqual([[], 7]);
  m.world.full = false;
  await m.pass(5 * minuteMs);
  expect(m.world.writes).toEqual(['10 history-host']);
});

test('a damaged document is set aside; the others stay, and a new day begins', async () => {
  const good = machine();
  good.sample(0.5, 10);
  await good.pass(minuteMs);
  await good.history.close();
  const m = machine(new Map([...good.documents, ['history-home', { format: 1, minutes: 'AAAA' }]]));
  m.world.leaptMs += 5 * minuteMs;
  m.world.live = 'home';
  m.tunnel({});
  await m.pass(2 * minuteMs);
  expect([m.world.rejected, (await columns(m.history, 'host'))['cpu']?.[0], (await columns(m.history, 'network'))['awayPeers']]).toEqual([['history-home'], 0.5, [0, 0]]);
});

test('a network that is forgotten takes its history along, also what was not written yet; clearing begins anew', async () => {
  const m = machine();
  m.world.live = 'home';
  m.list([['nas', 'direct', 1]]);
  m.tunnel({ nas: 1 });
  m.sample(0.1, 10);
  await m.pass(6 * minuteMs);
  expect([...m.documents.keys()].sort()).toEqual(['history-home', 'history-host']);
  m.world.live = null;
  m.known.set(['work']);
  await m.pass(6 * minuteMs);
  expect([...m.documents.keys()]).toEqual(['history-host']);
  await m.history.clear('work');
  expect([[...m.documents.keys()], (await columns(m.history, 'host'))['cpu']]).toEqual([[], []]);
});

test('10,000 peers cost no more than 256: a favourite and who talks have a history, the bound holds', async () => {
  const m = machine();
  m.world.live = 'home';
  const ids = Array.from({ length: 10_000 }, (_, i) => `p${i}`);
  const counters = Object.fromEntries(ids.map((id) => [id, 0]));
  m.tunnel(counters);
  m.list(ids.map((id) => [id, 'direct', 5, id === 'p9999']));
  await m.pass(1_000);
  for (let minute = 0; minute < 14; minute++) {
    for (const id of ids) counters[id] = (counters[id] ?? 0) + 200;
    if (minute >= 12) counters['p7777'] = (counters['p7777'] ?? 0) + talkBytes;
    m.tunnel(counters);
    await m.pass(minuteMs);
  }
  await m.history.close();
  const kept = m.documents.get('history-home') as { peers: { id: string }[] };
  expect(kept.peers).toHaveLength(peersMax);
  expect(['p9999', 'p7777', 'p1500'].map((id) => kept.peers.some((peer) => peer.id === id))).toEqual([true, true, false]);
  expect((await columns(m.history, 'network'))['receivedBytes']?.slice(0, 2)).toEqual([2_000_000, 2_000_000]);
});

test('a day later nothing is left of what was measured, and reads never exceed a day', async () => {
  const m = machine();
  for (let i = 0; i < historyMinutesMax + 20; i++) {
    m.sample(i < 5 ? 0.9 : 0.1, 10);
    await m.pass(minuteMs);
  }
  const { cpu = [] } = await columns(m.history, 'host');
  expect([cpu.length, cpu.every((value) => value === 0.1)]).toEqual([historyMinutesMax, true]);
  const hour = await m.history.read('host', null, m.clock.nowMs() + m.world.leaptMs - 60 * minuteMs);
  expect(hour.columns['cpu']).toHaveLength(60);
});
