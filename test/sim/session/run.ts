import { silentLog } from '../../../src/base/log.ts';
import { between, chance, pick, type Random, seeded } from '../../../src/base/random.ts';
import { createDriver, type Driver } from '../../../src/core/session/driver.ts';
import { guardMs, refreshMs, step as realStep } from '../../../src/core/session/step.ts';
import { initial, type State, type StepFunction } from '../../../src/core/session/state.ts';
import { settle, type VirtualClock, virtualClock } from './clock.ts';
import { type Guard, stepWithout } from './guards.ts';
import { calm, createActions, createWorld, meshOf, type MeshModel, type Missing, networkOfMesh, type Weather, type World } from './world.ts';

export { type Guard, guards } from './guards.ts';

export interface Violation {
  readonly seed: number;
  readonly what: string;
}

export interface RunOptions {
  readonly first: number;
  readonly count: number;
  /** Runs with this protection left out, to see that it is needed. */
  readonly guard?: Guard;
  /** Called after each seed. */
  readonly report?: (seed: number) => void;
  /** Ends at the first violation. */
  readonly stopAtFirst?: boolean;
}

/** Runs the real step and the real driver through `count` faulty worlds, one for each seed from `first` on. */
export async function runSessionSeeds({ first, count, guard, report, stopAtFirst }: RunOptions): Promise<{ seeds: number; violations: readonly Violation[]; seedsPerSecond: number }> {
  const startedMs = performance.now();
  const violations: Violation[] = [];
  let seeds = 0;
  for (let seed = first; seed < first + count; seed++) {
    const found = await runSeed(seed, guard);
    violations.push(...found.map((what) => ({ seed, what })));
    seeds++;
    report?.(seed);
    if (stopAtFirst && found.length > 0) break;
  }
  return { seeds, violations, seedsPerSecond: Math.round((seeds / (performance.now() - startedMs)) * 1000) };
}

/** How often a mesh may be asked in ten seconds: back-off, a few clicks, restarts and networks that come and go. */
const enrolmentsMax = 40;

interface Life {
  driver: Driver;
  die(): void;
}

/** One world: a minute or two of trouble, then peace, a last wish, and the question whether it came true. */
export async function runSeed(seed: number, guard?: Guard, trace?: (line: string) => void): Promise<readonly string[]> {
  const random = seeded(seed);
  const clock = virtualClock();
  const world = createWorld();
  world.weather = drawWeather(random);
  const plan = { troubleMs: between(random, 5_000, 90_000), peaceMs: 120_000, meshStaysAway: chance(random, 0.15), revokedInPeace: chance(random, 0.1) };
  if (chance(random, 0.7)) for (const [name, mesh] of world.meshes) enrolled(world, name, mesh);
  const missing: Missing = { fenceOnApply: guard === 'fence-on-apply', fenceOnClear: guard === 'fence-on-clear', journal: guard === 'journal-and-clear-on-return' };
  const step: StepFunction = guard ? stepWithout(guard, realStep) : realStep;
  const life = { core: begin() };
  const checks = createChecks(world, clock);

  function begin(): Life {
    const actions = createActions({ world, clock, random, missing, fence: (fence) => driver.send({ kind: 'fence', fence }), epoch: () => driver.view.get().state.epoch });
    const driver: Driver = createDriver({ step, actions, clock, random, log: silentLog, initial });
    driver.view.subscribe(({ state }) => trace?.(`${String(clock.nowMs()).padStart(7)} ${state.phase.name} ${state.profile} epoch ${state.epoch} dirty ${state.dirty} online ${state.online} helper ${state.helper}`));
    let before = driver.view.get().state;
    driver.view.subscribe(({ state }) => {
      if (before.phase.name === 'reconnecting' && state.phase.name === 'configuring' && !state.helper) world.violations.push('configure was tried without a helper');
      before = state;
    });
    const core: Life = { driver, die: () => {
      driver.close();
      actions.die();
    } };
    clock.after(5, () => {
      driver.send({ kind: 'online', online: world.online });
      if (world.helper.alive) driver.send({ kind: 'helper', up: true, fence: world.helper.fence.epoch });
      if (world.documents.want === 'connected' && world.documents.profile) wish(driver, world, world.documents.profile);
    });
    return core;
  }

  const disturb = (): void => {
    if (clock.nowMs() > plan.troubleMs) return;
    const what = trouble(world, clock, random, life, begin, missing);
    trace?.(`${String(clock.nowMs()).padStart(7)} * ${what}`);
    clock.after(between(random, 1, 6_000), disturb);
  };
  clock.after(10, disturb);
  await runUntil(clock, plan.troubleMs, () => checks.always(life.core.driver, trace));
  const wanted = chance(random, 0.7) ? pick(random, ['a', 'b']) : null;
  heal(world, life.core.driver, clock, plan.meshStaysAway && wanted ? wanted : null);
  trace?.(`${String(clock.nowMs()).padStart(7)} * heal; wanted ${wanted}; mesh stays away ${plan.meshStaysAway}`);
  if (wanted) wish(life.core.driver, world, wanted);
  else unwish(life.core.driver, world);
  if (plan.revokedInPeace && wanted) clock.after(20_000, () => {
    revoke(meshOf(world, wanted), clock, random);
    trace?.(`${String(clock.nowMs()).padStart(7)} * revoked in peace`);
  });
  await runUntil(clock, plan.troubleMs + plan.peaceMs, () => checks.always(life.core.driver, trace));
  checks.atEnd(life.core.driver, wanted);
  return [...new Set(world.violations)];
}

