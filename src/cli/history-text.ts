import { historyKnown, historyMean, historyMost, historySum, type HistoryView } from '../contract/history.ts';
import { bytes, pairs, percent } from './format.ts';

/** Columns of a spark line. */
const sparkWidth = 48;
const sparks = '▁▂▃▄▅▆▇█';

export interface Window {
  readonly nowMs: number;
  readonly hours: number;
}

/** This machine's day: a line each for what was measured. */
export function hostHistory(view: HistoryView, window: Window): string {
  return lines(view, window, [
    ['processor', 'cpu', 1, () => `mean ${share(historyMean(view.columns['cpu']))}, highest ${share(historyMost(view, 'cpuMax')?.value)}`],
    ['memory', 'memory', 1, () => `mean ${share(historyMean(view.columns['memory']))}, highest ${share(historyMost(view, 'memoryMax')?.value)}`],
    ['load', 'load', 0, () => `mean ${(historyMean(view.columns['load']) ?? 0).toFixed(2)}, highest ${(historyMost(view, 'loadMax')?.value ?? 0).toFixed(2)}`],
  ]);
}

export function networkHistory(view: HistoryView, window: Window): string {
  const mean = (name: string): string => (historyMean(view.columns[name]) ?? 0).toFixed(1);
  return lines(view, window, [
    ...traffic(view),
    ['reached directly', 'directPeers', 0, () => `${mean('directPeers')} peers on average`],
    ['relayed', 'relayedPeers', 0, () => `${mean('relayedPeers')} peers on average`],
    ['not reached', 'awayPeers', 0, () => `${mean('awayPeers')} peers on average`],
  ]);
}

export function peerHistory(view: HistoryView, window: Window): string {
  const [direct, relayed] = [historyMean(view.columns['direct']) ?? 0, historyMean(view.columns['relayed']) ?? 0];
  return lines(view, window, [
    ...traffic(view),
    ['round trip', 'latencyMs', 0, () => `mean ${ms(historyMean(view.columns['latencyMs']))}, worst ${ms(historyMost(view, 'latencyMaxMs')?.value)}`],
    ['reached', 'direct', 1, () => `${share(direct)} directly, ${share(relayed)} relayed, ${share(Math.max(0, 1 - direct - relayed))} not`],
  ]);
}

type Line = readonly [name: string, column: string, atLeast: number, words: () => string];

function traffic(view: HistoryView): readonly Line[] {
  return [['received', 'receivedBytes', 0, () => bytes(historySum(view.columns['receivedBytes']))], ['sent', 'sentBytes', 0, () => bytes(historySum(view.columns['sentBytes']))]];
}

function lines(view: HistoryView, window: Window, all: readonly Line[]): string {
  const known = Math.max(0, ...Object.values(view.columns).map((values) => historyKnown(values)));
  if (known === 0) return 'Nothing was measured in this time. The app writes a line each minute while it runs.\n';
  return pairs(all.map(([name, column, atLeast, words]) => [name, `${spark(view, column, window, atLeast)}  ${words()}`] as const));
}

/** The time as equal parts, the oldest first; a part without a measurement is blank. `atLeast` is what the highest mark stands for at least. */
function spark({ startMs, stepMs, columns }: HistoryView, name: string, { nowMs, hours }: Window, atLeast: number): string {
  const fromMs = nowMs - hours * 3_600_000;
  const parts = Array.from({ length: sparkWidth }, (): number[] => []);
  for (const [i, value] of (columns[name] ?? []).entries()) {
    const part = Math.floor(((startMs + i * stepMs - fromMs) / (hours * 3_600_000)) * sparkWidth);
    if (value !== null) parts[Math.max(0, Math.min(sparkWidth - 1, part))]?.push(value);
  }
  const means = parts.map((values) => historyMean(values));
  const most = Math.max(atLeast, ...means.map((mean) => mean ?? 0));
  return means.map((mean) => (mean === null ? ' ' : sparks[most === 0 ? 0 : Math.min(sparks.length - 1, Math.floor((mean / most) * sparks.length))])).join('');
}

function share(value: number | null | undefined): string {
  return value === null || value === undefined ? 'unknown' : percent(value);
}

function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? 'unknown' : `${value.toFixed(1)} ms`;
}
