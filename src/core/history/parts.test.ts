import { expect, test } from 'vitest';
import { between, chance, seeded } from '../../base/random.ts';
import { type NetworkState, TunnelState, type WatchResponse } from '../../gen/webmesh/helper/v1/helper.ts';
import { createCounters } from './counters.ts';
import { csvOf, field } from './csv.ts';
import { choosePlaces, talkBytes } from './places.ts';

type Counters = Readonly<Record<string, readonly [number, number]>>;
const network = (tunnelId: string, peers: Counters): NetworkState => ({
  tunnelId, node: undefined,
  tunnel: TunnelState.fromPartial({ peers: Object.entries(peers).map(([publicKey, [receive, transmit]]) => ({ publicKey, receiveBytes: BigInt(receive), transmitBytes: BigInt(transmit) })) }),
});
const report = (peers: Counters | null): WatchResponse => ({ networks: peers === null ? [] : [network('home', peers)] });
const shown = (growth: ReadonlyMap<string, { receivedBytes: number; sentBytes: number }>): string => [...growth].map(([key, g]) => `${key} ${g.receivedBytes}/${g.sentBytes}`).join(', ');

test('counters: what grew is told; what fell, or was not there, counts from zero; what a tunnel carried before our time is nobody\'s', () => {
  const look = createCounters();
  const told = [
    null, report({ a: [1_000, 500] }), report({ a: [1_010, 500], b: [7, 0] }), null, report({ a: [1_030, 501], b: [7, 0] }),
    report({ a: [20, 1], b: [9, 0] }), report(null), report({ a: [5, 5] }), report({}), report({ a: [6, 6] }),
  ].map((next) => shown(look(next).get('home') ?? new Map()));
  expect(told).toEqual(['', '', 'a 10/0, b 7/0', '', 'a 20/1', 'a 20/1, b 2/0', '', 'a 5/5', '', 'a 6/6']);
});

