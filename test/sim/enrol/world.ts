import { isFailure } from '../../../src/base/failure.ts';
import { type Clock, sleep } from '../../../src/base/clock.ts';
import { type Identity } from '../../../src/base/identity.ts';
import { type Pki } from '../../../src/base/pki.ts';
import { between, chance, pick, type Random } from '../../../src/base/random.ts';
import { RpcError, status } from '../../../src/base/rpc.ts';
import { IssueRequest, IssueResponse } from '../../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { type RaftLogEntry } from '../../../src/gen/v1/node_raft.ts';
import { securedFounding } from '../../../src/node/founding.ts';
import { type RemoteCaller } from '../../../src/node/ports.ts';
import { issueHere } from '../../../src/node/rpc/authorities.ts';
import { Refused, submit } from '../../../src/node/rpc/submit.ts';
import { grantAuthorityEntry, requestAuthorityEntry } from '../../../src/node/statements/authorities.ts';
import { createInviteEntry } from '../../../src/node/statements/invites.ts';
import { bootstrapEntry, joinEntry } from '../../../src/node/statements/statements.ts';
import { enrolEntry } from '../../../src/node/statements/trust.ts';
import { type Configuration, type Message } from '../../../src/raft/types.ts';
import { fakePki } from '../../fakes/fake-pki.ts';
import { auditOf, inviteOf, nodeOf } from '../../fakes/replicated.ts';
import { createNetwork, type Network } from '../cluster/network.ts';
import { stream } from '../cluster/hash.ts';
import { virtualClock, type VirtualClock } from '../session/clock.ts';
import { createChecks, Violation } from './checks.ts';
import { dooms, Member } from './member.ts';
import { type Mutation } from './mutants.ts';
import { type People, inviteSomebody, throwOutSomebody } from './people.ts';
import { drawPlan, type Plan } from './plan.ts';
import { noDuplex } from '../../fakes/no-duplex.ts';

/** What happened in a seed, for people who wonder whether anything did. */
export interface Figures {
  enrolled: number;
  refused: number;
  askedAgain: number;
  crashes: number;
  terms: number;
  entries: number;
}

export const noFigures = (): Figures => ({ enrolled: 0, refused: 0, askedAgain: 0, crashes: 0, terms: 0, entries: 0 });

export interface Outcome {
  readonly violation: Violation | null;
  readonly figures: Figures;
  readonly events: number;
}

const ids = ['a', 'b', 'c', 'd', 'e'];
const endMs = 10 ** 12;
/** After the faults have stopped, everybody has an answer within this time, and all replicas are equal. */
const calmMs = 60_000;

/** One seed, from founding to the verdict. */
export async function runSeed(seed: number, mutation: Mutation = {}): Promise<Outcome> {
  const plan: Plan = { ...drawPlan(seed), ...mutation.plan };
  const time = virtualClock();
  const clock: Clock = { ...time, nowMs: () => Math.floor(time.nowMs()) };
  const figures = noFigures();
  const checks = createChecks();
  const pki = fakePki(stream(seed, 'keys'));
  const members = new Map<string, Member>();
  const network = createNetwork({ get now() { return time.nowMs(); }, after: (delayMs, run) => void clock.after(delayMs, run) }, plan, stream(seed, 'network'), members);
  const all = ids.slice(0, plan.voters);
  const configuration: Configuration = { servers: all.map((id) => ({ id, address: `${id}:1`, voter: true })) };
  const cargo = new WeakMap<Message, Uint8Array>();
  const identities = await identitiesOf(all, plan, pki);
  let calm = false;
  for (const id of all) {
    const identity = identities.get(id) as Identity;
    const remote = remoteCaller(members, clock, stream(seed, `calls of ${id}`));
    members.set(id, new Member(id, { plan, clock, network, random: stream(seed, `raft of ${id}`), pki, identity, configuration, remote, mutation, checks, cargo }));
  }
  const people: People = { plan, clock, dice: stream(seed, 'people'), pki, members: [...members.values()], checks, calm: () => calm };
  const story = live({ people, network, identities, dice: stream(seed, 'faults'), figures, setCalm: () => void (calm = true) });
  const events = await drive(time, story, () => checks.violation !== null);
  const violation = checks.violation ?? (await verdictOf(story));
  for (const { certificates, end } of checks.redeemers) {
    if (end === 'accepted') figures.enrolled++;
    else figures.refused++;
    figures.askedAgain += Math.max(0, certificates.length - 1);
  }
  for (const member of members.values()) member.close();
  return { violation, figures, events };
}

