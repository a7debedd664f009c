import { type Clock } from '../../base/clock.ts';

export interface BudgetLimits {
  readonly perSecond: number;
  readonly burst: number;
  /** Sources that are remembered at once. */
  readonly sourcesMax: number;
}

export interface Budgets {
  /** True, and one less is left: this source may ask once more now. */
  take(source: string): boolean;
}

/** A token bucket for each source. A source that is not remembered starts with a full one; the one that was silent for longest is forgotten first. */
export function createBudgets(clock: Clock, { perSecond, burst, sourcesMax }: BudgetLimits): Budgets {
  const buckets = new Map<string, { readonly tokens: number; readonly atMs: number }>();
  return {
    take: (source) => {
      const nowMs = clock.monotonicMs();
      const known = buckets.get(source);
      const tokens = known ? Math.min(burst, known.tokens + ((nowMs - known.atMs) / 1000) * perSecond) : burst;
      // Set anew, so that the map's order is that of the last question.
      buckets.delete(source);
      buckets.set(source, { tokens: Math.max(0, tokens - 1), atMs: nowMs });
      const [oldest] = buckets.keys();
      if (buckets.size > sourcesMax && oldest !== undefined) buckets.delete(oldest);
      return tokens >= 1;
    },
  };
}
