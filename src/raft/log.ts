import { assert, present } from '../base/assert.ts';
import { type Entry, type Index, type LogReader, type SnapshotRef, type Term } from './types.ts';

/**
 * The log as consensus sees it: what the driver has stored, and after it a tail that is not stored yet.
 * Invariants: the tail begins right after `stableIndex`; the store is never asked for anything above it, so a store that still
 * holds a truncated suffix does no harm; nothing at or below the snapshot is ever truncated.
 */
export interface RaftLog {
  /** The first entry that can still be read; lastIndex + 1 when there is none. */
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly stableIndex: Index;
  readonly snapshot: SnapshotRef | null;
  /** The term at an index; 0 at 0; undefined where the log has nothing (any more). */
  termAt(index: Index): Term | undefined;
  /** Entries in [from, to], at most `entriesMax` and about `bytesMax` of data, but at least one. Needs a readable `from`. */
  slice(from: Index, to: Index, bytesMax: number, entriesMax: number): readonly Entry[];
  append(entries: readonly Entry[]): void;
  truncate(from: Index): void;
  /** Forgets everything: the log now begins after the snapshot. */
  restore(snapshot: SnapshotRef): void;
  compact(snapshot: SnapshotRef, keepFrom: Index): void;
  hasUnstored(): boolean;
  /** What the driver must store now. Only one batch is out at a time. */
  takeUnstored(): { readonly truncateFrom: Index | null; readonly append: readonly Entry[] };
  stored(upTo: Index): void;
}

export function createLog(reader: LogReader, initial: SnapshotRef | null): RaftLog {
  let snapshot = initial;
  let stable = Math.max(reader.lastIndex, initial?.index ?? 0);
  let first = reader.lastIndex >= (initial?.index ?? 0) && reader.lastIndex > 0 ? Math.max(reader.firstIndex, 1) : stable + 1;
  let tail: Entry[] = [];
  let truncateFrom: Index | null = null;
  let takenTo: Index | null = null;
  assert(first <= (initial?.index ?? 0) + 1, 'the log joins the snapshot');

  const last = (): Index => stable + tail.length;
  const termAt = (index: Index): Term | undefined => {
    if (index === 0) return 0;
    if (index > stable) return tail[index - stable - 1]?.term;
    if (snapshot !== null && index === snapshot.index) return snapshot.term;
    return index < first ? undefined : reader.termAt(index);
  };

  return {
    get firstIndex() {
      return first;
    },
    get lastIndex() {
      return last();
    },
    get lastTerm() {
      return present(termAt(last()), 'the last term');
    },
    get stableIndex() {
      return stable;
    },
    get snapshot() {
      return snapshot;
    },
    termAt,
    slice: (from, to, bytesMax, entriesMax) => {
      assert(from >= first && to <= last(), `entries ${from}–${to} are readable`);
      if (from > to) return [];
      const end = Math.min(to, from + entriesMax - 1);
      if (from > stable) return withinBytes(tail.slice(from - stable - 1, end - stable), bytesMax);
      const old = withinBytes(reader.slice(from, Math.min(end, stable), bytesMax), bytesMax);
      if (from + old.length <= stable || end <= stable) return old;
      return withinBytes([...old, ...tail.slice(0, end - stable)], bytesMax);
    },
    append: (entries) => {
      for (const entry of entries) {
        assert(entry.index === last() + 1, 'entries are appended in order');
        tail.push(entry);
      }
    },
    truncate: (from) => {
      assert(from > (snapshot?.index ?? 0) && from <= last(), 'only entries after the snapshot are truncated');
      const onDisk = Math.max(stable, takenTo ?? 0);
      if (from <= onDisk) truncateFrom = Math.min(truncateFrom ?? from, from);
      if (takenTo !== null) takenTo = Math.min(takenTo, from - 1);
      tail = from > stable ? tail.slice(0, from - stable - 1) : [];
      stable = Math.min(stable, from - 1);
    },
    restore: (next) => {
      snapshot = next;
      stable = next.index;
      first = next.index + 1;
      tail = [];
      truncateFrom = null;
      takenTo = takenTo === null ? null : 0;
    },
    compact: (next, keepFrom) => {
      snapshot = next;
      first = Math.max(first, Math.min(keepFrom, next.index + 1));
    },
    hasUnstored: () => truncateFrom !== null || tail.length > 0,
    takeUnstored: () => {
      const batch = { truncateFrom, append: [...tail] };
      truncateFrom = null;
      takenTo = last();
      return batch;
    },
    stored: (upTo) => {
      const to = Math.min(takenTo ?? 0, upTo);
      takenTo = null;
      if (to <= stable) return;
      tail = tail.slice(to - stable);
      stable = to;
    },
  };
}

/** The longest beginning of `entries` within the limit, but at least one entry. */
function withinBytes(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) {
    bytes += (entries[i] as Entry).data.length;
    if (bytes > bytesMax && i > 0) return entries.slice(0, i);
  }
  return entries;
}