async function runUntil(clock: VirtualClock, untilMs: number, check: () => void): Promise<void> {
  while (clock.next(untilMs)) {
    await settle();
    check();
  }
}

function wish(driver: Driver, world: World, profile: string): void {
  world.documents.want = 'connected';
  world.documents.profile = profile;
  driver.send({ kind: 'connect', profile, stored: world.documents.leases.get(profile) ?? null });
}

function unwish(driver: Driver, world: World): void {
  world.documents.want = 'disconnected';
  driver.send({ kind: 'disconnect' });
}

function drawWeather(random: Random): Weather {
  const some = (most: number): number => (chance(random, 0.5) ? random.next() * most : 0);
  return {
    admissionMs: chance(random, 0.5) ? between(random, 1_000, 60_000) : 0, lost: some(0.2), duplicated: some(0.3), slow: some(0.4), hung: some(0.4), ghost: some(0.5), refused: some(0.1), movesOnJoin: chance(random, 0.3),
  };
}

/** One thing goes wrong, or somebody clicks. Returns what. */
function trouble(world: World, clock: VirtualClock, random: Random, life: { core: Life }, begin: () => Life, missing: Missing): string {
  const { driver } = life.core;
  const profile = pick(random, ['a', 'b']);
  const what = pick(random, ['connect', 'connect', 'connect', 'disconnect', 'disconnect', 'retry', 'offline', 'helper', 'engine', 'mesh', 'mesh', 'peers', 'wake', 'network', 'restart', 'evict', 'age', ...(chance(random, 0.2) ? ['revoke', 'outdate'] as const : [])]);
  switch (what) {
    case 'connect': wish(driver, world, profile); return `connect ${profile}`;
    case 'disconnect': unwish(driver, world); return what;
    case 'retry': driver.send({ kind: 'retryNow' }); return what;
    case 'offline': setOnline(world, driver, !world.online); return `online ${world.online}`;
    case 'helper': world.helper.alive ? killHelper(world, life, clock, random, missing) : startHelper(world, life, clock, random, missing); return `helper alive ${world.helper.alive}`;
    case 'engine': loseTunnel(world, clock); return what;
    case 'mesh': meshOf(world, profile).up = !meshOf(world, profile).up; return `mesh ${profile} up ${meshOf(world, profile).up}`;
    case 'peers': meshOf(world, profile).peersVersion++; return `peers ${profile}`;
    case 'wake': driver.send({ kind: 'wake' }); return what;
    case 'network': driver.send({ kind: 'network' }); return what;
    case 'age': if (meshOf(world, profile).certificate === 'good') meshOf(world, profile).certificate = 'ended'; return `certificate of ${profile} ${meshOf(world, profile).certificate}`;
    case 'outdate': meshOf(world, profile).certificate = 'lost'; return `certificate of ${profile} lost`;
    case 'revoke': revoke(meshOf(world, profile), clock, random); return `revoke ${profile}, cut ${meshOf(world, profile).cut}`;
    case 'evict': meshOf(world, profile).member = null; return `evict ${profile}`;
    default:
      life.core.die();
      life.core = begin();
      return 'core restarts';
  }
}

/** Most devices were enrolled in an earlier life. */
function enrolled(world: World, name: string, mesh: MeshModel): void {
  mesh.device = 'active';
  world.documents.enrolled.add(name);
}

/** For ever. The log tells the device itself, unless it was cut off before the entry reached it. */
function revoke(mesh: MeshModel, clock: VirtualClock, random: Random): void {
  if (mesh.device === 'unknown') return;
  mesh.device = 'revoked';
  mesh.member = null;
  mesh.cut = chance(random, 0.5);
  mesh.revokedAtMs ??= clock.nowMs();
}

function setOnline(world: World, driver: Driver, online: boolean): void {
  world.online = online;
  driver.send({ kind: 'online', online });
}

