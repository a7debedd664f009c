import { pathTiers } from '../../base/path-reasons.ts';
import type { PathPing } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import { latency } from './format.ts';

const pathsMax = 16;

/** Best tier first. */
export function sortedPaths(paths: readonly PathPing[]): readonly PathPing[] {
  return [...paths].sort((a, b) => pathTiers.indexOf(a.tier) - pathTiers.indexOf(b.tier)).slice(0, pathsMax);
}

/** The shortest round trip: what the path can do. Null: nothing came back. */
export function bestOf({ latenciesMs }: Pick<PathPing, 'latenciesMs'>): number | null {
  return latenciesMs.length === 0 ? null : Math.min(...latenciesMs);
}

/** `11.2 ms to 14 ms`, for those who point at it. */
export function rangeOf({ latenciesMs }: Pick<PathPing, 'latenciesMs'>): string {
  return latenciesMs.length === 0 ? '' : t.paths.range(latency(Math.min(...latenciesMs)), latency(Math.max(...latenciesMs)));
}

/** `0 of 3`; a path that was not measured lost nothing. */
export function lossOf({ latenciesMs, lost }: Pick<PathPing, 'latenciesMs' | 'lost'>): string {
  return latenciesMs.length + lost === 0 ? '–' : t.paths.loss(lost, latenciesMs.length + lost);
}
