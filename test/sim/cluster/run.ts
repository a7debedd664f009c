import { readFileSync } from 'node:fs';
import { type Figures, noFigures } from './checks.ts';
import { mutants } from './mutants.ts';
import { runSeed } from './world.ts';

export { mutants } from './mutants.ts';

export interface ClusterOptions {
  readonly first: number;
  readonly count: number;
  /** Runs with this mistake made on purpose, to see that it is noticed. */
  readonly mutant?: string;
  /** Called after each seed. */
  readonly report?: (seed: number) => void;
  /** Ends at the first violation. */
  readonly stopAtFirst?: boolean;
}

export interface ClusterRun {
  readonly seeds: number;
  readonly violations: readonly { readonly seed: number; readonly what: string }[];
  readonly seedsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly virtualSeconds: number;
  readonly figures: Figures;
}

/** Runs `count` clusters, one for each seed from `first` on. Synchronous inside: a seed takes some tens of milliseconds. */
export function runClusterSeeds({ first, count, mutant, report, stopAtFirst }: ClusterOptions): ClusterRun {
  const startedMs = performance.now();
  const mutation = mutant === undefined ? {} : mutants[mutant];
  if (!mutation) throw new Error(`no mutant "${mutant}"; there are: ${Object.keys(mutants).join(', ')}`);
  const violations: { seed: number; what: string }[] = [];
  const figures = noFigures();
  let [seeds, events, virtualMs] = [0, 0, 0];
  for (let seed = first; seed < first + count; seed++) {
    const outcome = runSeed(seed, mutation);
    seeds++;
    events += outcome.events;
    virtualMs += outcome.virtualMs;
    for (const key of Object.keys(figures) as (keyof Figures)[]) figures[key] += outcome.figures[key];
    if (outcome.violation) violations.push({ seed, what: outcome.violation.message });
    report?.(seed);
    if (stopAtFirst && outcome.violation) break;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return { seeds, violations, figures, seedsPerSecond: Math.round(seeds / seconds), eventsPerSecond: Math.round(events / seconds), virtualSeconds: Math.round(virtualMs / 1000) };
}

/** One seed with its story: the last lines before the violation, or before the end. */
export function traceClusterSeed(seed: number, mutant: string | undefined, lines: number): readonly string[] {
  const outcome = runSeed(seed, mutant === undefined ? {} : mutants[mutant], true);
  return [...outcome.trace.slice(-lines), outcome.violation ? `VIOLATION ${outcome.violation.message}` : `no violation; trace hash ${outcome.traceHash}`];
}

/** Seeds that once found something: `seed  # what it found`. */
export function regressionSeeds(): readonly number[] {
  const text = readFileSync(new URL('../seeds/cluster.txt', import.meta.url), 'utf8');
  return text.split('\n').map((line) => Number.parseInt(line, 10)).filter((seed) => !Number.isNaN(seed));
}
