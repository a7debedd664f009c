/** What is kept of the last day, minute by minute: on this device alone, whole numbers of a fixed accuracy, nothing where nobody measured. */

export const historyStepMs = 60_000;
/** A day. */
export const historyMinutesMax = 1_440;

/**
 * Shares lie between 0 and 1, `…Max` is the highest of the minute, the others are means; bytes are what passed within the minute.
 * A peer is `direct` from device to device and `relayed` through a member; what is left of the minute it was not reached. Its latency is the median.
 */
export const historyColumns = {
  host: ['cpu', 'cpuMax', 'memory', 'memoryMax', 'load', 'loadMax'],
  network: ['receivedBytes', 'sentBytes', 'directPeers', 'relayedPeers', 'awayPeers'],
  peer: ['receivedBytes', 'sentBytes', 'latencyMs', 'latencyMaxMs', 'direct', 'relayed'],
} as const;

export type HistoryKind = keyof typeof historyColumns;
export type HistoryAbout = 'host' | 'network' | { readonly peer: string };

/** Columns of one length, a value for each minute from `startMs` on; null where nothing was measured. Minutes before the first known one are left out. */
export interface HistoryView {
  readonly kind: HistoryKind;
  readonly startMs: number;
  readonly stepMs: number;
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

export function historyKind(about: HistoryAbout): HistoryKind {
  return typeof about === 'string' ? about : 'peer';
}

type Values = readonly (number | null)[];

/** The sum of what was measured. */
export function historySum(values: Values = []): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

/** The mean of what was measured, or null. */
export function historyMean(values: Values = []): number | null {
  const known = historyKnown(values);
  return known === 0 ? null : historySum(values) / known;
}

/** How many minutes were measured. */
export function historyKnown(values: Values = []): number {
  return values.reduce<number>((count, value) => count + (value === null ? 0 : 1), 0);
}

/** The highest, and when it was; null when nothing was measured. */
export function historyMost({ startMs, stepMs, columns }: HistoryView, name: string): { readonly value: number; readonly atMs: number } | null {
  let most: { value: number; atMs: number } | null = null;
  for (const [i, value] of (columns[name] ?? []).entries()) {
    if (value !== null && (most === null || value > most.value)) most = { value, atMs: startMs + i * stepMs };
  }
  return most;
}
