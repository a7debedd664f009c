import { between, chance, pick, type Random } from '../../../src/base/random.ts';
import { bootstrapEntry } from '../../../src/raft/raft.ts';
import { type Rules } from '../../../src/raft/rules.ts';
import { type Configuration, type NodeId, type Server } from '../../../src/raft/types.ts';
import { Checks, type Figures, Violation } from './checks.ts';
import { encodeConfiguration } from './disk.ts';
import { createTimeline } from './heap.ts';
import { chain, stream } from './hash.ts';
import { type DriverFaults, Member } from './member.ts';
import { type Cast, often, randomChange, unleash } from './nemesis.ts';
import { createNetwork } from './network.ts';
import { drawPlan, type Plan, tickMs } from './plan.ts';

/** What is wrong on purpose in a run. */
export interface Mutation {
  readonly rules?: Partial<Rules>;
  readonly faults?: DriverFaults;
  /** A world in which this mistake shows sooner. */
  readonly plan?: Partial<Plan>;
}

export interface Outcome {
  readonly seed: number;
  readonly violation: { readonly rule: string; readonly message: string } | null;
  readonly traceHash: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly figures: Figures;
  readonly trace: readonly string[];
}

/** One cluster's life from one seed: chaos, then calm, then proof that it works again and stays quiet. */
export function runSeed(seed: number, mutation: Mutation = {}, verbose = false): Outcome {
  const world = createWorld(seed, mutation, verbose);
  let violation: Outcome['violation'] = null;
  try {
    live(world);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    violation = { rule: error instanceof Violation ? error.rule : 'assertion', message: error instanceof Violation ? error.message : (error.stack ?? error.message) };
  }
  const { checks, timeline } = world;
  return { seed, violation, traceHash: checks.traceHash, virtualMs: timeline.now, events: timeline.events, figures: checks.figures, trace: checks.trace ?? [] };
}

interface World extends Cast {
  readonly members: Map<NodeId, Member>;
  readonly clients: Random;
  readonly nemesis: Random;
  writes: number;
  reads: number;
}

function createWorld(seed: number, { rules = {}, faults = {}, plan: harsher = {} }: Mutation, verbose: boolean): World {
  const plan = { ...drawPlan(seed), ...harsher };
  const timeline = createTimeline();
  const members = new Map<NodeId, Member>();
  const configuration = firstConfiguration(plan);
  const first = bootstrapEntry(configuration, encodeConfiguration);
  const checks = new Checks(members, first, () => timeline.now, verbose);
  const network = createNetwork(timeline, plan, stream(seed, 'network'), members);
  for (const id of nodeIds(plan)) {
    const member = new Member(id, { plan, timeline, network, checks, rules, faults, dice: { raft: stream(seed, `raft ${id}`), driver: stream(seed, `driver ${id}`) } });
    members.set(id, member);
    if (!configuration.servers.some((one) => one.id === id)) continue;
    member.platter.hardState = { term: 1, votedFor: null };
    member.platter.entries.push(first);
    member.platter.hashes.push(chain(0, first));
  }
  const world: World = { plan, timeline, members, checks, network, clients: stream(seed, 'clients'), nemesis: stream(seed, 'nemesis'), writes: 0, reads: 0, ask: (member) => void member.read(++world.reads) };
  return world;
}

const nodeIds = ({ voters, observers, spares }: Plan): NodeId[] => Array.from({ length: voters + observers + spares }, (_, i) => `n${i + 1}`);

function firstConfiguration(plan: Plan): Configuration {
  const member = (id: NodeId, i: number): Server => ({ id, address: `${id}:1`, voter: i < plan.voters });
  return { servers: nodeIds(plan).slice(0, plan.voters + plan.observers).map(member) };
}

function live(world: World): void {
  const { plan, timeline, members, nemesis } = world;
  for (const member of members.values()) member.start();
  unleash(world, nemesis);
  employClients(world);
  timeline.runUntil(plan.chaosMs);
  calm(world);
  mustConverge(world);
  mustStayQuiet(world);
}

function employClients(world: World): void {
  const { plan, clients: dice } = world;
  const someone = (): Member => likelyLeader(world) ?? pick(dice, [...world.members.values()]);
  often(world, dice, plan.proposeEveryMs, () => {
    for (let burst = chance(dice, 0.1) ? 8 : 1; burst > 0; burst--) write(world, someone());
  });
  often(world, dice, plan.readEveryMs, () => world.ask(someone()));
  often(world, dice, plan.changeEveryMs, () => void someone().change(randomChange(world, dice)));
  often(world, dice, plan.transferEveryMs, () => void someone().transfer(chance(dice, 0.5) ? null : pick(dice, [...world.members.keys()])));
}

