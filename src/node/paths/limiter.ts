import { abortError } from '../../base/abort.ts';

/** So many at once, the rest in a line that is not endless. */
export interface Limiter {
  /** Rejects when the line is full, or with the signal's reason. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createLimiter(atOnceMax: number, waitingMax: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function turn(signal: AbortSignal): Promise<void> {
    if (running < atOnceMax) {
      running++;
      return;
    }
    if (waiting.length >= waitingMax) throw new Error('too many attempts wait already');
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (!signal.aborted) return;
    done();
    throw signal.reason ?? abortError();
  }

  /** Hands its place to the next in line. */
  function done(): void {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }

  return {
    run: async (signal, work) => {
      await turn(signal);
      try {
        return await work();
      } finally {
        done();
      }
    },
  };
}
