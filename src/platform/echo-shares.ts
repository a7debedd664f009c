import { type Clock } from '../base/clock.ts';

/** What one source may ask: enough for a ping a second on each path and a search for the largest packet, not for a load. */
const perSecond = 20;
const burst = 60;
const sourcesMax = 1_024;

/** A bucket of answers for each source. The source that asked longest ago makes room for a new one. */
export function shares(clock: Clock): { take(source: string): boolean } {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return {
    take: (source) => {
      const nowMs = clock.monotonicMs();
      const bucket = buckets.get(source) ?? { left: burst, atMs: nowMs };
      bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1000) * perSecond);
      bucket.atMs = nowMs;
      // Written anew each time, so that the map stays in the order of the last question.
      buckets.delete(source);
      buckets.set(source, bucket);
      if (buckets.size > sourcesMax) buckets.delete(buckets.keys().next().value ?? '');
      if (bucket.left < 1) return false;
      bucket.left--;
      return true;
    },
  };
}
