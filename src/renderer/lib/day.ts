import { type HistoryAbout, historyKind, historyKnown, historyMean, historyMost, historyMinutesMax, historySum, type HistoryView } from '../../contract/history.ts';
import type { ChartData, Series } from './chart.svelte.ts';
import { bytes, clockTime, latency, percent, rate, span } from './format.ts';

/** What the core keeps of the last day, as charts and as the same in words. */

/** How far back the charts of this device look. */
export const ranges = [
  { value: 'live', spanMs: 120_000 },
  { value: 'hour', spanMs: 3_600_000 },
  { value: 'day', spanMs: historyMinutesMax * 60_000 },
] as const;
export type Range = (typeof ranges)[number]['value'];

export interface Slice {
  readonly view: HistoryView;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The part of a view that lies in the last `spanMs`, with every minute of it, measured or not. */
export function sliceOf(view: HistoryView | undefined, about: HistoryAbout, spanMs: number, nowMs: number): Slice {
  const stepMs = 60_000;
  const toMs = Math.floor(nowMs / stepMs) * stepMs;
  const fromMs = toMs - spanMs;
  const minutes = Math.round(spanMs / stepMs);
  const skip = view === undefined ? 0 : Math.round((fromMs - view.startMs) / stepMs);
  const columns = Object.entries(view?.columns ?? {}).map(([name, values]) => [name, Array.from({ length: minutes }, (_, i) => values[i + skip] ?? null)] as const);
  return { view: { kind: historyKind(about), startMs: fromMs, stepMs, columns: Object.fromEntries(columns) }, fromMs, toMs };
}

/** So many points tell a day apart at the width of a card; more only hide each other. */
const pointsMost = 150;

/** One chart of a slice: its lines are columns of it, times a factor. The first line is drawn behind the others. */
export function dayChart({ view, fromMs, toMs }: Slice, lines: readonly (Omit<Series, 'values'> & { readonly column: string; readonly times?: number })[], show: (value: number) => string, atLeast: number): ChartData {
  const minutes = Math.round((toMs - fromMs) / view.stepMs);
  const each = Math.ceil(minutes / pointsMost);
  return {
    timesMs: Array.from({ length: Math.ceil(minutes / each) }, (_, i) => fromMs + (i + 0.5) * each * view.stepMs), show, atLeast, spanMs: toMs - fromMs, toMs,
    series: lines.map(({ column, times = 1, ...line }) => ({ ...line, values: together(view.columns[column] ?? [], each, /Max(Ms)?$/.test(column)).map((value) => (value === null ? null : value * times)) })),
  };
}

/** Each so many minutes as one value: the mean of those that were measured, or the highest. */
function together(values: readonly (number | null)[], each: number, highest: boolean): (number | null)[] {
  return Array.from({ length: Math.ceil(values.length / each) }, (_, i) => {
    const known = values.slice(i * each, (i + 1) * each).filter((value) => value !== null);
    return known.length === 0 ? null : highest ? Math.max(...known) : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

/** Bytes of a minute as a rate. */
export const perSecond = 1 / 60;

/** What a chart says, beside it. */
export interface Told {
  readonly now: string;
  readonly detail: string;
}

const nothing: Told = { now: '–', detail: 'Nothing was measured in this time.' };

export function shareTold({ view }: Slice, name: 'cpu' | 'memory'): Told {
  const most = historyMost(view, `${name}Max`);
  return most === null ? nothing : { now: percent(historyMean(view.columns[name])), detail: `mean · highest ${percent(most.value)} at ${clockTime(most.atMs)}` };
}

export function loadTold({ view }: Slice): Told {
  const most = historyMost(view, 'loadMax');
  return most === null ? nothing : { now: (historyMean(view.columns['load']) ?? 0).toFixed(2), detail: `mean · highest ${most.value.toFixed(2)} at ${clockTime(most.atMs)}` };
}

export function trafficTold({ view }: Slice): Told {
  if (historyKnown(view.columns['receivedBytes']) === 0) return nothing;
  const [received, sent, most] = [historySum(view.columns['receivedBytes']), historySum(view.columns['sentBytes']), historyMost(view, 'receivedBytes')];
  const busiest = most === null || most.value === 0 ? '' : ` · busiest at ${clockTime(most.atMs)}: ${rate(most.value * perSecond)} in`;
  return { now: bytes(received + sent), detail: `${bytes(received)} in · ${bytes(sent)} out${busiest}` };
}

export function reachedTold({ view }: Slice): Told {
  const [direct, relayed, away] = ['directPeers', 'relayedPeers', 'awayPeers'].map((name) => historyMean(view.columns[name]));
  if (direct === null || direct === undefined) return nothing;
  return { now: `${few(direct)} direct`, detail: `mean · ${few(relayed ?? 0)} relayed · ${few(away ?? 0)} not reached` };
}

export function latencyTold({ view }: Slice): Told {
  const worst = historyMost(view, 'latencyMaxMs');
  return worst === null ? { ...nothing, detail: 'No round trip was measured in this time.' } : { now: latency(historyMean(view.columns['latencyMs'])), detail: `mean · worst ${latency(worst.value)} at ${clockTime(worst.atMs)}` };
}

/** How a peer was reached in the time in which somebody looked. */
export function wayTold({ view }: Slice): string {
  const [direct, relayed] = [historyMean(view.columns['direct']), historyMean(view.columns['relayed'])];
  if (direct === null || relayed === null) return '';
  return `Reached directly ${percent(direct)} of the time, relayed ${percent(relayed)}, not at all ${percent(Math.max(0, 1 - direct - relayed))}.`;
}

/** Why parts of the charts may be empty; empty when every minute was measured. */
export function gapTold({ view, fromMs, toMs }: Slice): string {
  const minutes = Math.round((toMs - fromMs) / view.stepMs);
  const known = Math.max(0, ...Object.values(view.columns).map((values) => historyKnown(values)));
  if (known === 0) return 'Nothing was measured in this time. The app writes down a line each minute while it runs.';
  return known >= minutes ? '' : `Measured ${span(known * view.stepMs)} of ${Math.round((toMs - fromMs) / 3_600_000)} h: gaps are times when the app did not run, the device slept or was not connected.`;
}

/** True when any minute of the slice was measured. */
export function isMeasured({ view }: Slice): boolean {
  return Object.values(view.columns).some((values) => historyKnown(values) > 0);
}

function few(count: number): string {
  return Number.isInteger(count) ? String(count) : count.toFixed(1);
}
