import { type Index, type Term } from '../../raft/types.ts';

/** The term of every entry of the log, kept as the few indexes at which it changed. Memory grows with elections, not with entries. */
export interface TermIndex {
  at(index: Index): Term | undefined;
  push(index: Index, term: Term): void;
  truncate(from: Index): void;
  dropBefore(first: Index): void;
  /** Forgets all; the next entry is `next`. */
  clear(next: Index): void;
}

export function createTermIndex(): TermIndex {
  let runs: { from: Index; term: Term }[] = [];
  let next: Index | undefined;
  return {
    at: (index) => {
      if (next === undefined || index >= next) return undefined;
      for (let i = runs.length - 1; i >= 0; i--) {
        const run = runs[i];
        if (run && run.from <= index) return run.term;
      }
      return undefined;
    },
    push: (index, term) => {
      if (runs[runs.length - 1]?.term !== term) runs.push({ from: index, term });
      next = index + 1;
    },
    truncate: (from) => {
      runs = runs.filter((run) => run.from < from);
      if (next !== undefined) next = Math.min(next, from);
    },
    dropBefore: (first) => {
      const within = runs.filter((run) => run.from > first);
      const before = runs[runs.length - within.length - 1];
      runs = before ? [{ from: first, term: before.term }, ...within] : within;
    },
    clear: (after) => {
      runs = [];
      next = after;
    },
  };
}
