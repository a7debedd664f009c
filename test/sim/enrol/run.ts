import { mutants } from './mutants.ts';
import { type Figures, noFigures, runSeed } from './world.ts';

export { mutants } from './mutants.ts';
export { type Figures as EnrolFigures, noFigures as noEnrolFigures } from './world.ts';

export interface EnrolOptions {
  readonly first: number;
  readonly count: number;
  /** Runs with this mistake made on purpose, to see that it is noticed. */
  readonly mutant?: string;
  readonly stopAtFirst?: boolean;
}

export interface EnrolRun {
  readonly seeds: number;
  readonly violations: readonly { readonly seed: number; readonly what: string }[];
  readonly figures: Figures;
}

/** Runs `count` meshes, one for each seed from `first` on, one after another. */
export async function runEnrolSeeds({ first, count, mutant, stopAtFirst }: EnrolOptions): Promise<EnrolRun> {
  const mutation = mutant === undefined ? {} : mutants[mutant];
  if (!mutation) throw new Error(`no mutant "${mutant}"; there are: ${Object.keys(mutants).join(', ')}`);
  const violations: { seed: number; what: string }[] = [];
  const figures = noFigures();
  let seeds = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await runSeed(seed, mutation);
    seeds++;
    for (const key of Object.keys(figures) as (keyof Figures)[]) figures[key] += outcome.figures[key];
    if (outcome.violation) violations.push({ seed, what: outcome.violation.message });
    if (stopAtFirst && outcome.violation) break;
  }
  return { seeds, violations, figures };
}
