import { expect, test } from 'vitest';
import { between, chance, type Random, seeded } from '../../base/random.ts';
import { historyMinutesMax } from '../../contract/history.ts';
import { columnsOf } from './columns.ts';
import { pack, unpack } from './pack.ts';
import { addMinute, addPeer, createRing, isKnown, peersMax, type Point, prune, readColumn, type Ring } from './ring.ts';

const network = (): Ring => createRing(columnsOf.network, columnsOf.peer);
const reread = (ring: Ring): Ring | undefined => unpack(JSON.parse(JSON.stringify(pack(ring))), columnsOf.network, columnsOf.peer);
const sums = (values: readonly (number | null)[]): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

/** A wall clock as it may be: mostly on by a minute, sometimes asleep for hours, sometimes set anywhere. */
function nextMinute(random: Random, minute: number): number {
  if (chance(random, 0.9)) return minute + 1;
  if (chance(random, 0.5)) return minute + between(random, 2, 2_000);
  return Math.max(0, minute - between(random, 0, 3_000));
}

test.each(seeds)('seed %i: a minute reads as what was added to it or as nothing, bytes add up, and a restart changes nothing', (seed) => {
  const random = seeded(seed);
  const ring = network();
  addPeer(ring, 'nas');
  /** What must stand in each slot: the minute that was written last, and its bytes. */
  const model = new Map<number, { minute: number; received: number; nas: number }>();
  let minute = between(random, 0, 60_000_000);
  for (let step = 0; step < 3_000; step++) {
    minute = nextMinute(random, minute);
    const received = Math.floor(random.next() ** 6 * 2 ** 46);
    const nas = Math.floor(received * random.next());
    addMinute(ring, minute, between(random, 1, 12), [received, 0, 1, 0, 0], new Map<string, Point>([['nas', [nas, 0, 5, 9, 1, 0]], ['stranger', [1, 1, 1, 1, 1, 1]]]));
    const slot = minute % historyMinutesMax;
    const before = model.get(slot);
    model.set(slot, before?.minute === minute ? { minute, received: before.received + received, nas: before.nas + nas } : { minute, received, nas });
  }
  const held = [...model.values()];
  expect(held.length).toBeLessThanOrEqual(historyMinutesMax);
  for (const read of [ring, reread(ring)]) {
    expect(read && [...read.peers.keys()]).toEqual(['nas']);
    const track = read?.peers.get('nas');
    if (!read || !track) return;
    expect(held.every((m) => readColumn(read, read.own, 0, m.minute, m.minute)[0] === m.received && readColumn(read, track, 0, m.minute, m.minute)[0] === m.nas)).toBe(true);
    expect(read.weights.filter((weight, slot) => weight > 0 && isKnown(read, read.stamps[slot] ?? -1))).toHaveLength(held.length);
    const [first, last] = [Math.max(0, minute - historyMinutesMax + 1), minute];
    expect(sums(readColumn(read, read.own, 0, first, last))).toBe(held.filter((m) => m.minute >= first && m.minute <= last).reduce((sum, m) => sum + m.received, 0));
  }
  expect(reread(ring)).toEqual(ring);
});

test('of a minute that was begun twice bytes add up, means are weighed, and the highest stays', () => {
  const ring = createRing(columnsOf.host);
  addMinute(ring, 7, 9, [0.2, 0.5, 0.4, 0.4, 1, 2]);
  addMinute(ring, 7, 3, [0.6, 0.9, 0.4, 0.4, 3, 1.5]);
  expect(ring.own.columns.map((_, i) => readColumn(ring, ring.own, i, 7, 7)[0])).toEqual([0.3, 0.9, 0.4, 0.4, 1.5, 2]);
});

test('the first minute of 1970 is a minute like any other', () => {
  const ring = network();
  addMinute(ring, 0, 1, [1, 1, 1, 1, 1]);
  addMinute(ring, 1, 1, [2, 1, 1, 1, 1]);
  expect(reread(ring)).toEqual(ring);
});

test('what is no measurement, or no minute, leaves nothing', () => {
  const ring = createRing(columnsOf.host);
  addMinute(ring, 7, 1, [Number.NaN, Number.POSITIVE_INFINITY, -1, null, 1e9]);
  addMinute(ring, -1, 1, [1, 1, 1, 1, 1, 1]);
  addMinute(ring, 2 ** 33, 1, [1, 1, 1, 1, 1, 1]);
  expect(ring.own.columns.map((_, i) => readColumn(ring, ring.own, i, 7, 7)[0])).toEqual([null, null, null, null, 655.34, null]);
  expect([...ring.weights].filter((weight) => weight > 0)).toHaveLength(1);
});

