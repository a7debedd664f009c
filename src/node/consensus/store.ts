import { AssertionError, assert, present } from '../../base/assert.ts';
import { failure, isFailure } from '../../base/failure.ts';
import { type Configuration, type Entry, entryType, type HardState, type Index, type LogReader, type Ready, type SnapshotRef, type Term } from '../../raft/types.ts';
import { type Database, type SqlValue, type Statement } from '../ports.ts';
import { type Extent, entryChecksum, extentChecksum, snapshotChecksum } from './checksum.ts';
import { createEntryCache } from './entry-cache.ts';
import { createTermIndex } from './term-index.ts';

/** What one `Ready` asks to be durable. */
export type Durable = Pick<Ready, 'hardState' | 'truncateFrom' | 'append' | 'install'>;

/**
 * The durable half of consensus: log, hard state and newest snapshot in one SQLite file (raft.db).
 * Every write is one transaction that is synced before the call returns; an error in it must end the process, because after a
 * failed sync nobody knows what the disk holds. Rows carry checksums: damage is found at opening and on reading, never passed on.
 */
export interface Store extends LogReader {
  readonly hardState: HardState;
  readonly snapshot: SnapshotRef | null;
  /** About how many bytes of entry data came after the newest snapshot: a measure for taking the next one. */
  readonly bytesSinceSnapshot: number;
  /** Content of the newest snapshot. Throws node.data-damaged. */
  snapshotBytes(): Uint8Array;
  /** Stores a Ready in one synced transaction. `installed`: the bytes of `durable.install`. */
  save(durable: Durable, installed: Uint8Array | null): void;
  /** Replaces the snapshot and drops the log before `keepFrom`, in one synced transaction. */
  compact(snapshot: SnapshotRef, bytes: Uint8Array, keepFrom: Index): void;
    close(): void;
}

const cacheBytesDefault = 4 << 20;

/**
 * Opens raft.db (durability full), makes its tables on first use and reads all of it once, because damage must be known before this
 * node promises anything. Throws the Failure of opening, or node.data-damaged, and has changed nothing then.
 */
export function openStore(open: () => Database, { cacheBytesMax = cacheBytesDefault }: { cacheBytesMax?: number } = {}): Store {
  let database: Database | undefined;
  try {
    database = open();
    // Tables are made in an empty file only: in any other, a missing one is damage that must not be papered over.
    const opened = database;
    if (whole(opened.prepare('SELECT count(*) FROM sqlite_schema').all()[0]?.[0]) === 0) opened.transaction(() => opened.exec(schema));
    const sql = statements(database);
    return createStore(database, sql, load(sql), cacheBytesMax);
  } catch (error) {
    database?.close();
    // SQL that is ours alone fails only when the file's own schema is not what we wrote.
    throw isFailure(error) || error instanceof AssertionError ? error : damaged(error instanceof Error ? error.message : String(error), error);
  }
}

