/** Time as a port. `platform/clock` is the real one; simulators bring their own. Milliseconds everywhere. */
export interface Clock {
  /** Wall time in milliseconds since 1970. May jump. */
  nowMs(): number;
  /** Monotonic time in milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /** Runs `run` once after `delayMs`. Returns what cancels it. */
  after(delayMs: number, run: () => void): Cancel;
}

export type Cancel = () => void;

/** Waits; rejects with the signal's reason when aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    const abort = (): void => {
      stop();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}
