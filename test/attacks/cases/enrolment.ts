/**
 * Strangers with half an invite: a guessed token, the token of another invite, an invite that was used, revoked or is over, and two who
 * redeem the same one at the same instant at two nodes.
 */
import { TrustServiceService } from '../../../src/gen/webmesh/trust/v1/trust.ts';
import { randomBytes } from 'node:crypto';
import { pki } from '../../../src/platform/pki.ts';
import { type Attack, demand, summary } from '../attack.ts';
import { outcomeOf } from '../clients/grpc.ts';
import { call, freshAddress, inviteBy, meshWorld, redeem } from '../worlds/mesh.ts';

let devices = 0;
const freshId = (): string => `stranger-${++devices}`;

async function redeemWorks(): Promise<void> {
  const { chain, pending } = await redeem(await inviteBy(), freshId());
  demand(!pending && chain.length === 3, 'a good invite gives a certificate');
}

const rounds = 200;

/** Two at the same instant, at two nodes, with two keys. Answers how many got in. */
async function race(): Promise<number> {
  const { leader, follower } = await meshWorld();
  const invite = await inviteBy();
  const seen = await Promise.all([leader(), follower()].map((to) => outcomeOf(redeem(invite, freshId(), { to }))));
  const refused = seen.filter((one) => one === 'FAILED_PRECONDITION invite used up').length;
  const won = seen.filter((one) => one === 'let in').length;
  demand(won + refused === 2, `one wins, one hears why: ${seen.join(', ')}`);
  return won;
}

