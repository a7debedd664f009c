import type { Cancel, Clock } from '../../../src/base/clock.ts';

/** A clock that moves only when told. Timers of the same millisecond run in the order in which they were set. */
export interface VirtualClock extends Clock {
  /** Runs the next timer, when one is due by `untilMs`. False when none was. */
  next(untilMs: number): boolean;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | null;
}

export function virtualClock(): VirtualClock {
  const heap: Entry[] = [];
  let nowMs = 0;
  let order = 0;

  function after(delayMs: number, run: () => void): Cancel {
    const entry: Entry = { atMs: nowMs + Math.max(0, delayMs), order: order++, run };
    heap.push(entry);
    up(heap.length - 1);
    return () => {
      entry.run = null;
    };
  }

  function next(untilMs: number): boolean {
    for (;;) {
      const first = heap[0];
      if (!first || first.atMs > untilMs) {
        nowMs = Math.max(nowMs, Math.min(untilMs, first?.atMs ?? untilMs));
        return false;
      }
      take();
      if (first.run === null) continue;
      nowMs = first.atMs;
      first.run();
      return true;
    }
  }

  function take(): void {
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return;
    heap[0] = last;
    down(0);
  }

  function less(a: number, b: number): boolean {
    const x = heap[a] as Entry;
    const y = heap[b] as Entry;
    return x.atMs < y.atMs || (x.atMs === y.atMs && x.order < y.order);
  }

  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [heap[b] as Entry, heap[a] as Entry];
  }

  function up(at: number): void {
    for (let i = at; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!less(i, parent)) return;
      swap(i, parent);
      i = parent;
    }
  }

  function down(at: number): void {
    for (let i = at; ; ) {
      const left = 2 * i + 1;
      if (left >= heap.length) return;
      const child = left + 1 < heap.length && less(left + 1, left) ? left + 1 : left;
      if (!less(child, i)) return;
      swap(i, child);
      i = child;
    }
  }

  return { nowMs: () => nowMs, monotonicMs: () => nowMs, after, next };
}

/** Lets everything that waits on promises run, without letting time pass. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await null;
}