function killHelper(world: World, life: { core: Life }, clock: VirtualClock, random: Random, missing: Missing): void {
  const { helper } = world;
  helper.alive = false;
  helper.life++;
  helper.lostAtMs = clock.nowMs();
  // The supervisor starts it again by itself in most cases.
  clock.after(between(random, 1, 500), () => {
    if (!helper.alive) life.core.driver.send({ kind: 'helper', up: false, fence: 0 });
  });
  if (chance(random, 0.7)) clock.after(between(random, 200, 8_000), () => {
    if (!helper.alive) startHelper(world, life, clock, random, missing);
  });
}

function startHelper(world: World, life: { core: Life }, clock: VirtualClock, random: Random, missing: Missing): void {
  const { helper } = world;
  helper.alive = true;
  helper.life++;
  helper.lostAtMs = clock.nowMs();
  helper.fence = { epoch: 0, revision: 0 };
  // At start the journal undoes whatever an earlier life left.
  if (!missing.journal) helper.tunnel = null;
  const { life: now } = helper;
  life.core.driver.send({ kind: 'helper', up: false, fence: 0 });
  clock.after(between(random, 1, 500), () => {
    if (helper.alive && helper.life === now) life.core.driver.send({ kind: 'helper', up: true, fence: helper.fence.epoch });
  });
}

function loseTunnel(world: World, clock: VirtualClock): void {
  if (world.helper.tunnel) world.helper.lostAtMs = clock.nowMs();
  world.helper.tunnel = null;
}

/** The world becomes kind, except that the wanted mesh may stay away. Orders that are on their way still arrive. */
function heal(world: World, driver: Driver, clock: VirtualClock, meshAway: string | null): void {
  world.weather = { ...calm, movesOnJoin: world.weather.movesOnJoin, admissionMs: Math.min(world.weather.admissionMs, 20_000) };
  for (const [name, mesh] of world.meshes) mesh.up = name !== meshAway;
  setOnline(world, driver, true);
  if (world.helper.alive) return;
  world.helper.alive = true;
  world.helper.life++;
  world.helper.lostAtMs = clock.nowMs();
  world.helper.fence = { epoch: 0, revision: 0 };
  world.helper.tunnel = null;
  driver.send({ kind: 'helper', up: false, fence: 0 });
  driver.send({ kind: 'helper', up: true, fence: 0 });
}

/** How long the topic may be behind the world: the watch's rhythm, the link's notice, one travel. */
const noticeMs = 2_500;