/** Runs the clock until the story is over. Everything that waits on promises runs before time moves. */
async function drive(clock: VirtualClock, story: Promise<void>, stop: () => boolean): Promise<number> {
  let [over, events] = [false, 0];
  story.then(() => (over = true), () => (over = true));
  for (;;) {
    await drained();
    if (over || stop() || !clock.next(endMs)) return events;
    events++;
  }
}

const drained = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

async function verdictOf(story: Promise<void>): Promise<Violation | null> {
  try {
    await story;
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

interface Stage {
  readonly people: People;
  readonly network: Network;
  readonly identities: ReadonlyMap<string, Identity>;
  readonly dice: Random;
  readonly figures: Figures;
  readonly setCalm: () => void;
}

async function live(stage: Stage): Promise<void> {
  const { people: { plan, clock, members, checks }, people, network, figures, setCalm, dice } = stage;
  for (const member of members) member.start();
  await found(stage);
  const startedMs = clock.nowMs();
  void unleash(stage, startedMs + plan.chaosMs);
  const works = [throwOutSomebody(people), ...Array.from({ length: plan.invites }, (_, i) => inviteSomebody(people, i))];
  const done = Promise.all(works).then(() => true);
  await sleep(clock, plan.chaosMs);
  setCalm();
  network.calm();
  for (const member of members) revive(member, chance(dice, plan.losesState));
  const finished = await Promise.race([done, sleep(clock, calmMs).then(() => false)]);
  if (!finished) throw new Violation(`liveness: ${checks.redeemers.filter(({ end }) => end === null).length} people wait for an answer`);
  await converged(people);
  figures.entries = members[0]?.state?.appliedIndex() ?? 0;
  figures.terms = members[0]?.driver?.view.get().term ?? 0;
  checks.finally(members, new Set(ids));
}

async function converged({ members, clock }: People): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const indexes = members.map(({ state, driver }) => [state?.appliedIndex() ?? -1, driver?.view.get().lastIndex ?? -2]);
    if (new Set(indexes.flat()).size === 1) return;
    await sleep(clock, 200);
  }
  throw new Violation('liveness: the replicas do not come to the same entry');
}

/** The mesh as it is before anybody is invited: all voters enrolled and joined, authorities granted. */
async function found({ people: { pki, members, plan }, people, identities }: Stage): Promise<void> {
  const founder = identities.get('a') as Identity;
  const now = { seconds: 0n, nanos: 0 };
  await propose(people, bootstrapEntry({ ulaPrefix: 'fd00::/48', ipv4Prefix: '10.0.0.0/8', networkName: 'sim', acls: [], founder: nodeOf('a', true), now, trust: securedFounding(founder, 'sim', pki, 0) }));
  await propose(people, createInviteEntry(inviteOf('setup', { usesMax: 9, expiresAtMs: endMs, audit: auditOf('invite.create', 'a') })));
  for (const [at, { id }] of members.entries()) {
    if (id === 'a') continue;
    const { chain, authority } = identities.get(id) as Identity;
    const [certificate = new Uint8Array(), signer = new Uint8Array()] = chain;
    const facts = pki.readCertificate(certificate);
    await propose(people, enrolEntry({ inviteId: 'setup', deviceId: id, name: id, nowMs: 0, certificate: { ...facts, certificate, authority: signer }, audit: auditOf('device.enroll', 'anonymous', id) }));
    await propose(people, joinEntry(nodeOf(id, true)));
    if (at >= plan.signers || !authority?.chain[0]) continue;
    const certificateRequest = Buffer.from(id);
    await propose(people, requestAuthorityEntry({ nodeId: id, certificateRequest, audit: auditOf('authority.request', id) }));
    await propose(people, grantAuthorityEntry({ nodeId: id, certificateRequest, certificate: authority.chain[0], notAfterMs: endMs, audit: auditOf('authority.grant', 'a') }));
  }
}

