import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asFailure } from '../../../src/base/failure.ts';
import { between, chance, pick, type Random, seeded } from '../../../src/base/random.ts';
import { type VirtualClock, virtualClock } from '../session/clock.ts';
import { type AppLife, createOutside, type Outside, startApp } from './app.ts';
import { type Checks, createChecks } from './checks.ts';
import type { Door } from './client.ts';
import { createOrderBook, startHelper } from './helper.ts';
import { createMachine, type Machine } from './machine.ts';
import type { Mutant } from './mutants.ts';
import { calm, drawPlan, type Plan } from './plan.ts';

export { type Mutant, mutants } from './mutants.ts';

/** What the seeds went through, so that a simulation that does nothing is seen. */
export interface NetworksFigures {
  connects: number;
  refused: number;
  appDeaths: number;
  helperDeaths: number;
  connectedAtEnd: number;
  inTheWayAtEnd: number;
}

export const noNetworksFigures = (): NetworksFigures => ({ connects: 0, refused: 0, appDeaths: 0, helperDeaths: 0, connectedAtEnd: 0, inTheWayAtEnd: 0 });

export interface NetworksRun {
  readonly seeds: number;
  readonly violations: readonly { readonly seed: number; readonly what: string }[];
  readonly figures: NetworksFigures;
}

/** Runs `count` worlds from the seed `first` on; with a mutant, to see that it is noticed. */
export async function runNetworksSeeds({ first, count, mutant, stopAtFirst = false }: { readonly first: number; readonly count: number; readonly mutant?: Mutant; readonly stopAtFirst?: boolean }): Promise<NetworksRun> {
  const figures = noNetworksFigures();
  const violations: { seed: number; what: string }[] = [];
  let seeds = 0;
  for (let seed = first; seed < first + count; seed++) {
    const found = await runSeed(seed, mutant, figures);
    violations.push(...found.map((what) => ({ seed, what })));
    seeds++;
    if (stopAtFirst && found.length > 0) break;
  }
  return { seeds, violations, figures };
}

/** Seeds that once found something. */
export function networksRegressions(): readonly number[] {
  const text = readFileSync(join(import.meta.dirname, '..', 'seeds', 'networks.txt'), 'utf8');
  return text.split('\n').filter((line) => /^\d/.test(line)).map((line) => Number.parseInt(line, 10));
}

/** How long disconnecting may take when all is calm, and how long connecting. */
const calmMs = { disconnect: 20_000, connect: 90_000 } as const;

interface World {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly machine: Machine;
  readonly outside: Outside;
  readonly door: Door;
  readonly figures: NetworksFigures;
  app: AppLife | null;
  tell(line: string): void;
  startHelper(): void;
  startApp(): void;
  /** Lets time pass, with everything that happens in it. */
  pass(ms: number): Promise<void>;
}

/** One world: trouble, then calm, last wishes, and the question whether they came true. */
export async function runSeed(seed: number, mutant?: Mutant, figures: NetworksFigures = noNetworksFigures(), trace?: (line: string) => void): Promise<readonly string[]> {
  const world = createWorld(seed, mutant, figures, trace);
  const { plan, clock, random, machine } = world;
  const checks = createChecks(plan, machine);
  const run = world.pass;
  world.pass = async (ms) => {
    const untilMs = clock.nowMs() + ms;
    while (clock.nowMs() < untilMs) {
      await run(Math.min(250, untilMs - clock.nowMs()));
      checks.always(world.app, world.door.present, clock.nowMs());
    }
  };
  world.startHelper();
  world.startApp();
  const endMs = clock.nowMs() + plan.troubleMs;
  while (clock.nowMs() < endMs) {
    world.tell(`* ${trouble(world)}`);
    await world.pass(between(random, 1, 4_000));
  }
  await settleDown(world);
  await lastWishes(world, checks);
  return [...new Set(machine.violations)];
}

function createWorld(seed: number, mutant: Mutant | undefined, figures: NetworksFigures, trace: ((line: string) => void) | undefined): World {
  const random = seeded(seed);
  const clock = virtualClock();
  const plan = drawPlan(random);
  const machine = createMachine(plan.weather);
  const outside = createOutside(plan.networks, clock, mutant);
  const door: Door = { present: null, knocking: new Set() };
  const book = createOrderBook();
  let helperStarts = false;
  let appStarts = false;
  const world: World = {
    plan, clock, random, machine, outside, door, figures, app: null,
    tell: (line) => trace?.(`${String(clock.nowMs()).padStart(7)} ${line}`),
    startHelper: () => {
      if (helperStarts || door.present) return;
      helperStarts = true;
      void startHelper(machine, clock, random, book, mutant).then((helper) => {
        helperStarts = false;
        door.present = helper;
        for (const welcome of [...door.knocking]) welcome(helper);
      });
    },
    startApp: () => {
      if (appStarts || world.app) return;
      appStarts = true;
      void startApp(outside, machine, door, clock, random, mutant).then((app) => {
        appStarts = false;
        world.app = app;
      });
    },
    pass: async (ms) => {
      const untilMs = clock.nowMs() + ms;
      await turn();
      while (clock.next(untilMs)) await turn();
    },
  };
  return world;
}