test('256 peers at 5 Mbit/s for a day take 9 MB of memory and 7.1 MB of disk, ten of them 0.4 and 0.3', () => {
  const random = seeded(5);
  const busy = (peers: number): Ring => {
    const ring = network();
    const ids = Array.from({ length: peers }, (_, i) => `peer-${i}`);
    for (const id of ids) addPeer(ring, id);
    for (let minute = 0; minute < historyMinutesMax; minute++) {
      addMinute(ring, 29_000_000 + minute, 12, [1e9, 1e9, peers, 0, 0], new Map(ids.map((id) => [id, [random.next() * 4e7, random.next() * 4e6, random.next() * 200, random.next() * 900, 1, 0]])));
    }
    return ring;
  };
  const memory = ({ own, peers }: Ring): number => [own, ...peers.values()].reduce((sum, { cells }) => sum + cells.reduce((more, column) => more + column.byteLength, 0), 0);
  const [full, ten] = [busy(peersMax), busy(10)];
  expect(memory(full)).toBe(peersMax * 34_560 + 31_680);
  expect(memory(full)).toBeLessThan(9e6);
  expect(JSON.stringify(pack(full)).length).toBeLessThan(7.1e6);
  expect(JSON.stringify(pack(ten)).length).toBeLessThan(0.31e6);
  expect(reread(full)).toEqual(full);
});

test('at its very worst the document is below what a document may be', () => {
  const ring = network();
  for (let i = 0; i < peersMax; i++) addPeer(ring, `${'p'.repeat(250)}${i}`, 29_000_000);
  const most: Point = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 1e9, 1e9, 65, 65];
  for (let minute = 0; minute < historyMinutesMax; minute++) addMinute(ring, minute * 1_441, 60_000, most, new Map([...ring.peers.keys()].map((id) => [id, most])));
  const text = JSON.stringify(pack(ring), null, 1);
  expect(text.length).toBeLessThan(16 << 20);
  expect(unpack(JSON.parse(text), columnsOf.network, columnsOf.peer)).toEqual(ring);
});

test('peers of whom nothing is left give their place up', () => {
  const ring = network();
  addPeer(ring, 'quiet');
  addPeer(ring, 'nas');
  addMinute(ring, 1, 1, [1, 1, 1, 1, 1], new Map<string, Point>([['nas', [1, 1, 1, 1, 1, 1]]]));
  prune(ring);
  expect([...ring.peers.keys()]).toEqual(['nas']);
});

test('a document that is not whole is none: it never throws and never reads as something else', () => {
  const ring = network();
  addPeer(ring, 'nas');
  for (let minute = 100; minute < 130; minute++) addMinute(ring, minute, 12, [minute, 1, 1, 0, 0], new Map<string, Point>([['nas', [minute, 1, null, null, 1, 0]]]));
  const good = pack(ring);
  const peer = good.peers[0];
  const b64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');
  const bad: unknown[] = [
    null, 7, [], {}, { ...good, format: 2 }, { ...good, minutes: '' }, { ...good, minutes: 'not base64!' }, { ...good, weights: `${good.own[0]}AA==` },
    // Two minutes in one slot; a distance of zero; a run that is longer than a day; a number that does not end; no columns; the same peer twice.
    { ...good, minutes: b64(1, 160, 11), weights: b64(1, 1) }, { ...good, minutes: b64(1, 0, 1) }, { ...good, own: [b64(0, 200, 200, 200, 1), ...good.own.slice(1)] },
    { ...good, own: [b64(255), ...good.own.slice(1)] }, { ...good, own: [] }, { ...good, peers: [peer, peer] }, { ...good, peers: [{ ...peer, columns: [] }] }, { ...good, peers: Array.from({ length: 257 }, (_, i) => ({ ...peer, id: `p${i}` })) },
    { ...good, own: good.own.map(() => b64(...Array.from({ length: 12 }, () => 255), 1)) }, { ...good, peers: [{ ...peer, talked: -1 }] },
  ];
  expect(bad.map((value) => unpack(value, columnsOf.network, columnsOf.peer))).toEqual(bad.map(() => undefined));
  const random = seeded(9);
  const text = JSON.stringify(good);
  for (let i = 0; i < 3_000; i++) {
    const at = between(random, 0, text.length - 1);
    const changed = text.slice(0, at) + String.fromCharCode(between(random, 32, 126)) + text.slice(at + between(random, 0, 3));
    let value: unknown;
    try {
      value = JSON.parse(changed);
    } catch {
      continue; // Documents set that aside themselves.
    }
    const read = unpack(value, columnsOf.network, columnsOf.peer);
    if (read) expect(unpack(JSON.parse(JSON.stringify(pack(read))), columnsOf.network, columnsOf.peer)).toEqual(read);
  }
});
