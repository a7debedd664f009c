import type { PeerView } from '../../contract/state.ts';

/** Round trips as this window saw them since it was opened, one each `everyMs`. */
export interface LatencySample {
  readonly atMs: number;
  /** Null where the peer did not answer. */
  readonly ms: number | null;
}

const everyMs = 5_000;
export const samplesMax = 120;
/** Of a large mesh only favourites and those of the list's head are followed; a peer that is looked at is, too. */
const peersMax = 256;

export type LatencyHistory = ReadonlyMap<string, readonly LatencySample[]>;

/** The history with a sample of each followed peer at its end; the same one while the last sample is younger than `everyMs`. */
export function growLatencies(history: LatencyHistory, list: readonly PeerView[], watched: string | null, atMs: number): LatencyHistory {
  const newest = Math.max(Number.NEGATIVE_INFINITY, ...[...history.values()].map((samples) => samples.at(-1)?.atMs ?? 0));
  if (watched !== null && !history.has(watched) && list.some(({ id }) => id === watched)) {
    return new Map([...history, ...list.filter(({ id }) => id === watched).map(({ id, latencyMs }) => [id, [{ atMs, ms: latencyMs }]] as const)]);
  }
  if (atMs >= newest && atMs - newest < everyMs) return history;
  const kept = atMs < newest ? new Map<string, readonly LatencySample[]>() : history;
  return new Map(followed(list, kept, watched).map(({ id, latencyMs }) => [id, [...(kept.get(id) ?? []).slice(-(samplesMax - 1)), { atMs, ms: latencyMs }]]));
}

/** Those that are looked at or were, favourites, then the others as far as there is room. */
function followed(list: readonly PeerView[], history: LatencyHistory, watched: string | null): readonly PeerView[] {
  const wanted: PeerView[] = [];
  const others: PeerView[] = [];
  for (const peer of list) {
    if (peer.self) continue;
    if (peer.id === watched || peer.favourite || history.has(peer.id)) wanted.push(peer);
    else if (others.length < peersMax) others.push(peer);
  }
  return [...wanted, ...others].slice(0, Math.max(peersMax, 1));
}

export interface LatencyFigures {
  readonly least: number;
  readonly median: number;
  readonly most: number;
  /** Samples without an answer. */
  readonly silent: number;
  readonly spanMs: number;
}

/** What the picture shows, as numbers; null before two samples had an answer. */
export function latencyFigures(samples: readonly LatencySample[]): LatencyFigures | null {
  const times = samples.flatMap(({ ms }) => (ms === null ? [] : [ms])).sort((a, b) => a - b);
  const [least, most, median] = [times[0], times.at(-1), times[Math.floor((times.length - 1) / 2)]];
  if (times.length < 2 || least === undefined || most === undefined || median === undefined) return null;
  return { least, median, most, silent: samples.length - times.length, spanMs: (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0) };
}

/** Lines of an SVG picture of the given size; a gap where the peer did not answer. Older samples stand to the left. */
export function latencyLines(samples: readonly LatencySample[], width: number, height: number): readonly string[] {
  const figures = latencyFigures(samples);
  const first = samples[0];
  if (figures === null || first === undefined) return [];
  const top = Math.max(1, figures.most * 1.1);
  const x = (atMs: number): string => (((atMs - first.atMs) / Math.max(1, figures.spanMs)) * width).toFixed(1);
  const lines: string[] = [];
  let line: string[] = [];
  for (const { atMs, ms } of samples) {
    if (ms !== null) line.push(`${x(atMs)},${(height - (ms / top) * height).toFixed(1)}`);
    else if (line.length > 0) {
      lines.push(line.join(' '));
      line = [];
    }
  }
  return line.length > 0 ? [...lines, line.join(' ')] : lines;
}