/** Everything that waits on promises runs. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** One thing goes wrong, or somebody clicks. Returns what. */
function trouble(world: World): string {
  const { plan, random, app } = world;
  const { id } = pick(random, plan.networks);
  const what = pick(random, ['connect', 'connect', 'connect', 'connect', 'disconnect', 'disconnect', 'both', 'all on', 'all off', 'retry', 'app', 'helper', 'helper', 'engine', 'mesh', 'node'] as const);
  switch (what) {
    case 'connect': connect(world, id); break;
    case 'disconnect': void app?.networks.disconnect(id); break;
    case 'both': {
      const other = pick(random, plan.networks).id;
      connect(world, id);
      connect(world, other);
      return `connect ${id} and ${other}`;
    }
    case 'all on': for (const network of plan.networks) connect(world, network.id); return what;
    case 'all off': void app?.networks.disconnectAll(); break;
    case 'retry': app?.networks.find(id)?.session.retryNow(); break;
    case 'app': app ? killApp(world) : world.startApp(); break;
    case 'helper': world.door.present ? killHelper(world) : world.startHelper(); break;
    case 'engine': world.machine.devices.delete(`wm${id}`); break;
    case 'mesh': toggle(world, id); break;
    case 'node': endNode(world, id); break;
  }
  return `${what} ${id}`;
}

function connect({ app, figures, tell }: World, id: string): void {
  if (!app) return;
  figures.connects++;
  app.networks.connect(id).catch((error: unknown) => {
    const { code } = asFailure(error);
    tell(`  connect ${id}: ${code}`);
    if (code !== 'input.limit') throw error;
    figures.refused++;
  });
}

function killApp(world: World): void {
  world.figures.appDeaths++;
  world.app?.end();
  world.app = null;
  if (chance(world.random, 0.8)) world.clock.after(between(world.random, 100, 5_000), world.startApp);
}

function killHelper({ door, figures, random, clock, startHelper: start }: World): void {
  figures.helperDeaths++;
  const { present } = door;
  door.present = null;
  present?.end();
  if (chance(random, 0.8)) clock.after(between(random, 100, 6_000), start);
}

function toggle({ outside }: World, id: string): void {
  const mesh = outside.meshes.get(id)?.mesh;
  if (!mesh) return;
  mesh.up = !mesh.up;
  mesh.publish();
}

/** The process of this network dies: its streams end, and the helper starts another. */
function endNode({ machine }: World, id: string): void {
  for (const [process, of] of machine.running) if (of === id) (process as { kill(signal: string): void }).kill('SIGKILL');
}

/** The world becomes kind. A helper that could not take back what an earlier life left is started once more, as a person would. */
async function settleDown(world: World): Promise<void> {
  const { machine, outside, plan, door } = world;
  machine.weather = calm;
  for (const [id, { mesh }] of outside.meshes) {
    mesh.up = id !== plan.away;
    mesh.publish();
  }
  await world.pass(12_000);
  if (door.present && !door.present.clean) {
    const { present } = door;
    door.present = null;
    present.end();
  }
  world.startHelper();
  world.startApp();
  await world.pass(5_000);
  world.tell('* calm');
}

async function lastWishes(world: World, checks: Checks): Promise<void> {
  const { plan, random, clock, machine } = world;
  const wanted = plan.networks.filter(() => chance(random, 0.7)).map(({ id }) => id).slice(0, 8);
  world.tell(`* wanted: ${wanted.join(' ')}; without its mesh: ${plan.away}`);
  for (const { id } of plan.networks) if (!wanted.includes(id)) void world.app?.networks.disconnect(id);
  await world.pass(calmMs.disconnect);
  for (const id of wanted) connect(world, id);
  await world.pass(plan.crashInPeace ? 5_000 : 0);
  if (plan.crashInPeace) {
    world.app?.end();
    world.app = null;
    await world.pass(500);
    world.startApp();
  }
  await world.pass(calmMs.connect);
  for (const { id } of plan.networks) {
    const view = world.app?.networks.find(id)?.topics.session.get();
    world.tell(`  ${id}: ${view?.phase} ${view?.phase === 'blocked' ? JSON.stringify(view.failure) : view?.phase === 'reconnecting' ? `${JSON.stringify(view.cause)} ${view.attempt}` : ''}`);
  }
  world.tell(`  devices: ${[...machine.devices.keys()].join(' ')}; nodes: ${[...machine.running.values()].join(' ')}; ${clock.nowMs()} ms`);
  checks.atEnd(world.app, world.door.present, wanted, world.figures);
}
