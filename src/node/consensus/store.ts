import { AssertionError, assert, present } from '../../base/assert.ts';
import { isFailure } from '../../base/failure.ts';
import { type Entry, type HardState, type Index, type LogReader, type Ready, type SnapshotRef } from '../../raft/types.ts';
import { type Database } from '../ports.ts';
import { type Extent, entryChecksum, extentChecksum, snapshotChecksum } from './checksum.ts';
import { createEntryCache } from './entry-cache.ts';
import { damaged, int, type Loaded, load, readSlice, readSnapshotBytes, type Statements, schema, statements, whole } from './store-rows.ts';

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