/** Clients mostly know who leads, and sometimes ask anybody, also one who led before. */
function likelyLeader({ members, clients }: World): Member | undefined {
  const leaders = [...members.values()].filter((member) => member.up && !member.paused && member.raft?.view().role === 'leader');
  return leaders.length === 0 || chance(clients, 0.1) ? undefined : pick(clients, leaders);
}

function write(world: World, member: Member): number {
  const id = ++world.writes;
  const data = new Uint8Array(8);
  new DataView(data.buffer).setUint32(0, id);
  if (!member.propose(id, data)) world.checks.refused(id);
  return id;
}

function calm({ checks, network, members }: World): void {
  checks.calm = true;
  checks.say('calm');
  network.calm();
  for (const member of members.values()) {
    member.doom = null;
    member.slowDisk = false;
    member.resume();
    if (!member.up) member.start();
  }
}

/** Liveness: with everybody back, a leader and then every member at the same state, though no client asks for anything. */
function mustConverge(world: World): void {
  const { timeline, plan } = world;
  const timeoutMs = 2 * plan.electionTicks * tickMs;
  for (let waited = 0; waited < 20 * timeoutMs; waited += 500) {
    timeline.runUntil(timeline.now + 500);
    const leader = theLeader(world);
    if (leader && isConverged(world, leader)) return;
  }
  throw new Violation('liveness', `no convergence after calm: ${describe(world)}`);
}

function theLeader({ members }: World): Member | undefined {
  const leaders = [...members.values()].filter((member) => member.raft?.view().role === 'leader');
  return leaders.length === 1 ? leaders[0] : undefined;
}

function isConverged({ members, checks }: World, leader: Member, without: NodeId | null = null): boolean {
  const view = leader.raft?.view();
  if (!view || view.commitIndex !== view.lastIndex || !view.configurationCommitted || checks.committed[view.commitIndex - 1]?.term !== view.term) return false;
  return view.configuration.servers.every(({ id }) => id === without || members.get(id)?.machine.index === view.commitIndex);
}

/** No churn: in a healthy cluster terms stand still, and a member that was away does not depose the leader. What is written arrives at once. */
function mustStayQuiet(world: World): void {
  const { members, network, timeline, plan, checks, clients } = world;
  const leader = theLeader(world);
  const before = leader?.raft?.view();
  if (!leader || !before) return;
  const others = before.configuration.servers.filter(({ id }) => id !== leader.id);
  // Cutting off the only other voter would end the leadership, rightly.
  const leaves = others.filter((one) => !one.voter || others.filter(({ voter }) => voter).length > 1);
  const away = leaves.length > 0 ? pick(clients, leaves).id : null;
  for (const id of members.keys()) {
    if (away === null) break;
    network.cut(away, id);
    network.cut(id, away);
  }
  checks.say(`${away ?? 'nobody'} is away`);
  const timeoutMs = 2 * plan.electionTicks * tickMs;
  timeline.runUntil(timeline.now + between(clients, 1, 2) * timeoutMs);
  write(world, leader);
  timeline.runUntil(timeline.now + promptMs);
  if (!isConverged(world, leader, away)) throw new Violation('prompt-commit', `a write did not reach everybody within ${promptMs} ms: ${describe(world)}`);
  network.healAll();
  // A request that was cut off is given up after one timeout of the transport; then the member is looked at again.
  timeline.runUntil(timeline.now + 2 * timeoutMs);
  const after = leader.raft?.view();
  if (after?.role !== 'leader' || after.term !== before.term) throw new Violation('churn', `${leader.id} led term ${before.term}, then: ${describe(world)}`);
  if (!isConverged(world, leader)) throw new Violation('liveness', `${away} did not catch up: ${describe(world)}`);
}

/** Well below the shortest election timeout, after which quiet peers would be looked at anyhow. */
const promptMs = 200;

function describe({ members }: World): string {
  const one = (member: Member): string => {
    const view = member.raft?.view();
    return view ? `${member.id} ${view.role} t${view.term} log ${view.lastIndex} commit ${view.commitIndex} applied ${member.machine.index}` : `${member.id} down`;
  };
  return [...members.values()].map(one).join('; ');
}
