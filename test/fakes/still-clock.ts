import { type Clock } from '../../src/base/clock.ts';

/** The moment at which its wall time stands, in milliseconds since 1970. */
export const stillMs = Date.UTC(2026, 10, 22, 12);

/** Wall time stands still, so that what is printed is always the same; waiting is real, for steps of a few milliseconds. */
export const stillClock: Clock = {
  nowMs: () => stillMs,
  monotonicMs: () => performance.now(),
  after: (delayMs, tell) => {
    const timer = setTimeout(tell, delayMs);
    return () => clearTimeout(timer);
  },
};
