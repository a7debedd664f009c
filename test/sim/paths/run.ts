import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { between, seeded } from '../../../src/base/random.ts';
import { PathPhase } from '../../../src/gen/webmesh/local/v1/local.ts';
import { step as realStep } from '../../../src/node/paths/step.ts';
import { settle, type VirtualClock, virtualClock } from '../session/clock.ts';
import { type Figures, lies, noFigures, type Pair, pairsOf, shortfall, silence, viewOf } from './checks.ts';
import { type Guard, missingOf, planFor, stepWithout } from './guards.ts';
import { calmWires } from './network.ts';
import { drawPlan } from './plan.ts';
import { telling, watch } from './story.ts';
import { heal, trouble } from './trouble.ts';
import { createWorld, type World } from './world.ts';

export { type Guard, guards } from './guards.ts';
export { type Figures as PathFigures, noFigures as noPathFigures } from './checks.ts';

export interface PathRunOptions {
  readonly first: number;
  readonly count: number;
  readonly guard?: Guard;
  readonly stopAtFirst?: boolean;
}

export interface PathRun {
  readonly seeds: number;
  readonly violations: readonly { readonly seed: number; readonly what: string }[];
  readonly figures: Figures;
}

/** Seeds that once found something. They run every time. */
export function pathRegressions(): readonly number[] {
  const text = readFileSync(join(import.meta.dirname, '..', 'seeds', 'paths.txt'), 'utf8');
  return text.split('\n').filter((line) => /^\d/.test(line)).map((line) => Number.parseInt(line, 10));
}

/** Trials wait longer the longer the trouble lasted; then each tier has its turn once more. */
const peaceMs = (troubleMs: number): number => 120_000 + 3 * troubleMs;
const stillMs = 60_000;
/** Two trials that fail in peace, each there and back: a NAT of unknown filter is tried again now and then. */
const switchesInStillness = 4;
const lookEveryMs = 1_000;
/** Where nothing ever went wrong, nobody waits longer for a first path. */
const promptMs = 20_000;

export async function runPathSeeds({ first, count, guard, stopAtFirst }: PathRunOptions): Promise<PathRun> {
  const violations: { seed: number; what: string }[] = [];
  const figures = noFigures();
  let seeds = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await runPathSeed(seed, guard);
    seeds++;
    for (const key of Object.keys(figures) as (keyof Figures)[]) figures[key] += outcome.figures[key];
    violations.push(...outcome.violations.map((what) => ({ seed, what })));
    if (stopAtFirst && outcome.violations.length > 0) break;
  }
  return { seeds, violations, figures };
}

export async function runPathSeed(seed: number, guard?: Guard, trace?: (line: string) => void): Promise<{ readonly violations: readonly string[]; readonly figures: Figures }> {
  const random = seeded(seed);
  const clock = virtualClock();
  const plan = planFor(guard, drawPlan(random));
  const say = (line: string): void => trace?.(`${String(clock.nowMs()).padStart(7)} ${line}`);
  const guarded = guard ? stepWithout(guard, realStep) : realStep;
  const step = trace ? telling(guarded, say) : guarded;
  const world = createWorld(plan, clock, random, step, missingOf(guard));
  const figures = noFigures();
  if (trace) watch(world, say);
  const disturb = (): void => {
    if (clock.nowMs() >= plan.troubleMs) return;
    figures.troubles++;
    say(`* ${trouble(world, clock, random)}`);
    clock.after(between(random, 100, plan.everyMs), disturb);
  };
  if (plan.troubleMs > 0) clock.after(between(random, 1, 5_000), disturb);
  await runUntil(clock, plan.troubleMs);
  heal(world);
  world.network.wires = { ...calmWires, latencyMs: plan.wires.latencyMs };
  say('* peace');
  await untilGood(world, clock, peaceMs(plan.troubleMs), figures);
  await atEnd(world, clock, figures, say);
  for (const node of world.nodes) if (node.noise > 0) world.violations.push(`${node.id} called ${node.noise} times while it had no network`);
  for (const node of world.nodes) void node.paths.close();
  return { violations: [...new Set(world.violations)], figures };
}

