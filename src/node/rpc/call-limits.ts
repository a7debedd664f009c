import { type Clock } from '../../base/clock.ts';

/** How often one caller may ask, and how many of its calls may be under way. */
export interface CallLimits {
  /** Null: too many. Else what is to be called when the call is over. */
  begin(caller: string): (() => void) | null;
}

export const callLimits = { perSecond: 20, burst: 200, outstanding: 64, outstandingOfAll: 512, callersMax: 4_096 } as const;

interface Caller {
  left: number;
  atMs: number;
  outstanding: number;
}

/** The caller that was silent longest is forgotten when there are too many; one with a call under way is not. */
export function createCallLimits(clock: Pick<Clock, 'monotonicMs'>): CallLimits {
  const callers = new Map<string, Caller>();
  let all = 0;
  return {
    begin: (name) => {
      const nowMs = clock.monotonicMs();
      const caller = callers.get(name) ?? { left: callLimits.burst, atMs: nowMs, outstanding: 0 };
      callers.delete(name);
      callers.set(name, caller);
      forgetSilent(callers);
      caller.left = Math.min(callLimits.burst, caller.left + ((nowMs - caller.atMs) / 1_000) * callLimits.perSecond);
      caller.atMs = nowMs;
      if (caller.left < 1 || caller.outstanding >= callLimits.outstanding || all >= callLimits.outstandingOfAll) return null;
      caller.left -= 1;
      caller.outstanding += 1;
      all += 1;
      return () => {
        caller.outstanding -= 1;
        all -= 1;
      };
    },
  };
}

function forgetSilent(callers: Map<string, Caller>): void {
  if (callers.size <= callLimits.callersMax) return;
  for (const [name, { outstanding }] of callers) {
    if (outstanding > 0) continue;
    callers.delete(name);
    return;
  }
}
