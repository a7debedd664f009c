import type { MetricsTopic } from '../../contract/state.ts';

/** One point of the charts. Rates in bytes a second; null where two samples of the same tunnel were not to be had. */
export interface Sample {
  readonly atMs: number;
  readonly cpu: number | null;
  readonly load: number | null;
  readonly memory: number | null;
  readonly receiveRate: number | null;
  readonly transmitRate: number | null;
  readonly tunnel: MetricsTopic['tunnel'];
}

export const samplesMax = 300;

/** The history with the new metrics at its end; the oldest go beyond `samplesMax`, and everything goes when time jumps back. */
export function grow(history: readonly Sample[], { atMs, host, tunnel }: MetricsTopic): readonly Sample[] {
  const last = history.at(-1);
  const kept = last !== undefined && atMs < last.atMs ? [] : history.slice(-(samplesMax - 1));
  if (last?.atMs === atMs) return history;
  const seconds = last === undefined ? 0 : (atMs - last.atMs) / 1000;
  const sample: Sample = {
    atMs, tunnel,
    cpu: host?.cpuUsed ?? null,
    load: host?.load[0] ?? null,
    memory: host === null ? null : host.memory.used / Math.max(1, host.memory.total),
    receiveRate: rate(last?.tunnel?.receiveBytes, tunnel?.receiveBytes, seconds),
    transmitRate: rate(last?.tunnel?.transmitBytes, tunnel?.transmitBytes, seconds),
  };
  return [...kept, sample];
}

/** Counters start again with each new tunnel: a smaller one gives no rate. */
function rate(before: number | undefined, now: number | undefined, seconds: number): number | null {
  if (before === undefined || now === undefined || seconds <= 0 || now < before) return null;
  return (now - before) / seconds;
}
