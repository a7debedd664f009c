import { type Clock, sleep } from '../../../src/base/clock.ts';
import { type Pki } from '../../../src/base/pki.ts';
import { between, chance, pick, type Random } from '../../../src/base/random.ts';
import { type Call, RpcError, status } from '../../../src/base/rpc.ts';
import { type EnrollResponse, Role } from '../../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { enroll } from '../../../src/node/rpc/enroll.ts';
import { approveDevice, createInvite, revokeDevice, revokeInvite, type TrustPorts } from '../../../src/node/rpc/trust.ts';
import { type Checks, type Redeemer } from './checks.ts';
import { type Member } from './member.ts';
import { type Plan } from './plan.ts';

export interface People {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly dice: Random;
  readonly pki: Pki;
  readonly members: readonly Member[];
  readonly checks: Checks;
  /** True once the faults have stopped. */
  readonly calm: () => boolean;
}

type Work<T> = (ports: TrustPorts, call: Call) => Promise<T>;
type Answer<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'refused'; readonly error: RpcError } | { readonly kind: 'lost' };

const admin = { kind: 'device', id: 'a', role: 'admin', votes: true, via: null } as const;
const stranger = { kind: 'anonymous', address: '192.0.2.1', via: null } as const;

/** One request to one node over a network that loses, doubles and delays; the node may die over it, and then nobody answers. */
function ask<T>(people: People, to: Member, work: Work<T>): Promise<Answer<T>> {
  const { plan, clock, dice, calm } = people;
  const lost = (share: number): boolean => !calm() && chance(dice, share);
  const latency = (): number => plan.latencyMinMs - plan.latencyMeanMs * Math.log(1 - dice.next());
  return new Promise((resolve) => {
    const answer = (value: Answer<T>): void => {
      if (!lost(plan.callAnswerLoss)) clock.after(latency(), () => resolve(value));
    };
    const arrive = (): void => {
      const { life } = to;
      const alive = (): boolean => to.up && to.life === life;
      to.serve(work).then(
        (value) => alive() && answer({ kind: 'value', value }),
        (error: unknown) => alive() && error instanceof RpcError && answer({ kind: 'refused', error }),
      );
    };
    clock.after(plan.patienceMs, () => resolve({ kind: 'lost' }));
    if (!lost(plan.callLoss)) clock.after(latency(), arrive);
    if (lost(plan.callDuplication)) clock.after(latency() + between(dice, 0, 500), arrive);
  });
}

/** Asks one node after another until there is an answer that asking again would not change. */
async function insist<T>(people: People, work: () => Work<T>, final: (error: RpcError) => boolean): Promise<Exclude<Answer<T>, { kind: 'lost' }>> {
  const { clock, dice, members } = people;
  for (;;) {
    const answer = await ask(people, pick(dice, members), work());
    if (answer.kind === 'value' || (answer.kind === 'refused' && final(answer.error))) return answer;
    await sleep(clock, between(dice, 20, 200));
  }
}

/** Refusals that say something about the request. The rest says something about the node: another one is asked. */
function isFinal(error: RpcError): boolean {
  if (error.code === status.failedPrecondition) return error.message !== 'not leader';
  return error.code === status.permissionDenied || error.code === status.alreadyExists || error.code === status.notFound || error.code === status.invalidArgument;
}

/** A person with an invite: a key, a name, and patience. Having the chain, the person sometimes asks again all the same. */
async function redeem(people: People, inviteId: string, name: string): Promise<void> {
  const { pki, dice, clock, checks } = people;
  const key = await pki.createKey();
  let request = await pki.createRequest(key, name);
  const redeemer: Redeemer = { inviteId, keyHash: (await pki.readRequest(request)).keyHash, id: name, certificates: [], names: new Set([name]), end: null };
  checks.redeemers.push(redeemer);
  let asksAgain = chance(dice, 0.3) ? between(dice, 1, 2) : 0;
  for (;;) {
    const answer = await insist<EnrollResponse>(people, () => (ports, call) =>
      enroll({ inviteId, token: token(inviteId), certificateRequest: Buffer.from(request), nodeId: redeemer.id, deviceName: name }, call, stranger, ports), isFinal);
    if (answer.kind === 'refused') {
      if (answer.error.code !== status.alreadyExists) return void (redeemer.end = answer.error.message);
      redeemer.id = `${name}-${between(dice, 0, 999)}`;
      redeemer.names.add(redeemer.id);
      request = await pki.createRequest(key, redeemer.id);
    } else if (!answer.value.pending) {
      redeemer.certificates.push(Buffer.from(answer.value.chain[0] ?? []).toString('hex'));
      redeemer.end = 'accepted';
      if (asksAgain-- <= 0) return;
    }
    await sleep(clock, between(dice, 50, 800));
  }
}

