import { type HistoryAbout, historyKind, historyKnown, historyMean, historyMost, historyMinutesMax, historySum, type HistoryView } from '../../contract/history.ts';
import type { ChartData, Series } from './chart.svelte.ts';
import { t } from '../words/spoken.svelte.ts';
import { bytes, clockTime, figure, latency, percent, rate, span } from './format.ts';

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

function nothing(detail: string = t.history.nothing): Told {
  return { now: '–', detail };
}

export function shareTold({ view }: Slice, name: 'cpu' | 'memory'): Told {
  const most = historyMost(view, name === 'cpu' ? 'cpuMax' : 'memoryMax');
  return most === null ? nothing() : { now: percent(historyMean(view.columns[name])), detail: t.history.highest(percent(most.value), clockTime(most.atMs)) };
}

export function loadTold({ view }: Slice): Told {
  const most = historyMost(view, 'loadMax');
  return most === null ? nothing() : { now: figure(historyMean(view.columns['load']) ?? 0, 2), detail: t.history.highest(figure(most.value, 2), clockTime(most.atMs)) };
}

export function trafficTold({ view }: Slice): Told {
  if (historyKnown(view.columns['receivedBytes']) === 0) return nothing();
  const [received, sent, most] = [historySum(view.columns['receivedBytes']), historySum(view.columns['sentBytes']), historyMost(view, 'receivedBytes')];
  const quiet = most === null || most.value === 0;
  const detail = quiet ? t.history.inAndOut(bytes(received), bytes(sent)) : t.history.busiest(bytes(received), bytes(sent), clockTime(most.atMs), rate(most.value * perSecond));
  return { now: bytes(received + sent), detail };
}

export function reachedTold({ view }: Slice): Told {
  const [direct, relayed, away] = ['directPeers', 'relayedPeers', 'awayPeers'].map((name) => historyMean(view.columns[name]));
  if (direct === null || direct === undefined) return nothing();
  return { now: t.history.direct(few(direct)), detail: t.history.others(few(relayed ?? 0), few(away ?? 0)) };
}

export function latencyTold({ view }: Slice): Told {
  const worst = historyMost(view, 'latencyMaxMs');
  return worst === null ? nothing(t.history.noRoundTrip) : { now: latency(historyMean(view.columns['latencyMs'])), detail: t.history.worst(latency(worst.value), clockTime(worst.atMs)) };
}

/** How a peer was reached in the time in which somebody looked. */
export function wayTold({ view }: Slice): string {
  const [direct, relayed] = [historyMean(view.columns['direct']), historyMean(view.columns['relayed'])];
  if (direct === null || relayed === null) return '';
  return t.history.ways(percent(direct), percent(relayed), percent(Math.max(0, 1 - direct - relayed)));
}

/** Why parts of the charts may be empty; empty when every minute was measured. */
export function gapTold({ view, fromMs, toMs }: Slice): string {
  const minutes = Math.round((toMs - fromMs) / view.stepMs);
  const known = Math.max(0, ...Object.values(view.columns).map((values) => historyKnown(values)));
  if (known === 0) return t.history.nothingYet;
  return known >= minutes ? '' : t.history.gaps(span(known * view.stepMs), Math.round((toMs - fromMs) / 3_600_000));
}

/** True when any minute of the slice was measured. */
export function isMeasured({ view }: Slice): boolean {
  return Object.values(view.columns).some((values) => historyKnown(values) > 0);
}

function few(count: number): string {
  return figure(count, Number.isInteger(count) ? 0 : 1);
}
