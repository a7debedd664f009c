import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { mutants, regressionSeeds, traceClusterSeed } from './cluster/run.ts';
import { type Figures, noFigures } from './cluster/checks.ts';
import { mutants as enrolMutants, noEnrolFigures } from './enrol/run.ts';
import { type Done, type Job } from './job.ts';
import { type Guard as PathGuard, guards as pathGuards, noPathFigures, pathRegressions, runPathSeed } from './paths/run.ts';
import { mutants as networksMutants, networksRegressions, noNetworksFigures } from './networks/run.ts';
import { guards } from './session/run.ts';

const usage = `usage: npm run sim -- [cluster | session | enrol | paths | networks] [options]
  --seeds N        seeds of each simulation (default 2000; of enrol a tenth, of paths and networks a quarter)
  --seed FIRST     the first seed (default 1)
  --fresh          begin at a seed drawn from the clock
  --budget N       seeds for each mutant until it must be caught (default 600; 0 leaves them out); a removed guard has ten times that, a mutant of enrol or networks a fifth, a guard of paths twice that
  --wrong NAME     run the seeds with this mutant, or without this guard
  --trace LINES    one cluster seed, or one of paths, with the last lines of its story`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' }, budget: { type: 'string', default: '600' }, fresh: { type: 'boolean', default: false },
    wrong: { type: 'string' }, trace: { type: 'string' }, help: { type: 'boolean', default: false },
  },
});
const only = positionals[0];
const simulations = (['session', 'cluster', 'enrol', 'paths', 'networks'] as const).filter((one) => only === undefined || one === only);
const first = values.fresh ? Date.now() % 1_000_000_000 : Number(values.seed);
const [count, budget] = [Number(values.seeds), Number(values.budget)];

if (values.help || simulations.length === 0 || [first, count, budget].some(Number.isNaN)) {
  console.log(usage);
  process.exitCode = values.help ? 0 : 2;
} else if (values.trace !== undefined) {
  const story = only === 'paths' ? await pathStory() : traceClusterSeed(first, values.wrong, Number(values.trace));
  for (const line of story) console.log(line);
} else {
  process.exitCode = (await runAll()) ? 0 : 1;
}