async function runUntil(clock: VirtualClock, untilMs: number): Promise<void> {
  while (clock.next(untilMs)) await settle();
}

/** Until every pair is as good as it can be, or time is up. */
async function untilGood(world: World, clock: VirtualClock, forMs: number, figures: Figures): Promise<void> {
  const startedMs = clock.nowMs();
  const waiting = new Set(pairsOf(world));
  while (clock.nowMs() < startedMs + forMs) {
    if (world.plan.troubleMs === 0 && waiting.size > 0 && clock.nowMs() - startedMs > promptMs) world.violations.push('slow: no path in 20 s, and nothing went wrong');
    await runUntil(clock, clock.nowMs() + lookEveryMs);
    for (const pair of waiting) {
      if (!isUp(pair)) continue;
      waiting.delete(pair);
      figures.healed++;
      if (clock.nowMs() - startedMs <= 5_000) figures.healedIn5s++;
      if (world.plan.troubleMs > 0) continue;
      figures.calm++;
      if (clock.nowMs() <= 3_000) figures.calmIn3s++;
    }
    if (pairsOf(world).every((pair) => shortfall(world, pair) === null)) return;
  }
  for (const pair of pairsOf(world)) {
    const what = shortfall(world, pair);
    if (what !== null) world.violations.push(`stuck: ${what}`);
  }
}

function isUp({ a, b }: Pair): boolean {
  return viewOf(a, b)?.phase === PathPhase.PATH_PHASE_UP && viewOf(b, a)?.phase === PathPhase.PATH_PHASE_UP;
}

/** A minute of stillness: nobody flaps, what is said is true, and packets pass both ways. */
async function atEnd(world: World, clock: VirtualClock, figures: Figures, say: (line: string) => void): Promise<void> {
  if (world.violations.length > 0) return;
  say('* stillness');
  await runUntil(clock, clock.nowMs() + 20_000);
  const before = new Map(world.nodes.map((node) => [node, node.paths.counters()]));
  let [looks, dips] = [0, 0];
  for (let at = 0; at < stillMs; at += lookEveryMs) {
    await runUntil(clock, clock.nowMs() + lookEveryMs);
    looks++;
    if (!pairsOf(world).every((pair) => isUp(pair))) dips++;
  }
  if (dips > 0) world.violations.push(`flaps: a pair was not up at ${dips} of ${looks} looks in peace`);
  for (const [node, counters] of before) {
    for (const now of node.paths.counters()) {
      const switches = now.switches - (counters.find((one) => one.id === now.id)?.switches ?? 0);
      if (switches > switchesInStillness) world.violations.push(`flaps: ${node.id} to ${now.id} switched ${switches} times in a minute of peace`);
    }
  }
  for (const pair of pairsOf(world)) await checkPair(world, clock, pair, figures);
}

async function checkPair(world: World, clock: VirtualClock, pair: Pair, figures: Figures): Promise<void> {
  figures.pairs++;
  const answers: Promise<unknown>[] = [];
  // A trial may silence one of them for a moment.
  for (let i = 0; i < 3; i++) {
    answers.push(pair.a.call(pair.b, 'echo', 2_500, 0));
    await runUntil(clock, clock.nowMs() + 2_500);
  }
  if ((await Promise.all(answers)).every((answer) => answer === null)) world.violations.push(`${pair.a.id} to ${pair.b.id} is shown up, and nothing passes`);
  const what = shortfall(world, pair);
  if (what !== null) world.violations.push(`fell back: ${what}`);
  world.violations.push(...lies(pair), ...silence(pair));
  if (tierOf(pair) <= 2) figures.ports++;
  else figures.relayed++;
}

function tierOf({ a, b }: Pair): number {
  return viewOf(a, b)?.tier ?? 9;
}

