import { type Cancel, type Clock } from './clock.ts';

/** One clock's looks, and the timer that they share. */
interface Looks {
  readonly all: Set<{ readonly everyMs: number; dueMs: number; readonly look: () => void }>;
  timer: Cancel;
}

const known = new WeakMap<object, Looks>();

/**
 * Runs `look` now and again, at whole multiples of `everyMs` of the monotonic clock: whatever else is looked at by the same clock is looked at in the
 * same moment, so that a process that rests wakes up once for all of it. A look that comes late does not move those after it.
 */
export function lookEvery(clock: Pick<Clock, 'monotonicMs' | 'after'>, everyMs: number, look: () => void): Cancel {
  const looks = known.get(clock) ?? { all: new Set(), timer: () => {} };
  known.set(clock, looks);
  const mine = { everyMs, dueMs: nextMs(clock.monotonicMs(), everyMs), look };
  looks.all.add(mine);
  schedule(clock, looks);
  return () => {
    looks.all.delete(mine);
    if (looks.all.size === 0) looks.timer();
  };
}

function schedule(clock: Pick<Clock, 'monotonicMs' | 'after'>, looks: Looks): void {
  looks.timer();
  if (looks.all.size === 0) return;
  const dueMs = Math.min(...[...looks.all].map((one) => one.dueMs));
  looks.timer = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => {
    // A timer may come a fraction early.
    const nowMs = Math.max(dueMs, clock.monotonicMs());
    const due = [...looks.all].filter((one) => one.dueMs <= nowMs);
    for (const one of due) one.dueMs = nextMs(nowMs, one.everyMs);
    schedule(clock, looks);
    for (const one of due) if (looks.all.has(one)) one.look();
  });
}

function nextMs(nowMs: number, everyMs: number): number {
  return (Math.floor(nowMs / everyMs) + 1) * everyMs;
}
