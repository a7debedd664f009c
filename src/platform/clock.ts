import { type Cancel, type Clock } from '../base/clock.ts';

/** Node's timers take at most 2^31 - 1 milliseconds and fire at once above that, so longer waits are made in steps. */
const stepMsMax = 2 ** 31 - 1;

/** The real clock. A pending `after` keeps the process alive until it fires or is cancelled. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after,
};

function after(delayMs: number, run: () => void): Cancel {
  const dueMs = performance.now() + delayMs;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const restMs = dueMs - performance.now();
    timer = restMs > stepMsMax ? setTimeout(wait, stepMsMax) : setTimeout(run, Math.max(0, restMs));
  };
  wait();
  return () => clearTimeout(timer);
}
