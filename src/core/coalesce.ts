import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import type { Cancel, Clock } from '../base/clock.ts';

/** Topics are sent at most ten times a second. */
export const topicEveryMs = 100;

export interface Derived<T> {
  /** Who asks gets what is true now; who watches is told in time. */
  readonly cell: ReadCell<T>;
  /** Something that the value is made of changed. The first change shows at once, those that follow together. */
  mark(): void;
  close(): void;
}

/** A value computed from others, anew when marked, but not more often than every `everyMs`. Equal values are not repeated. */
export function derived<T>(clock: Clock, everyMs: number, compute: () => T): Derived<T> {
  const value: Cell<T> = cell(compute());
  let text = JSON.stringify(value.get());
  let lastMs = Number.NEGATIVE_INFINITY;
  let pending: Cancel | null = null;

  const update = (): void => {
    pending?.();
    pending = null;
    lastMs = clock.monotonicMs();
    const next = compute();
    const nextText = JSON.stringify(next);
    if (nextText === text) return;
    text = nextText;
    value.set(next);
  };
  return {
    cell: {
      // A command's answer may be out while its change still waits here: whoever comes next must find it, however late the timer is.
      get: () => {
        if (pending) update();
        return value.get();
      },
      subscribe: value.subscribe,
    },
    mark: () => {
      if (pending) return;
      const waitMs = lastMs + everyMs - clock.monotonicMs();
      if (waitMs <= 0) update();
      else pending = clock.after(waitMs, update);
    },
    close: () => {
      pending?.();
      pending = null;
    },
  };
}
