import { type HistoryKind, historyColumns } from '../../contract/history.ts';

/** How a column is kept: `steps` whole steps to the unit, and what becomes of two values of one minute. */
export interface Column {
  readonly name: string;
  readonly kind: 'sum' | 'mean' | 'max';
  readonly steps: number;
  /** The largest whole number that is kept; more reads as this. */
  readonly most: number;
}

/** One short of what two bytes hold: a column keeps its value plus one, and nothing as zero. */
const shortMost = 65_534;
/** A minute at 10 Tbit/s is 75 TB; sums of such minutes stay exact. */
const sumMost = Number.MAX_SAFE_INTEGER - 1;

/** Counts of peers are means: fifths of them reach to 13,106, beyond the largest mesh there is. */
const steps: Readonly<Record<string, number>> = {
  directPeers: 5, relayedPeers: 5, awayPeers: 5,
  cpu: 1_000, cpuMax: 1_000, memory: 1_000, memoryMax: 1_000, load: 100, loadMax: 100, latencyMs: 10, latencyMaxMs: 10, direct: 1_000, relayed: 1_000,
};

function column(name: string): Column {
  const kind = name.endsWith('Bytes') ? 'sum' : /Max(Ms)?$/.test(name) ? 'max' : 'mean';
  return { name, kind, steps: steps[name] ?? 1, most: kind === 'sum' ? sumMost : shortMost };
}

export const columnsOf: Readonly<Record<HistoryKind, readonly Column[]>> = {
  host: historyColumns.host.map(column),
  network: historyColumns.network.map(column),
  peer: historyColumns.peer.map(column),
};

/** The whole number that is kept, or null for what is no measurement. */
export function wholeOf({ steps, most }: Column, value: number | null | undefined): number | null {
  return value === null || value === undefined || !Number.isFinite(value) || value < 0 ? null : Math.min(most, Math.round(value * steps));
}

/** Two values of one minute as one: a clock that was put back, or a core that ended and started within the minute. */
export function merged({ kind }: Column, old: number, oldWeight: number, value: number, weight: number): number {
  switch (kind) {
    case 'sum': return old + value;
    case 'max': return Math.max(old, value);
    case 'mean': return Math.round((old * oldWeight + value * weight) / Math.max(1, oldWeight + weight));
  }
}
