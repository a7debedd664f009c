import { type Entry, type Index } from '../../raft/types.ts';

/** The newest entries, gap-free and bounded in bytes: what replication and apply read again right after the write. */
export interface EntryCache {
  /** Entries in [from, to], at most about `bytesMax` of data but at least one; undefined when `from` is not held. */
  slice(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined;
  push(entries: readonly Entry[]): void;
  truncate(from: Index): void;
  dropBefore(first: Index): void;
  clear(): void;
}

export function createEntryCache(bytesMax: number): EntryCache {
  let held: Entry[] = [];
  let bytes = 0;
  const size = (entry: Entry): number => entry.data.length + entryOverheadBytes;
  const recount = (entries: Entry[]): void => {
    held = entries;
    bytes = held.reduce((sum, entry) => sum + size(entry), 0);
  };
  return {
    slice: (from, to, sliceBytesMax) => {
      const start = from - (held[0]?.index ?? Number.POSITIVE_INFINITY);
      if (!(start >= 0) || start >= held.length) return undefined;
      let end = start;
      for (let sum = 0; end < held.length && from + end - start <= to; end++) {
        sum += held[end]?.data.length ?? 0;
        if (end > start && sum > sliceBytesMax) break;
      }
      return held.slice(start, end);
    },
    push: (entries) => {
      held.push(...entries);
      for (const entry of entries) bytes += size(entry);
      if (bytes <= bytesMax) return;
      // Half is dropped at once, so that a full cache is not copied for every entry.
      let drop = 0;
      for (; drop < held.length && bytes > bytesMax / 2; drop++) bytes -= size(held[drop] as Entry);
      held = held.slice(drop);
    },
    truncate: (from) => recount(held.filter((entry) => entry.index < from)),
    dropBefore: (first) => recount(held.filter((entry) => entry.index >= first)),
    clear: () => recount([]),
  };
}

const entryOverheadBytes = 128;