test('counters: one key in two networks is two peers; a network that comes later counts from zero', () => {
  const look = createCounters();
  look({ networks: [network('home', { a: [5, 0] })] });
  const told = look({ networks: [network('work', { a: [9, 0] }), network('home', { a: [7, 1] })] });
  expect([...told].map(([id, growth]) => `${id}: ${shown(growth)}`)).toEqual(['work: a 9/0', 'home: a 2/1']);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('counters, seed %i: the sum of what is told is what the tunnels carried while somebody looked', (seed) => {
  const random = seeded(seed);
  const look = createCounters();
  look(report(null));
  const counters: Record<string, [number, number]> = {};
  let [carried, told] = [0, 0];
  for (let step = 0; step < 2_000; step++) {
    const id = `p${between(random, 0, 9)}`;
    const more = between(random, 1, 1e6);
    counters[id] = [(counters[id]?.[0] ?? 0) + more, (counters[id]?.[1] ?? 0) + more];
    carried += 2 * more;
    // A helper that is away for a while, and a tunnel that comes anew right after a look.
    if (chance(random, 0.2)) look(null);
    for (const { receivedBytes, sentBytes } of look(report(counters)).get('home')?.values() ?? []) told += receivedBytes + sentBytes;
    if (chance(random, 0.05)) {
      for (const key of Object.keys(counters)) delete counters[key];
      look(report(chance(random, 0.5) ? null : {}));
    }
  }
  expect(told).toBe(carried);
});

const nobody = (): boolean => false;
const candidate = (id: string, bytes: number, favourite = false) => ({ id, bytes, favourite });

test('places: whoever comes gets one while there is room, the busiest first', () => {
  expect(choosePlaces(new Map(), [candidate('quiet', 1), candidate('busy', 9), candidate('star', 0, true)], 50, nobody, 2)).toEqual({ add: ['star', 'busy'], drop: [] });
});

test('places: who talks takes the place of who has been quiet longest, never that of a favourite or of who talked lately', () => {
  const held = new Map([['old', 10], ['older', 5], ['star', 1], ['lately', 45], ['future', 9_999]]);
  const choose = (...waiting: ReturnType<typeof candidate>[]) => choosePlaces(held, waiting, 50, (id) => id === 'star', 5);
  expect(choose(candidate('a', talkBytes), candidate('b', talkBytes + 1))).toEqual({ add: ['b', 'a'], drop: ['future', 'older'] });
  expect(choose(candidate('a', talkBytes - 1))).toEqual({ add: [], drop: [] });
  expect(choose(...['a', 'b', 'c', 'd'].map((id) => candidate(id, talkBytes)))).toEqual({ add: ['a', 'b', 'c'], drop: ['future', 'older', 'old'] });
  expect(choose(...['a', 'b', 'c', 'd', 'e'].map((id) => candidate(id, 1, true)))).toEqual({ add: ['a', 'b', 'c', 'd'], drop: ['future', 'older', 'old', 'lately'] });
});

test('places: never more than there are, whatever comes', () => {
  const random = seeded(3);
  let held = new Map<string, number>();
  for (let minute = 1; minute < 400; minute++) {
    const waiting = Array.from({ length: 40 }, () => candidate(`p${between(random, 0, 300)}`, between(random, 0, 2 * talkBytes), chance(random, 0.02)));
    const { add, drop } = choosePlaces(held, [...new Map(waiting.map((one) => [one.id, one])).values()], minute, nobody, 32);
    held = new Map([...held].filter(([id]) => !drop.includes(id)));
    for (const id of add) held.set(id, minute);
    expect(held.size).toBeLessThanOrEqual(32);
  }
  expect(held.size).toBe(32);
});

/** RFC 4180 and nothing else: throws where a quote, a line end or a count of fields is wrong. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      const quoted = /"((?:[^"]|"")*)"/y;
      const bare = /[^",\r\n]*/y;
      const reader = text[at] === '"' ? quoted : bare;
      reader.lastIndex = at;
      const match = reader.exec(text);
      if (!match) throw new Error(`quote without end at ${at}`);
      row.push(match[1]?.replaceAll('""', '"') ?? match[0]);
      at = reader.lastIndex;
      if (text[at] !== ',') break;
      at++;
    }
    if (text.slice(at, at + 2) !== '\r\n') throw new Error(`no line end at ${at}: ${text.slice(at, at + 10)}`);
    at += 2;
    rows.push(row);
  }
  if (rows.some((row) => row.length !== rows[0]?.length)) throw new Error('rows of different length');
  return rows;
}

test('csv: a strict reader gets back every minute and every name, in ISO times, and nothing that a spreadsheet would run', () => {
  const startMs = Date.UTC(2026, 10, 22, 23, 59);
  const peer = '=HYPERLINK("http://x","a\r\nb"),1';
  const view = { kind: 'peer', startMs, stepMs: 60_000, columns: { receivedBytes: [9_007_199_254_740_990, null, 3], latencyMs: [0.1, null, null] } } as const;
  expect(parseCsv(csvOf(view, { network: 'Home', peer }))).toEqual([
    ['time', 'network', 'peer', 'received_bytes', 'latency_ms'],
    ['2026-11-22T23:59:00.000Z', 'Home', `'${peer}`, '9007199254740990', '0.1'],
    ['2026-11-23T00:01:00.000Z', 'Home', `'${peer}`, '3', ''],
  ]);
  expect(['=1', '+1', '-1', '@a', '\t=1', 'a=1', 'plain', 'a,"b"', ''].map(field)).toEqual(["'=1", "'+1", "'-1", "'@a", "'\t=1", 'a=1', 'plain', '"a,""b"""', '']);
  expect(parseCsv(csvOf({ ...view, columns: { receivedBytes: [], latencyMs: [] } }))).toEqual([['time', 'received_bytes', 'latency_ms']]);
});