function createStore(database: Database, sql: Statements, loaded: Loaded, cacheBytesMax: number): Store {
  const cache = createEntryCache(cacheBytesMax);
  const terms = loaded.terms;
  let { hardState, snapshot, firstIndex, lastIndex, bytesSinceSnapshot } = loaded;

  const writeExtent = (next: Extent): void => {
    sql.putState.run(int(next.term), next.votedFor, int(next.first), int(next.last), int(next.snapshot), int(extentChecksum(next)));
  };
  const writeSnapshot = (ref: SnapshotRef, bytes: Uint8Array): void => {
    const configuration = JSON.stringify(ref.configuration);
    sql.putSnapshot.run(int(ref.index), int(ref.term), configuration, int(ref.configurationIndex), bytes, int(snapshotChecksum(ref, bytes)));
  };
  const writeEntry = (entry: Entry): void => {
    sql.putEntry.run(int(entry.index), int(entry.term), int(entry.type), entry.data, entry.extensions, entry.appendedAt, int(entryChecksum(entry)));
  };

  return {
    get hardState() { return hardState; },
    get snapshot() { return snapshot; },
    get firstIndex() { return firstIndex; },
    get lastIndex() { return lastIndex; },
    get bytesSinceSnapshot() { return bytesSinceSnapshot; },
    termAt: (index) => (snapshot?.index === index ? snapshot.term : terms.at(index)),
    slice: (from, to, bytesMax) => {
      assert(from >= firstIndex && to <= lastIndex && from <= to, `entries ${from} to ${to} are in the log ${firstIndex} to ${lastIndex}`);
      return cache.slice(from, to, bytesMax) ?? readSlice(sql.slice, from, to, bytesMax);
    },
    snapshotBytes: () => readSnapshotBytes(sql.snapshotBytes, present(snapshot, 'the snapshot')),
    save: (durable, installed) => {
      const { append, install, truncateFrom } = durable;
      const next = extentAfter({ ...hardState, first: firstIndex, last: lastIndex, snapshot: snapshot?.index ?? 0 }, durable);
      database.transaction(() => {
        writeExtent(next);
        if (install) {
          writeSnapshot(install, present(installed, 'the bytes of an installed snapshot'));
          sql.dropAll.run();
        }
        if (truncateFrom !== null) sql.truncate.run(int(truncateFrom));
        for (const entry of append) writeEntry(entry);
      });
      if (install) {
        snapshot = install;
        terms.clear(install.index + 1);
        cache.clear();
        bytesSinceSnapshot = 0;
      }
      if (truncateFrom !== null) {
        terms.truncate(truncateFrom);
        cache.truncate(truncateFrom);
      }
      for (const entry of append) {
        terms.push(entry.index, entry.term);
        bytesSinceSnapshot += entry.data.length;
      }
      cache.push(append);
      hardState = { term: next.term, votedFor: next.votedFor };
      [firstIndex, lastIndex] = [next.first, next.last];
    },
    compact: (ref, bytes, keepFrom) => {
      assert(keepFrom <= ref.index + 1 && ref.index <= lastIndex, 'what a snapshot does not hold stays in the log');
      const first = Math.max(firstIndex, keepFrom);
      database.transaction(() => {
        writeExtent({ ...hardState, first, last: lastIndex, snapshot: ref.index });
        writeSnapshot(ref, bytes);
        sql.dropBefore.run(int(first));
      });
      snapshot = ref;
      firstIndex = first;
      terms.dropBefore(first);
      cache.dropBefore(first);
      bytesSinceSnapshot = 0;
    },
    close: () => database.close(),
  };
}

/** The hard state, and what else the file must hold: rows that vanish without a trace are noticed by it. */
function extentAfter(before: Extent, { hardState, install, truncateFrom, append }: Durable): Extent {
  const { term, votedFor } = hardState ?? before;
  const [first, kept] = install ? [install.index + 1, install.index] : [before.first, truncateFrom === null ? before.last : Math.min(before.last, truncateFrom - 1)];
  const [head, tail] = [append[0], append[append.length - 1]];
  assert(head === undefined || head.index === kept + 1, 'the log has no gap');
  return { term, votedFor, first, last: tail?.index ?? kept, snapshot: install?.index ?? before.snapshot };
}

const schema = `
CREATE TABLE entries (
  position INTEGER PRIMARY KEY, term INTEGER NOT NULL, type INTEGER NOT NULL, data BLOB NOT NULL, extensions BLOB, appended_at BLOB, checksum INTEGER NOT NULL);
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, voted_for TEXT, first INTEGER NOT NULL, last INTEGER NOT NULL,
  snapshot INTEGER NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL, term INTEGER NOT NULL, configuration TEXT NOT NULL,
  configuration_position INTEGER NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL);
`;

type Statements = ReturnType<typeof statements>;
type Loaded = ReturnType<typeof load>;

function statements(database: Database) {
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

function load(sql: Statements) {
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

function readSnapshotBytes(statement: Statement, ref: SnapshotRef): Uint8Array {
  const row = present(statement.all()[0], 'the row of the snapshot');
  const bytes = blob(row[0]);
  if (whole(row[1]) !== snapshotChecksum(ref, bytes)) throw damaged('the snapshot fails its checksum');
  return bytes;
}

/** At least one entry, then more while they fit, read in pages so that a long catch-up never holds the whole log in memory. */
function readSlice(statement: Statement, from: Index, to: Index, bytesMax: number): readonly Entry[] {
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

function whole(value: SqlValue | undefined): Term {
  const number = Number(value);
  if ((typeof value !== 'number' && typeof value !== 'bigint') || !Number.isSafeInteger(number)) throw damaged(`${String(value)} is no number`);
  return number;
}

/** The database binds numbers as reals; indexes and terms are integers. */
function int(value: number): bigint {
  return BigInt(value);
}

function blob(value: SqlValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw damaged('a blob is missing');
  return value;
}

function blobOrNull(value: SqlValue | undefined): Uint8Array | null {
  return value === null ? null : blob(value);
}

function damaged(reason: string, cause?: unknown): Error {
  return failure('node.data-damaged', { file: 'raft.db', reason }, cause);
}
