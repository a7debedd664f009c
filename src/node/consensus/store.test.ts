import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { openDatabase } from '../../platform/sqlite.ts';
import { type Entry, type Index, type SnapshotRef, type Term } from '../../raft/types.ts';
import { type Database } from '../ports.ts';
import { type Durable, openStore, type Store } from './store.ts';

let folder = '';
beforeEach(() => {
  // Thousands of synced writes: memory, where there is such a folder.
  folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'webmesh-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (): string => join(folder, 'raft.db');
const open = (cacheBytesMax?: number): Store => openStore(() => openDatabase({ path: path(), durability: 'full' }), cacheBytesMax === undefined ? {} : { cacheBytesMax });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const entry = (index: Index, term: Term, data = `data-${index}`): Entry => ({ index, term, type: 0, data: bytes(data), extensions: index % 2 ? null : bytes('x'), appendedAt: bytes('time') });
const entries = (from: Index, to: Index, term: Term): Entry[] => Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term));
const nothing: Durable = { hardState: null, truncateFrom: null, append: [], install: null };
const configuration = { servers: [{ id: 'a', address: '127.0.0.1:1', voter: true }] };
const ref = (index: Index, term: Term): SnapshotRef => ({ index, term, configuration, configurationIndex: 1 });

/** Everything a caller can see of a store, to compare what was written with what a new opening reads. */
function seen(store: Store): unknown {
  const { firstIndex, lastIndex, hardState, snapshot } = store;
  const log = firstIndex <= lastIndex ? store.slice(firstIndex, lastIndex, Number.POSITIVE_INFINITY) : [];
  return { firstIndex, lastIndex, hardState, snapshot, log, terms: log.map(({ index }) => store.termAt(index)), bytes: snapshot ? store.snapshotBytes() : null };
}

test('an empty folder is a node that knows nothing', () => {
  const store = open();
  expect(seen(store)).toEqual({ firstIndex: 1, lastIndex: 0, hardState: { term: 0, votedFor: null }, snapshot: null, log: [], terms: [], bytes: null });
  expect([store.termAt(0), store.termAt(1)]).toEqual([undefined, undefined]);
  store.close();
});

test('holds after a restart exactly what was stored, through appends, truncations, votes, compactions and installs', () => {
  const steps: readonly ((store: Store) => void)[] = [
    (store) => store.save({ ...nothing, hardState: { term: 1, votedFor: 'a' }, append: entries(1, 5, 1) }, null),
    (store) => store.save({ ...nothing, hardState: { term: 2, votedFor: null }, truncateFrom: 4, append: entries(4, 9, 2) }, null),
    (store) => store.compact(ref(6, 2), bytes('state at 6'), 3),
    (store) => store.save({ ...nothing, truncateFrom: 8 }, null),
    (store) => store.save({ ...nothing, append: [{ ...entry(8, 2), type: 5, data: new Uint8Array(0), appendedAt: null }] }, null),
    (store) => store.save({ ...nothing, hardState: { term: 4, votedFor: null }, install: ref(20, 3) }, bytes('state at 20')),
    (store) => store.save({ ...nothing, append: entries(21, 22, 4) }, null),
    (store) => store.compact(ref(22, 4), bytes('state at 22'), 23),
  ];
  for (const [n, step] of steps.entries()) {
    const store = open(n % 2 ? 0 : 1000);
    step(store);
    const before = seen(store);
    store.close();
    const again = open();
    expect(seen(again), `step ${n}`).toEqual(before);
    again.close();
  }
  expect(seen(open())).toMatchObject({ firstIndex: 23, lastIndex: 22, hardState: { term: 4 }, snapshot: { index: 22 }, bytes: bytes('state at 22') });
});