function createChecks(world: World, clock: VirtualClock): { always(driver: Driver, trace?: (line: string) => void): void; atEnd(driver: Driver, wanted: string | null): void } {
  let disconnectingSinceMs: number | null = null;
  let untrueSinceMs: number | null = null;
  const attempts: number[] = [];
  let epoch = 0;

  function always(driver: Driver, trace?: (line: string) => void): void {
    const before = world.violations.length;
    const { state } = driver.view.get();
    disconnectingSinceMs = state.phase.name === 'disconnecting' ? (disconnectingSinceMs ?? clock.nowMs()) : null;
    if (disconnectingSinceMs !== null && clock.nowMs() - disconnectingSinceMs > guardMs + 1) world.violations.push('disconnecting takes longer than its guard');
    const { tunnel, alive } = world.helper;
    const truth = state.phase.name !== 'connected' || (alive && tunnel !== null && tunnel.profile === state.profile && tunnel.lease.ipv4 === state.phase.lease.ipv4);
    untrueSinceMs = truth ? null : (untrueSinceMs ?? clock.nowMs());
    if (untrueSinceMs !== null && clock.nowMs() - untrueSinceMs > noticeMs) world.violations.push(`the topic says connected to ${state.profile}, the tunnel is ${tunnel ? `for ${tunnel.profile}` : 'gone'}`);
    if (state.phase.name === 'connected' && tunnel && tunnel.profile !== state.profile) world.violations.push(`connected to ${state.profile} with the tunnel of ${tunnel.profile}`);
    if (state.phase.name === 'connected' && state.phase.lease.ipv4Network !== networkOfMesh(state.profile ?? '')) world.violations.push(`connected to ${state.profile} with a lease of ${state.phase.lease.ipv4Network}`);
    for (const { epoch: of } of world.waiting) if (of < state.epoch) world.violations.push('a call of an earlier epoch is still waited for');
    if (world.watching.size > (state.phase.name === 'connected' ? 1 : 0)) world.violations.push(`${world.watching.size} watches in ${state.phase.name}`);
    for (const [name, { asked }] of world.meshes) if (asked.length > enrolmentsMax) world.violations.push(`${name} was asked ${asked.length} times in ten seconds to enrol this device`);
    checkCutOff(state);
    if (state.epoch !== epoch) countAttempt(state.epoch);
    if (world.violations.length > before) trace?.(`${String(clock.nowMs()).padStart(7)} ! ${world.violations.at(-1)}`);
  }

  /** Once everything works, a device that was cut off has no tunnel to its mesh for longer than it takes to ask once. */
  let cutSinceMs: number | null = null;
  function checkCutOff(state: State): void {
    const mesh = state.phase.name === 'connected' ? meshOf(world, state.profile ?? '') : null;
    const gone = mesh !== null && mesh.up && world.online && world.weather.lost === 0 && (mesh.device === 'revoked' || mesh.certificate === 'lost');
    cutSinceMs = gone ? (cutSinceMs ?? clock.nowMs()) : null;
    if (cutSinceMs !== null && clock.nowMs() - cutSinceMs > refreshMs + 10_000) world.violations.push('connected to a mesh that cut this device off');
  }

  function countAttempt(now: number): void {
    epoch = now;
    attempts.push(clock.nowMs());
    while ((attempts[0] ?? 0) < clock.nowMs() - 10_000) attempts.shift();
    if (attempts.length > 150) world.violations.push('more than 150 tries in ten seconds');
  }

  function atEnd(driver: Driver, wanted: string | null): void {
    const { state } = driver.view.get();
    const { tunnel } = world.helper;
    const say = (what: string): void => void world.violations.push(what);
    if (wanted === null) {
      if (state.phase.name !== 'disconnected') say(`nothing is wanted, the phase is ${state.phase.name}`);
      if (tunnel) say(`nothing is wanted, a tunnel for ${tunnel.profile} is left`);
      return;
    }
    const mesh = meshOf(world, wanted);
    const gone = mesh.device === 'revoked' || mesh.certificate === 'lost' ? (mesh.device === 'revoked' ? 'auth.revoked' : 'auth.expired') : null;
    const enrolled = world.documents.enrolled.has(wanted);
    // What is known here says enough; who is not enrolled yet must ask, and who was cut off hears it when somebody answers.
    if (gone !== null && (mesh.up || (enrolled && mesh.certificate === 'lost' && state.phase.name === 'blocked'))) {
      if (state.phase.name !== 'blocked') return say(`${gone} is the truth, the phase is ${state.phase.name}`);
      if (state.phase.failure.code !== gone && state.phase.failure.code !== 'auth.expired') say(`${gone} is the truth, the failure is ${state.phase.failure.code}`);
      if (tunnel) say(`${gone} is the truth, a tunnel for ${tunnel.profile} is left`);
      return;
    }
    if (!mesh.up && !enrolled && state.phase.name === 'reconnecting') return tunnel ? say('not enrolled, a tunnel is left') : undefined;
    if (!mesh.up && mesh.certificate !== 'good') {
      // It cannot renew, so it waits; an old tunnel that still stands is kept.
      if (state.phase.name !== 'reconnecting' && state.phase.name !== 'connected') say(`the certificate ended and the mesh is away, the phase is ${state.phase.name}`);
      return;
    }
    if (!mesh.up && !world.documents.leases.has(wanted)) {
      if (state.phase.name !== 'reconnecting') say(`the mesh is away and nothing is stored, the phase is ${state.phase.name}`);
      if (tunnel) say(`the mesh is away and nothing is stored, a tunnel for ${tunnel.profile} is left`);
      return;
    }
    if (state.phase.name !== 'connected') return say(`${wanted} is wanted, the phase is ${state.phase.name}`);
    if (state.profile !== wanted) say(`${wanted} is wanted, connected to ${state.profile}`);
    if (!tunnel) return say(`${wanted} is wanted, there is no tunnel`);
    if (tunnel.profile !== wanted) say(`${wanted} is wanted, the tunnel is for ${tunnel.profile}`);
    if (tunnel.lease.ipv4 !== state.phase.lease.ipv4) say('the tunnel has another lease than the topic');
    if (!mesh.up) {
      if (state.phase.degraded !== 'control-plane-lost') say(`the mesh is away, degraded is ${state.phase.degraded}`);
      return;
    }
    if (state.phase.degraded !== null || state.phase.stored) say(`the mesh is back, degraded is ${state.phase.degraded}, stored is ${state.phase.stored}`);
    if (mesh.member?.ipv4 !== state.phase.lease.ipv4) say(`the mesh gave ${mesh.member?.ipv4}, the session has ${state.phase.lease.ipv4}`);
    if (tunnel.peersVersion !== mesh.peersVersion) say('the tunnel misses the newest peers');
  }

  return { always, atEnd };
}