/** Until it was applied, by whoever leads. A refusal means that an earlier try was applied after all. */
async function propose({ members, clock }: People, entry: RaftLogEntry): Promise<void> {
  for (;;) {
    const leader = members.find(({ driver }) => driver?.view.get().role === 'leader');
    try {
      if (leader?.driver) return await submit(leader.driver, entry, AbortSignal.timeout(1e9));
    } catch (error) {
      if (error instanceof Refused) return;
      if (!(error instanceof RpcError) && !isFailure(error)) throw error;
    }
    await sleep(clock, 100);
  }
}

async function identitiesOf(all: readonly string[], { signers }: Plan, pki: Pki): Promise<ReadonlyMap<string, Identity>> {
  const validity = { notBeforeMs: -1e9, notAfterMs: endMs, serial: Uint8Array.of(1) };
  const rootKey = await pki.createKey();
  const root = await pki.createRoot({ privateKey: rootKey, name: 'sim', ...validity });
  const identities = new Map<string, Identity>();
  for (const [at, id] of all.entries()) {
    const [key, authorityKey] = [await pki.createKey(), await pki.createKey()];
    const certificate = await pki.issueAuthority({ root: { privateKey: rootKey, certificate: root }, request: await pki.createRequest(authorityKey, id), ...validity });
    const authority = { privateKey: authorityKey, chain: [certificate, root] };
    const leaf = await pki.issueDevice({ authority, request: await pki.createRequest(key, id), ...validity });
    identities.set(id, { privateKey: key, chain: [leaf, certificate, root], authority: at < signers ? authority : null });
  }
  return identities;
}

/** Calls between nodes: a leader without an authority has its certificates signed elsewhere. */
function remoteCaller(members: ReadonlyMap<string, Member>, clock: Clock, dice: Random): RemoteCaller {
  const unreachable = (): RpcError => new RpcError(status.unavailable, 'unreachable');
  return {
    ...noDuplex,
    unary: async (_address, _path, bytes, { expectId, signal }) => {
      await sleep(clock, between(dice, 1, 40), signal);
      const target = members.get(expectId);
      if (!target?.trust || chance(dice, 0.05)) throw unreachable();
      const { life } = target;
      const answer = await issueHere(IssueRequest.decode(bytes), target.trust);
      await sleep(clock, between(dice, 1, 40), signal);
      if (!target.up || target.life !== life || chance(dice, 0.05)) throw unreachable();
      return IssueResponse.encode(answer).finish();
    },
  };
}

function revive(member: Member, losesState: boolean): void {
  member.doom = null;
  if (member.up) return;
  member.start();
  if (!losesState) return;
  member.crash(true);
  member.start();
}

/** Crashes, of the leader rather than of others, and at the worst moments; partitions; hand-overs. */
async function unleash({ people: { plan, clock, members, calm }, network, dice, figures }: Stage, untilMs: number): Promise<void> {
  const often = async (meanMs: number, run: () => void): Promise<void> => {
    while (meanMs > 0) {
      await sleep(clock, -meanMs * Math.log(1 - dice.next()));
      if (calm() || clock.nowMs() > untilMs) return;
      run();
    }
  };
  const leaderOrAny = (): Member => (chance(dice, 0.6) ? members.find(({ driver }) => driver?.view.get().role === 'leader') : undefined) ?? pick(dice, members);
  await Promise.all([
    often(plan.crashEveryMs, () => {
      const member = leaderOrAny();
      if (!member.up) return;
      figures.crashes++;
      if (chance(dice, 0.5)) member.doom = pick(dice, dooms);
      else member.crash(chance(dice, plan.losesState));
    }),
    often(700, () => {
      for (const member of members) if (!member.up) member.start();
    }),
    often(plan.partitionEveryMs, () => {
      const alone = leaderOrAny();
      for (const { id } of members) {
        if (id === alone.id) continue;
        network.cut(alone.id, id);
        if (chance(dice, 0.8)) network.cut(id, alone.id);
      }
      clock.after(between(dice, 200, 3_000), () => network.healAll());
    }),
    often(plan.transferEveryMs, () => {
      const leader = members.find(({ driver }) => driver?.view.get().role === 'leader');
      leader?.driver?.transferLeadership(AbortSignal.timeout(1e9)).catch(() => {});
    }),
  ]);
}