test('serves a slice from cache and from disk alike, bounded in bytes but never empty', () => {
  const wide = open();
  wide.save({ ...nothing, hardState: { term: 1, votedFor: null }, append: entries(1, 900, 1) }, null);
  const slices = (store: Store): unknown => [store.slice(1, 900, 40).map((e) => e.index), store.slice(5, 5, 0).map((e) => e.index), store.slice(300, 700, Number.POSITIVE_INFINITY).length];
  const fromCache = slices(wide);
  wide.close();
  const narrow = open(0);
  expect([slices(narrow), fromCache]).toEqual([[[1, 2, 3, 4, 5, 6], [5], 401], fromCache]);
  narrow.close();
});

test('a transaction that fails leaves the file as it was', () => {
  const database = openDatabase({ path: path(), durability: 'full' });
  const store = openStore(() => database);
  store.save({ ...nothing, hardState: { term: 1, votedFor: null }, append: entries(1, 3, 1) }, null);
  const before = seen(store);
  expect(() => store.save({ ...nothing, hardState: { term: 9, votedFor: 'z' }, append: [entry(4, 9), entry(4, 9)] }, null)).toThrow();
  store.close();
  expect(seen(open())).toEqual(before);
});

test('one Ready is one transaction', () => {
  const inner = openDatabase({ path: path(), durability: 'full' });
  let transactions = 0;
  const counting: Database = { ...inner, transaction: (work) => (transactions++, inner.transaction(work)) };
  const store = openStore(() => counting);
  transactions = 0;
  store.save({ hardState: { term: 2, votedFor: 'b' }, truncateFrom: null, append: entries(1, 100, 2), install: null }, null);
  expect(transactions).toBe(1);
  store.close();
});

test('every damaged byte of a small file is noticed or harmless, and nothing is lost', () => {
  const store = open();
  store.save({ ...nothing, hardState: { term: 3, votedFor: 'a' }, append: entries(1, 4, 2) }, null);
  store.compact(ref(2, 2), bytes('the state'), 2);
  const whole = seen(store);
  store.close();
  const good = readFileSync(path());
  const copy = join(folder, 'copy.db');
  let noticed = 0;
  // Every byte that holds something, and a sample of the empty space between.
  const positions = [...good.keys()].filter((i) => good[i] !== 0 || i % 97 === 0);
  for (const position of positions) {
    const bad = Buffer.from(good);
    bad[position] = (bad[position] ?? 0) ^ 0x21;
    writeFileSync(copy, bad);
    try {
      const opened = openStore(() => openDatabase({ path: copy, durability: 'normal' }));
      expect(seen(opened), `byte ${position}`).toEqual(whole);
      opened.close();
    } catch (error) {
      if (!isFailure(error) || error.code !== 'node.data-damaged') throw error;
      noticed++;
      // What was damaged before is still there for whoever wants to look: opening changed nothing but SQLite's own header words.
      expect(readFileSync(copy).subarray(100).equals(bad.subarray(100)), `byte ${position} kept`).toBe(true);
    }
    for (const suffix of ['-wal', '-shm']) rmSync(copy + suffix, { force: true });
  }
  expect(noticed).toBeGreaterThan(100);
});

test('a log torn at any byte opens with a prefix of what was stored, and keeps what was stored before', () => {
  const database = openDatabase({ path: path(), durability: 'full' });
  const store = openStore(() => database);
  const states = [seen(store)];
  for (let i = 1; i <= 4; i++) {
    store.save({ ...nothing, hardState: { term: i, votedFor: null }, append: [entry(i, i)] }, null);
    states.push(seen(store));
  }
  copyFileSync(path(), join(folder, 'main'));
  const wal = readFileSync(`${path()}-wal`);
  store.close();
  const torn = join(folder, 'torn.db');
  let least = 0;
  for (let length = 0; length <= wal.length; length += 103) {
    copyFileSync(join(folder, 'main'), torn);
    writeFileSync(`${torn}-wal`, wal.subarray(0, length));
    const opened = openStore(() => openDatabase({ path: torn, durability: 'full' }));
    const found = states.findIndex((state) => JSON.stringify(state) === JSON.stringify(seen(opened)));
    expect(found, `cut at ${length}`).toBeGreaterThanOrEqual(least);
    least = found;
    opened.close();
    rmSync(torn);
  }
  expect(least).toBeGreaterThanOrEqual(3);
});
