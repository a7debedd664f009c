import { expect, test } from 'vitest';
import { type Role } from '../../base/identity.ts';
import { hearsProven, type MemberFacts, trustsDialled } from './hearing.ts';
import { type Proof } from './transport.ts';

/** `b` and `c` vote, `o` observes, `g` is a guest that observes, `r` was revoked and still stands in the configuration, `n` enrolled and never joined. */
const configuration = { servers: ['a*', 'b*', 'c*', 'o', 'g', 'r*'].map((word) => ({ id: word.replace('*', ''), address: `${word}:1`, voter: word.endsWith('*') })) };
const devices: Record<string, readonly [Role, 'pending' | 'active' | 'revoked']> = {
  a: ['admin', 'active'], b: ['member', 'active'], c: ['member', 'active'], o: ['member', 'active'], g: ['guest', 'active'], r: ['member', 'revoked'], n: ['member', 'active'], p: ['member', 'pending'],
};
const facts: MemberFacts = {
  founded: true,
  device: (id) => devices[id] && { role: devices[id][0], state: devices[id][1] },
  recorded: (id, fingerprint) => fingerprint === `of ${id}`,
  mayVote: (id) => id !== 'denied',
};
const inTouch = { configuration, leader: 'b', leaderContactTicks: 3 };
const lonely = { configuration, leader: null, leaderContactTicks: 51 };
const everybody = ['b', 'c', 'o', 'g', 'r', 'n', 'p', 'stranger', 'denied'];
const heard = (touch: Parameters<typeof hearsProven>[0], proof: (id: string) => Proof, with_: MemberFacts = facts): string =>
  everybody.filter((id) => hearsProven(touch, id, proof(id), with_)).join(' ');
const own = (id: string) => ({ provenId: id, fingerprint: `of ${id}` });

test('in touch, only voters are heard, under their own id, with the certificate that was recorded', () => {
  expect([
    heard(inTouch, own),
    heard(inTouch, () => ({ provenId: undefined, fingerprint: undefined })),
    heard(inTouch, () => ({ provenId: 'b', fingerprint: 'of b' })),
    heard(inTouch, (id) => ({ provenId: id, fingerprint: 'stolen' })),
    heard(inTouch, (id) => ({ provenId: id, fingerprint: undefined })),
  ]).toEqual(['b c', '', 'b', '', '']);
});

test('a node that lost touch listens to whom it has no reason to refuse, for a new voter or a new certificate', () => {
  expect([heard(lonely, own), heard(lonely, (id) => ({ provenId: id, fingerprint: 'renewed' })), heard({ ...lonely, leaderContactTicks: null }, own), heard(lonely, () => own('b')), heard({ ...lonely, leaderContactTicks: 50 }, own)])
    .toEqual(['b c o n stranger', 'b c o n stranger', 'b c o n stranger', 'b', 'b c']);
});

test('a certificate that ended is heard while it is recorded and within its grace, from voters; and a member is dialled by the same rule', () => {
  const ended = (fingerprint: (id: string) => string) => (id: string) => ({ provenId: id, fingerprint: fingerprint(id), expired: true });
  expect([heard(inTouch, ended((id) => `of ${id}`)), heard(inTouch, ended(() => 'forgotten')), heard(lonely, ended(() => 'forgotten')), heard(lonely, ended((id) => `of ${id}`), { ...facts, recorded: () => false }), heard(inTouch, ended(() => 'x'), { ...facts, founded: false })])
    .toEqual(['b c', '', '', '', '']);
  const dial = (fingerprint: string, expired: boolean): boolean => trustsDialled('b', { provenId: 'b', fingerprint, expired }, facts);
  expect([dial('new', false), dial('of b', true), dial('new', true), trustsDialled('b', { provenId: undefined, fingerprint: undefined }, facts)]).toEqual([true, true, false, true]);
});

test('without any state the chain alone must do; who is known as revoked stays out even then', () => {
  const fresh = { ...facts, founded: false };
  expect([heard({ configuration: { servers: [] }, leader: null, leaderContactTicks: null }, own, { ...fresh, device: () => undefined }), heard(inTouch, own, fresh), heard(inTouch, () => ({ provenId: undefined, fingerprint: undefined }), fresh)])
    .toEqual([everybody.join(' '), 'b c o g n p stranger denied', '']);
});
