import { present } from '../../base/assert.ts';
import { type Failure, failure } from '../../base/failure.ts';
import { type Configuration, type Entry, entryType, type HardState, type Index, type SnapshotRef } from '../../raft/types.ts';
import { type Database, type SqlValue, type Statement } from '../ports.ts';
import { type Extent, entryChecksum, extentChecksum, snapshotChecksum } from './checksum.ts';
import { createTermIndex } from './term-index.ts';

/** The tables of raft.db, and the one way in which their rows become values: every row proves itself by its checksum. */
export const schema = `
CREATE TABLE entries (
  position INTEGER PRIMARY KEY, term INTEGER NOT NULL, type INTEGER NOT NULL, data BLOB NOT NULL, extensions BLOB, appended_at BLOB, checksum INTEGER NOT NULL);
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, voted_for TEXT, first INTEGER NOT NULL, last INTEGER NOT NULL,
  snapshot INTEGER NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL, term INTEGER NOT NULL, configuration TEXT NOT NULL,
  configuration_position INTEGER NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL);
`;

export type Statements = ReturnType<typeof statements>;
export type Loaded = ReturnType<typeof load>;

export function statements(database: Database) {
  const columns = 'position, term, type, data, extensions, appended_at, checksum';
  return {
    putEntry: database.prepare(`INSERT INTO entries (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`),
    slice: database.prepare(`SELECT ${columns} FROM entries WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?`),
    truncate: database.prepare('DELETE FROM entries WHERE position >= ?'),
    dropBefore: database.prepare('DELETE FROM entries WHERE position < ?'),
    dropAll: database.prepare('DELETE FROM entries'),
    state: database.prepare('SELECT term, voted_for, first, last, snapshot, checksum FROM state'),
    putState: database.prepare('INSERT OR REPLACE INTO state (id, term, voted_for, first, last, snapshot, checksum) VALUES (1, ?, ?, ?, ?, ?, ?)'),
    snapshot: database.prepare('SELECT position, term, configuration, configuration_position, data, checksum FROM snapshot'),
    snapshotBytes: database.prepare('SELECT data, checksum FROM snapshot'),
    putSnapshot: database.prepare(
      'INSERT OR REPLACE INTO snapshot (id, position, term, configuration, configuration_position, data, checksum) VALUES (1, ?, ?, ?, ?, ?, ?)',
    ),
  };
}

const pageEntries = 256;
const indexMax = BigInt(Number.MAX_SAFE_INTEGER);

export function load(sql: Statements) {
  const extent = readExtent(sql.state);
  const snapshot = readSnapshot(sql.snapshot);
  const terms = createTermIndex();
  let [next, bytesSinceSnapshot, lastTerm] = [extent.first, 0, 0];
  for (let page = sql.slice.all(0n, indexMax, int(pageEntries)); page.length > 0; page = sql.slice.all(int(next), indexMax, int(pageEntries))) {
    for (const entry of page.map(readEntry)) {
      if (entry.index !== next) throw damaged(`entry ${next} is missing`);
      if (entry.term < lastTerm || entry.term > extent.term) throw damaged(`entry ${entry.index} has term ${entry.term}`);
      terms.push(entry.index, entry.term);
      if (entry.index > extent.snapshot) bytesSinceSnapshot += entry.data.length;
      [next, lastTerm] = [entry.index + 1, entry.term];
    }
  }
  if (next !== extent.last + 1) throw damaged(`entry ${next} is missing`);
  if ((snapshot?.index ?? 0) !== extent.snapshot) throw damaged('the snapshot is missing');
  const hardState: HardState = { term: extent.term, votedFor: extent.votedFor };
  return { hardState, snapshot, terms, firstIndex: extent.first, lastIndex: extent.last, bytesSinceSnapshot };
}

function readExtent(statement: Statement): Extent {
  const row = statement.all()[0];
  if (!row) return { term: 0, votedFor: null, first: 1, last: 0, snapshot: 0 };
  const extent = { term: whole(row[0]), votedFor: typeof row[1] === 'string' ? row[1] : null, first: whole(row[2]), last: whole(row[3]), snapshot: whole(row[4]) };
  if (whole(row[5]) !== extentChecksum(extent)) throw damaged('the hard state fails its checksum');
  return extent;
}

function readSnapshot(statement: Statement): SnapshotRef | null {
  const row = statement.all()[0];
  if (!row) return null;
  const ref = { index: whole(row[0]), term: whole(row[1]), configuration: configurationFrom(row[2]), configurationIndex: whole(row[3]) };
  if (whole(row[5]) !== snapshotChecksum(ref, blob(row[4]))) throw damaged('the snapshot fails its checksum');
  return ref;
}

export function readSnapshotBytes(statement: Statement, ref: SnapshotRef): Uint8Array {
  const row = present(statement.all()[0], 'the row of the snapshot');
  const bytes = blob(row[0]);
  if (whole(row[1]) !== snapshotChecksum(ref, bytes)) throw damaged('the snapshot fails its checksum');
  return bytes;
}

/** At least one entry, then more while they fit, read in pages so that a long catch-up never holds the whole log in memory. */
export function readSlice(statement: Statement, from: Index, to: Index, bytesMax: number): readonly Entry[] {
  const entries: Entry[] = [];
  let bytes = 0;
  for (let next = from; next <= to; ) {
    for (const row of statement.all(int(next), int(to), int(pageEntries))) {
      const entry = readEntry(row);
      bytes += entry.data.length;
      if (entries.length > 0 && bytes > bytesMax) return entries;
      entries.push(entry);
    }
    if (from + entries.length === next) throw damaged(`entry ${next} is missing`);
    next = from + entries.length;
  }
  return entries;
}

function readEntry(row: readonly SqlValue[]): Entry {
  const [index, term, type, data, extensions, appendedAt, checksum] = row;
  const known = Object.values(entryType).find((t) => t === whole(type));
  if (known === undefined) throw damaged(`entry ${String(index)} has type ${String(type)}`);
  const entry: Entry = { index: whole(index), term: whole(term), type: known, data: blob(data), extensions: blobOrNull(extensions), appendedAt: blobOrNull(appendedAt) };
  if (whole(checksum) !== entryChecksum(entry)) throw damaged(`entry ${entry.index} fails its checksum`);
  return entry;
}

function configurationFrom(value: SqlValue | undefined): Configuration {
  try {
    return JSON.parse(String(value)) as Configuration;
  } catch (error) {
    throw damaged('the configuration of the snapshot cannot be read', error);
  }
}

export function whole(value: SqlValue | undefined): number {
  const number = Number(value);
  if ((typeof value !== 'number' && typeof value !== 'bigint') || !Number.isSafeInteger(number)) throw damaged(`${String(value)} is no number`);
  return number;
}

/** The database binds numbers as reals; indexes and terms are integers. */
export function int(value: number): bigint {
  return BigInt(value);
}

function blob(value: SqlValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw damaged('a blob is missing');
  return value;
}

function blobOrNull(value: SqlValue | undefined): Uint8Array | null {
  return value === null ? null : blob(value);
}

export function damaged(reason: string, cause?: unknown): Failure {
  return failure('node.data-damaged', { file: 'raft.db', reason }, cause);
}
