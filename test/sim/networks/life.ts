import type { Cancel, Clock } from '../../../src/base/clock.ts';

/** One life of a process: what it waits for never comes once it was killed, and nothing that it would do later happens. */
export interface Life extends Clock {
  readonly alive: () => boolean;
  /** Resolves after that time; never in a life that ended. */
  pause(ms: number): Promise<void>;
  /** Never resolves in a life that ended; else the value. */
  stay<T>(value: T): Promise<T>;
  onEnd(run: () => void): void;
  end(): void;
}

export function createLife(clock: Clock): Life {
  let alive = true;
  const ends: (() => void)[] = [];
  const never = new Promise<never>(() => {});
  const after = (ms: number, run: () => void): Cancel => clock.after(ms, () => {
    if (alive) run();
  });
  return {
    nowMs: clock.nowMs, monotonicMs: clock.monotonicMs, after,
    alive: () => alive,
    pause: (ms) => (alive ? new Promise<void>((resolve) => void after(ms, resolve)) : never),
    stay: (value) => (alive ? Promise.resolve(value) : never),
    onEnd: (run) => void ends.push(run),
    end: () => {
      if (!alive) return;
      alive = false;
      for (const run of ends) run();
    },
  };
}

/** The object as a process of this life has it: after its end no call happens, and none is answered. */
export function ofLife<T extends object>(life: Life, held: T): T {
  return new Proxy(held, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        await life.stay(undefined);
        const answer: unknown = await (value as (...all: unknown[]) => unknown).apply(target, given);
        return life.stay(answer);
      };
    },
  });
}
