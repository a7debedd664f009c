import { expect, test } from 'vitest';
import { MemoryDisk, text, voter } from '../../test/fakes/raft-cluster.ts';
import { createLog } from './log.ts';
import { type Entry, entryType } from './types.ts';

const entry = (index: number, term: number, size = 1): Entry => ({ index, term, type: entryType.command, data: text('x'.repeat(size)), extensions: null, appendedAt: null });

function logOf(terms: readonly number[]) {
  const disk = new MemoryDisk();
  disk.entries.push(...terms.map((term, i) => entry(i + 1, term)));
  return { disk, log: createLog(disk.reader(), null) };
}

test('reads across the border between the store and the tail', () => {
  const { log } = logOf([1, 1]);
  log.append([entry(3, 2), entry(4, 2)]);
  expect({ terms: [0, 1, 2, 3, 4, 5].map((i) => log.termAt(i)), last: log.lastIndex, stable: log.stableIndex }).toEqual({ terms: [0, 1, 1, 2, 2, undefined], last: 4, stable: 2 });
  expect(log.slice(2, 4, 1000, 1000).map((one) => one.index)).toEqual([2, 3, 4]);
  expect(log.slice(1, 4, 1000, 3).map((one) => one.index)).toEqual([1, 2, 3]);
});

test('limits bytes but always gives one entry', () => {
  const { log } = logOf([]);
  log.append([entry(1, 1, 500), entry(2, 1, 10), entry(3, 1, 10)]);
  expect(log.slice(1, 3, 100, 100).map((one) => one.index)).toEqual([1]);
  expect(log.slice(2, 3, 20, 100).map((one) => one.index)).toEqual([2, 3]);
  expect(log.slice(2, 3, 19, 100).map((one) => one.index)).toEqual([2]);
});

test('asks the driver to truncate only what is on disk', () => {
  const { log } = logOf([1, 1, 1]);
  log.append([entry(4, 1)]);
  log.truncate(4);
  expect(log.takeUnstored()).toEqual({ truncateFrom: null, append: [] });
  log.truncate(2);
  log.append([entry(2, 2)]);
  expect(log.takeUnstored()).toEqual({ truncateFrom: 2, append: [entry(2, 2)] });
});

test('a truncation while a batch is being stored also undoes that batch', () => {
  const { log } = logOf([1]);
  log.append([entry(2, 1), entry(3, 1)]);
  log.takeUnstored();
  log.truncate(3);
  log.append([entry(3, 2)]);
  log.stored(3);
  expect({ stable: log.stableIndex, next: log.takeUnstored() }).toEqual({ stable: 2, next: { truncateFrom: 3, append: [entry(3, 2)] } });
});

test('after a snapshot was installed the log begins behind it, whatever was being stored', () => {
  const { log } = logOf([1]);
  log.append([entry(2, 1)]);
  log.takeUnstored();
  log.restore({ index: 10, term: 3, configuration: { servers: [voter('a')] }, configurationIndex: 1 });
  log.stored(2);
  log.append([entry(11, 3)]);
  expect({ first: log.firstIndex, last: log.lastIndex, stable: log.stableIndex, term: log.termAt(10), before: log.termAt(9) }).toEqual({ first: 11, last: 11, stable: 10, term: 3, before: undefined });
});

test('a compacted log still knows the term of its snapshot', () => {
  const { disk, log } = logOf([1, 1, 2, 2]);
  const snapshot = { index: 3, term: 2, configuration: { servers: [voter('a')] }, configurationIndex: 1 };
  disk.compact(snapshot, 4);
  log.compact(snapshot, 4);
  expect({ first: log.firstIndex, terms: [2, 3, 4].map((i) => log.termAt(i)) }).toEqual({ first: 4, terms: [undefined, 2, 2] });
  expect(() => log.slice(3, 4, 100, 100)).toThrow('readable');
});