/** Runs everything on all cores and prints one table. True when nothing was violated and every mistake was caught. */
async function runAll(): Promise<boolean> {
  const startedMs = performance.now();
  const done = await spread(jobs());
  const clean = simulations.map((simulation) => summary(simulation, done)).every(Boolean);
  const caught = wrongs().map(({ simulation, wrong }) => wrongSummary(simulation, wrong, done)).every(Boolean);
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1)} s on ${availableParallelism()} cores; first seed ${first}; Node ${process.version}`);
  return clean && caught;
}

async function pathStory(): Promise<readonly string[]> {
  const lines: string[] = [];
  const { violations } = await runPathSeed(first, pathGuards.find((one): one is PathGuard => one === values.wrong), (line) => lines.push(line));
  return [...lines.slice(-Number(values.trace)), ...violations];
}

function jobs(): Job[] {
  const list: Job[] = [];
  for (const simulation of simulations) {
    const [seeds, chunk] = { session: [count, 100], cluster: [count, 100], enrol: [shareOf('enrol', 10), 10], paths: [shareOf('paths', 4), 20], networks: [shareOf('networks', 4), 20] }[simulation] as [number, number];
    for (let at = 0; at < seeds; at += chunk) list.push({ simulation, first: first + at, count: Math.min(chunk, seeds - at), wrong: values.wrong ?? null });
    if (simulation === 'cluster') for (const seed of regressionSeeds()) list.push({ simulation, first: seed, count: 1, wrong: null });
    if (simulation === 'networks') for (const seed of networksRegressions()) list.push({ simulation, first: seed, count: 1, wrong: null });
    if (simulation === 'paths') for (const seed of pathRegressions()) list.push({ simulation, first: seed, count: 1, wrong: null });
  }
  for (const { simulation, wrong } of wrongs()) list.push({ simulation, first, count: budgetOf(simulation), wrong });
  return list;
}

function wrongs(): { simulation: Job['simulation']; wrong: string }[] {
  if (budget === 0 || values.wrong !== undefined) return [];
  const all = { cluster: Object.keys(mutants), session: guards, enrol: Object.keys(enrolMutants), paths: pathGuards, networks: networksMutants };
  return simulations.flatMap((simulation) => [...all[simulation]].map((wrong) => ({ simulation, wrong })));
}

/** A session's seed is some ten times cheaper than a cluster's, and one of the others several times dearer. */
function budgetOf(simulation: Job['simulation']): number {
  return { session: 10 * budget, cluster: budget, enrol: Math.ceil(budget / 5), paths: 2 * budget, networks: Math.ceil(budget / 5) }[simulation];
}

/** Asked for by name, it runs as many seeds as were asked for. */
function shareOf(simulation: Job['simulation'], part: number): number {
  return only === simulation ? count : Math.ceil(count / part);
}

/** Every core takes the next job when it has finished one. */
async function spread(list: readonly Job[]): Promise<readonly Done[]> {
  const waiting = [...list];
  const done: Done[] = [];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      const next = (): void => {
        const job = waiting.shift();
        if (job) worker.postMessage(job);
        else void worker.terminate().then(() => resolve());
      };
      worker.on('error', reject);
      worker.on('message', (one: Done) => {
        done.push(one);
        next();
      });
      next();
    });
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return done;
}

function summary(simulation: Job['simulation'], all: readonly Done[]): boolean {
  const done = all.filter(({ job }) => job.simulation === simulation && (job.wrong === null || job.wrong === values.wrong));
  const seeds = done.reduce((sum, one) => sum + one.seeds, 0);
  const seconds = done.reduce((sum, one) => sum + one.cpuSeconds, 0);
  const violations = done.flatMap((one) => one.violations);
  console.log(`${simulation}: ${seeds} seeds, ${violations.length} violations, ${Math.round(seeds / seconds)} seeds/s per core`);
  if (simulation === 'cluster') console.log(`  ${clusterFigures(done)}`);
  if (simulation === 'enrol') console.log(`  ${enrolFigures(done)}`);
  if (simulation === 'paths') console.log(`  ${pathFigures(done)}`);
  if (simulation === 'networks') console.log(`  ${networksFigures(done)}`);
  for (const { seed, what } of violations.slice(0, 5)) console.log(`  seed ${seed}: ${what}\n    npm run sim -- ${simulation} --seed ${seed} --seeds 1${reproduction(simulation)}`);
  return violations.length === 0;
}

function reproduction(simulation: Job['simulation']): string {
  return `${values.wrong === undefined ? '' : ` --wrong '${values.wrong}'`}${simulation === 'cluster' || simulation === 'paths' ? ' --trace 200' : ' --budget 0'}`;
}

function clusterFigures(done: readonly Done[]): string {
  const total = noFigures();
  let virtual = 0;
  for (const { cluster } of done) {
    virtual += cluster?.virtualSeconds ?? 0;
    for (const key of Object.keys(total) as (keyof Figures)[]) total[key] += cluster?.figures[key] ?? 0;
  }
  return [`${(virtual / 3600).toFixed(1)} virtual hours`, ...Object.entries(total).map(([key, value]) => `${key} ${value}`)].join(', ');
}

function enrolFigures(done: readonly Done[]): string {
  const total = noEnrolFigures();
  for (const { enrol } of done) for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += enrol?.figures[key] ?? 0;
  return Object.entries(total).map(([key, value]) => `${key} ${value}`).join(', ');
}

function pathFigures(done: readonly Done[]): string {
  const total = noPathFigures();
  for (const { paths } of done) for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += paths?.figures[key] ?? 0;
  return Object.entries(total).map(([key, value]) => `${key} ${value}`).join(', ');
}

function networksFigures(done: readonly Done[]): string {
  const total = noNetworksFigures();
  for (const { networks } of done) for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += networks?.figures[key] ?? 0;
  return Object.entries(total).map(([key, value]) => `${key} ${value}`).join(', ');
}

function wrongSummary(simulation: Job['simulation'], wrong: string, all: readonly Done[]): boolean {
  const done = all.find(({ job }) => job.simulation === simulation && job.wrong === wrong);
  const caught = done?.violations[0];
  const result = caught ? `caught at seed ${String(done.seeds).padStart(4)} of ${budgetOf(simulation)}: ${caught.what.split('\n')[0]?.slice(0, 100)}` : `NOT CAUGHT in ${budgetOf(simulation)} seeds`;
  console.log(`  ${simulation === 'session' || simulation === 'paths' ? 'without' : 'mutant'} ${wrong.padEnd(51)} ${result}`);
  return caught !== undefined;
}