export const enrolment: readonly Attack[] = [
  {
    name: 'token-guessed', aim: 'Enroll', expected: 'UNAUTHENTICATED invite unknown or token wrong', counter: redeemWorks,
    attack: async () => {
      const { id, token } = await inviteBy();
      const near = Buffer.from(token);
      near[31] = (near[31] ?? 0) ^ 1;
      const guesses = [randomBytes(32), near, token.subarray(0, 31), Buffer.concat([token, Buffer.alloc(1)]), Buffer.alloc(0), Buffer.alloc(32)];
      return summary(await Promise.all(guesses.map((guess) => outcomeOf(redeem({ id, token: guess }, freshId())))));
    },
  },
  {
    name: 'token-of-another-invite', aim: 'Enroll', expected: 'UNAUTHENTICATED invite unknown or token wrong', counter: redeemWorks,
    attack: async () => {
      const [one, other] = [await inviteBy(), await inviteBy()];
      return summary(await Promise.all([{ id: one.id, token: other.token }, { id: other.id, token: one.token }, { id: 'a'.repeat(16), token: one.token }, { id: '', token: one.token }].map((invite) => outcomeOf(redeem(invite, freshId())))));
    },
  },
  {
    name: 'token-hash-as-token', aim: 'Enroll', expected: 'UNAUTHENTICATED invite unknown or token wrong', counter: redeemWorks,
    // Every member holds the hashes in its replica: they must be worth nothing.
    attack: async () => {
      const { id, token } = await inviteBy();
      return outcomeOf(redeem({ id, token: Buffer.from(pki.digest(token)) }, freshId()));
    },
  },
  {
    name: 'token-replayed', aim: 'Enroll', expected: 'FAILED_PRECONDITION invite used up',
    counter: async () => {
      // The same device that lost the answer gets the same certificate, and nothing is used twice.
      const [invite, id, key] = [await inviteBy(), freshId(), await pki.createKey()];
      const [first, again] = [await redeem(invite, id, { key }), await redeem(invite, id, { key, to: (await meshWorld()).follower() })];
      demand(Buffer.compare(first.chain[0] as Buffer, again.chain[0] as Buffer) === 0, 'a lost answer can be asked for again');
    },
    attack: async () => {
      const [invite, { follower }] = [await inviteBy(), await meshWorld()];
      await redeem(invite, freshId());
      return summary([await outcomeOf(redeem(invite, freshId())), await outcomeOf(redeem(invite, freshId(), { to: follower() }))]);
    },
  },
  {
    name: 'token-raced', aim: 'Enroll at two nodes', expected: `exactly one of two wins, in ${rounds} rounds`, counter: redeemWorks,
    attack: async () => {
      const won: number[] = [];
      for (let round = 0; round < rounds; round++) won.push(await race());
      return won.every((one) => one === 1) ? `exactly one of two wins, in ${rounds} rounds` : `winners in each round: ${summary(won.map(String))}`;
    },
  },
  {
    name: 'invite-revoked', aim: 'Enroll', expected: 'FAILED_PRECONDITION invite revoked', counter: redeemWorks,
    attack: async () => {
      const [invite, { identity, leader }] = [await inviteBy(), await meshWorld()];
      await call(leader(), { as: identity('host') }, TrustServiceService.revokeInvite, { id: invite.id });
      return outcomeOf(redeem(invite, freshId()));
    },
  },
  {
    name: 'invite-expired', aim: 'Enroll', expected: 'FAILED_PRECONDITION invite expired', counter: redeemWorks,
    attack: async () => {
      const invite = await inviteBy('host', { expiresAtMs: BigInt(Date.now() + 700) });
      await new Promise((resolve) => setTimeout(resolve, 900));
      return outcomeOf(redeem(invite, freshId()));
    },
  },
  {
    name: 'id-taken-by-a-stranger', aim: 'Enroll', expected: 'ALREADY_EXISTS id taken', counter: redeemWorks,
    attack: async () => {
      const seen: string[] = [];
      for (const id of ['host', 'voter', 'member']) seen.push(await outcomeOf(redeem(await inviteBy(), id)));
      return summary(seen);
    },
  },
  {
    name: 'request-for-another-name', aim: 'Enroll', expected: /^INVALID_ARGUMENT/, counter: redeemWorks,
    attack: async () => outcomeOf(redeem(await inviteBy(), freshId(), { requestId: 'host' })),
  },
  {
    name: 'certificate-before-approval', aim: 'Enroll with approval', expected: 'pending, without a certificate, UNAUTHENTICATED certificate required',
    counter: async () => {
      const [invite, id, key] = [await inviteBy('host', { needsApproval: true }), freshId(), await pki.createKey()];
      demand((await redeem(invite, id, { key })).pending, 'it waits');
      const { identity, leader } = await meshWorld();
      await call(leader(), { as: identity('host') }, TrustServiceService.approveDevice, { id });
      demand((await redeem(invite, id, { key })).chain.length === 3, 'after approval it gets its certificate');
    },
    attack: async () => {
      const [invite, id, key] = [await inviteBy('host', { needsApproval: true }), freshId(), await pki.createKey()];
      const answers = [await redeem(invite, id, { key }), await redeem(invite, id, { key })];
      const { leader } = await meshWorld();
      const own = await outcomeOf(call(leader(), { as: null }, TrustServiceService.approveDevice, { id }));
      return `${answers.every(({ pending }) => pending) ? 'pending' : 'let in'}, ${answers.every(({ chain }) => chain.length === 0) ? 'without' : 'with'} a certificate, ${own}`;
    },
  },
  {
    name: 'token-guessed-fast', aim: 'Enroll', expected: 'ten tries, then RESOURCE_EXHAUSTED too many tries', counter: redeemWorks,
    attack: async () => {
      const [{ id }, from] = [await inviteBy(), freshAddress()];
      const seen: string[] = [];
      for (let i = 0; i < 15; i++) seen.push(await outcomeOf(redeem({ id, token: randomBytes(32) }, freshId(), { from })));
      const tries = seen.filter((one) => one.startsWith('UNAUTHENTICATED')).length;
      return `${tries === 10 ? 'ten' : tries} tries, then ${summary(seen.slice(tries))}`;
    },
  },
];
