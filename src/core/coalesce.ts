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

/** A value computed from others, anew when marked; told not more often than every `everyMs`. Equal values are not repeated. */
export function derived<T>(clock: Clock, everyMs: number, compute: () => T): Derived<T> {
  const told: Cell<T> = cell(compute());
  let newest = told.get();
  let text = JSON.stringify(newest);
  let toldText = text;
  let stale = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  let pending: Cancel | null = null;

  const look = (): T => {
    if (!stale) return newest;
    stale = false;
    const next = compute();
    const nextText = JSON.stringify(next);
    if (nextText !== text) [newest, text] = [next, nextText];
    return newest;
  };
  const tell = (): void => {
    pending = null;
    lastMs = clock.monotonicMs();
    const next = look();
    if (text === toldText) return;
    toldText = text;
    told.set(next);
  };
  return {
    // A command's answer may be out while its change still waits to be told: whoever comes next must find it, however late the timer is.
    cell: { get: look, subscribe: told.subscribe },
    mark: () => {
      stale = true;
      if (pending) return;
      const waitMs = lastMs + everyMs - clock.monotonicMs();
      if (waitMs <= 0) tell();
      else pending = clock.after(waitMs, tell);
    },
    close: () => pending?.(),
  };
}
