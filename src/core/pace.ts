import type { Cancel, Clock } from '../base/clock.ts';

export interface Pace {
  /** Asks for the work within so many milliseconds. Of several asks the earliest counts, so nothing that keeps changing puts it off. */
  soon(withinMs: number): void;
  /** Forgets what waits. */
  close(): void;
}

/** Runs `work` when asked for, at most once every `everyMs`. */
export function pace(clock: Clock, everyMs: number, work: () => void): Pace {
  let lastMs = Number.NEGATIVE_INFINITY;
  let waiting: { readonly dueMs: number; readonly cancel: Cancel } | null = null;

  function run(): void {
    waiting = null;
    lastMs = clock.monotonicMs();
    work();
  }

  return {
    soon: (withinMs) => {
      const nowMs = clock.monotonicMs();
      const dueMs = Math.max(nowMs + withinMs, lastMs + everyMs);
      if (waiting && waiting.dueMs <= dueMs) return;
      waiting?.cancel();
      waiting = { dueMs, cancel: clock.after(dueMs - nowMs, run) };
    },
    close: () => {
      waiting?.cancel();
      waiting = null;
    },
  };
}