/** Two or more people may hold the same link, and want the same name. */
export async function inviteSomebody(people: People, number: number): Promise<void> {
  const { plan, clock, dice, pki, checks } = people;
  await sleep(clock, between(dice, 0, plan.chaosMs / 2));
  const id = `invite${String(number).padStart(10, '0')}`;
  const needsApproval = chance(dice, plan.approvals);
  const usesMax = between(dice, 1, 2);
  const tokenHash = Buffer.from(pki.digest(token(id)));
  const expiresAtMs = BigInt(clock.nowMs() + (chance(dice, 0.2) ? 4_000 : 10_000_000));
  const created = await insist(people, () => (ports, call) => createInvite({ id, tokenHash, role: Role.ROLE_MEMBER, expiresAtMs, usesMax, needsApproval, note: '' }, call, admin, ports), isFinal);
  if (created.kind === 'refused') return;
  checks.promises.created.add(id);
  const redeemed = Array.from({ length: between(dice, 1, plan.redeemersMax) }, async (_, i) => {
    await sleep(clock, between(dice, 0, 300));
    await redeem(people, id, chance(dice, 0.2) ? 'laptop' : `${id}-${i}`);
  });
  let open = true;
  const works: Promise<void>[] = [Promise.all(redeemed).then(() => {
    open = false;
  })];
  if (chance(dice, plan.revokesInvites)) works.push(revoke(people, id));
  if (needsApproval) works.push(approve(people, id, () => open), approve(people, id, () => open));
  await Promise.all(works);
}

async function revoke(people: People, id: string): Promise<void> {
  const { clock, dice, checks } = people;
  await sleep(clock, between(dice, 0, 1_500));
  const answer = await insist(people, () => (ports, call) => revokeInvite({ id }, call, admin, ports), isFinal);
  if (answer.kind === 'value') checks.promises.revokedInvites.add(id);
}

/** An admin who accepts whoever waits, as any node shows it, and now and then throws somebody out. Ends when all who hold the link have their answer. */
async function approve(people: People, inviteId: string, open: () => boolean): Promise<void> {
  const { clock, dice, members, checks, plan } = people;
  while (open()) {
    await sleep(clock, between(dice, 100, 600));
    const waiting = pick(dice, members).state?.trust.devices().filter((device) => device.inviteId === inviteId && device.state === 'pending') ?? [];
    for (const { id } of waiting) {
      if (chance(dice, plan.revokesDevices)) await throwOut(people, id);
      else if ((await insist(people, () => (ports, call) => approveDevice({ id }, call, admin, ports), isFinal)).kind === 'value') checks.promises.approved.add(id);
    }
  }
}

/** An admin who cuts off devices that were just accepted. */
export async function throwOutSomebody(people: People): Promise<void> {
  const { clock, dice, plan, members } = people;
  while (clock.nowMs() < plan.chaosMs) {
    await sleep(clock, between(dice, 500, 3_000));
    const devices = pick(dice, members).state?.trust.devices().filter(({ inviteId, state }) => inviteId.startsWith('invite') && state === 'active') ?? [];
    if (devices.length > 0 && chance(dice, plan.revokesDevices)) await throwOut(people, pick(dice, devices).id);
  }
}

async function throwOut(people: People, id: string): Promise<void> {
  people.checks.promises.unwanted.add(id);
  const answer = await insist(people, () => (ports, call) => revokeDevice({ id }, call, admin, ports), isFinal);
  if (answer.kind === 'value') people.checks.promises.revokedDevices.add(id);
}

function token(inviteId: string): Buffer {
  return Buffer.alloc(32, inviteId);
}
