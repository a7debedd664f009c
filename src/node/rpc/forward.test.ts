import { expect, test } from 'vitest';
import { anonymous, refusal, roles, type TrustWorld, trustWorld, viewOf } from '../../../test/node/trust-world.ts';
import { cell } from '../../base/cell.ts';
import { type Caller, type Method, RpcError, status } from '../../base/rpc.ts';
import { MeshService } from '../../gen/v1/mesh.ts';
import { JoinRequest } from '../../gen/v1/node_messages.ts';
import { TrustServiceService as Trust } from '../../gen/webmesh/trust/v1/trust.ts';
import { callerKey, callerText, originOf, proxiedFromKey } from './origin.ts';
import { admit, guarded } from './guard.ts';
import { noDuplex } from '../../../test/fakes/no-duplex.ts';

const servers = ['host', 'taker'].map((id, i) => ({ id, address: `10.0.0.${i + 1}:9443`, voter: true }));
const wireguardKey = Buffer.alloc(32, 5).toString('base64');

/** The leader `host`, and the voter `taker` that passes calls on to it, as one process: what leaves the one arrives at the other. */
async function pair(): Promise<{ leader: TrustWorld; taker: TrustWorld; sent: Record<string, string>[] }> {
  const leader = await trustWorld();
  leader.members('host* taker*');
  await leader.device('taker');
  const sent: Record<string, string>[] = [];
  const taker = await trustWorld({ beside: leader, nodeId: 'taker', identity: () => null, remote: {
    ...noDuplex,
    unary: async (_address, path, bytes, { metadata, expectId, signal }) => {
      expect(expectId).toBe('host');
      sent.push(metadata);
      const method = leader.node.services.flatMap(({ definition, handlers }) => Object.entries(definition).map(([name, each]) => ({ name, each, handler: handlers[name] }))).find(({ each }) => each.path === path);
      const { each, handler } = method as unknown as { each: Method; handler: (request: unknown, call: unknown) => Promise<never> };
      const call = { caller: leader.callerOf('taker'), metadata, peer: '10.0.0.2:1', signal, deadlineMs: undefined };
      return each.responseSerialize(await handler(each.requestDeserialize(Buffer.from(bytes)), call));
    },
  } });
  taker.view.set(viewOf(servers, 'host', 'taker'));
  return { leader, taker, sent };
}

test('the leader judges the original caller, by certificate or by address, and says which node took the call', async () => {
  const { leader, taker, sent } = await pair();
  await leader.device('guest', roles.guest);
  expect([await refusal(taker.invite({}, 'guest')), await refusal(taker.invite({}, 'taker'))]).toEqual(['7 only for admins', '7 only for admins']);
  const invite = await taker.invite();
  expect((await taker.enroll(invite, 'phone')).chain).toHaveLength(3);
  const { fingerprint } = leader.callerOf('guest') as Extract<Caller, { kind: 'certified' }>;
  expect(sent[0]).toEqual({ [proxiedFromKey]: 'taker', [callerKey]: `certified guest ${fingerprint} valid 192.0.2.1` });
  expect(sent.at(-1)).toEqual({ [proxiedFromKey]: 'taker', [callerKey]: 'anonymous 192.0.2.1' });
  expect(leader.state.trust.audit({ search: '', before: 0, limit: 2 }).events.map(({ actor, node, action }) => [actor, node, action])).toEqual([['anonymous', 'taker', 'device.enroll'], ['host', 'taker', 'invite.create']]);
});

test('Join through another node is still for oneself', async () => {
  const { leader, taker } = await pair();
  await leader.device('a');
  const join = (id: string, as: string): Promise<string> => refusal(taker.call('join', JoinRequest.fromPartial({ id, publicKey: wireguardKey }), as));
  expect([await join('a', 'a'), await join('host', 'a'), await join('a', 'taker')].map((answer) => answer.split(' {')[0])).toEqual(['answered', '7 only for the node itself', '7 only for the node itself']);
});

test('what a caller says about another caller is not passed on, and not believed', async () => {
  const { leader, taker, sent } = await pair();
  await leader.device('mallory', roles.member);
  const admin = callerText({ caller: leader.callerOf('host'), address: '' });
  const forged = { metadata: { [callerKey]: admin, [proxiedFromKey]: 'taker' } };
  const invite = { id: 'abcdefgh12345678', tokenHash: Buffer.alloc(32), role: roles.admin, expiresAtMs: BigInt(leader.nowMs() + 1000), usesMax: 1, needsApproval: false, note: '' };
  // At the leader itself: a member, nobody, and one whose certificate the mesh never recorded.
  leader.identities.set('forger', await leader.keys.device('taker'));
  expect([await refusal(leader.call('createInvite', invite, 'mallory', forged)), await refusal(leader.call('createInvite', invite, anonymous, forged)), await refusal(leader.call('createInvite', invite, 'forger', forged))])
    .toEqual(['7 only for admins', '16 certificate required', '16 device unknown']);
  // Through an honest voter.
  expect(await refusal(taker.call('createInvite', invite, 'mallory', forged))).toBe('7 only for admins');
  expect(sent.map((metadata) => metadata[callerKey]?.split(' ')[1])).toEqual(['mallory']);
  expect(leader.state.trust.invite(invite.id)).toBe(undefined);
});

test('a voter that lost its vote speaks for nobody, and an admin among such does not lend its role', async () => {
  const { leader, taker } = await pair();
  await leader.device('guest', roles.guest);
  await leader.call('setRole', { id: 'taker', role: roles.admin }, 'host');
  leader.members('host* taker');
  // It does not know yet, and passes on what a guest asks.
  expect([await refusal(taker.invite({}, 'guest')), await refusal(taker.invite({}, 'host'))]).toEqual(Array(2).fill('7 only for voters'));
  // Now it knows: the call stays, and what belongs to the leader is refused here.
  taker.view.set(viewOf([{ id: 'host', address: 'x:1', voter: true }, { id: 'taker', address: 'y:1', voter: false }], 'host', 'taker'));
  expect([await refusal(taker.invite({}, 'host')), await refusal(taker.call('listNodes', {}, 'guest', { metadata: { 'prefer-leader': 'true' } }))].map((answer) => answer.slice(0, 12))).toEqual(['9 not leader', 'answered {"n']);
});

test('a voter of the configuration that was revoked, or is a guest by now, is not believed either', async () => {
  const { leader, taker } = await pair();
  await leader.call('setRole', { id: 'taker', role: roles.guest }, 'host');
  expect(await refusal(taker.call('listNodes', {}, 'host', { metadata: { 'prefer-leader': 'true' } }))).toBe('7 only for voters');
  await leader.call('revokeDevice', { id: 'taker' }, 'host');
  expect(await refusal(taker.invite({}, 'host'))).toBe('7 revoked');
});

test('hopeless calls are not passed on: without a certificate, with one that ended, revoked', async () => {
  const { leader, taker, sent } = await pair();
  await leader.device('gone');
  await leader.call('revokeDevice', { id: 'gone' }, 'host');
  const expired: Caller = { kind: 'certified', id: 'taker', fingerprint: 'f'.repeat(64), expired: true };
  const ask = (as: string | Caller): Promise<string> => refusal(taker.call('leave', { id: 'x' }, as));
  expect([await ask(anonymous), await ask('gone'), await ask(expired), sent]).toEqual(['16 certificate required', '7 revoked', '16 certificate expired', []]);
});

test('the tries of strangers are counted where they call, and not again at the leader', async () => {
  const { taker, leader } = await pair();
  const invite = await leader.invite();
  const guess = (w: TrustWorld): Promise<string> => refusal(w.enroll({ ...invite, token: Buffer.alloc(32) }, 'x'));
  for (let i = 0; i < 10; i++) expect(await guess(taker)).toBe('16 invite unknown or token wrong');
  expect([await guess(taker), await guess(leader)]).toEqual(['8 too many tries', '16 invite unknown or token wrong']);
});

test('who a call is from: as it is written, and only then, it is read', () => {
  const voter: Caller = { kind: 'certified', id: 'v', fingerprint: 'v', expired: false };
  const facts = { secure: true, votes: () => true, device: () => ({ role: 'member', state: 'active' }) as const, certificate: () => ({ deviceId: 'v', notAfterMs: 10 }) };
  const origin = (text: string, peer = '[fd00::2]:1'): unknown => {
    try {
      return originOf({ caller: voter, peer, metadata: { [callerKey]: text, [proxiedFromKey]: 'v' } }, facts, 0);
    } catch (error) {
      return error instanceof RpcError && error.code === status.invalidArgument ? 'refused' : error;
    }
  };
  const device: Caller = { kind: 'certified', id: 'a.b-c_D', fingerprint: '0f'.repeat(32), expired: true };
  for (const [caller, address] of [[device, '2001:db8::1'], [{ kind: 'anonymous' }, '192.0.2.1']] as const) expect(origin(callerText({ caller, address }))).toEqual({ caller, address, via: 'v', pretends: false });
  const bad = ['', 'local', 'anonymous', 'certified', 'anonymous a b', 'anonymous <x>', `certified a ${'0f'.repeat(31)} valid `, `certified a ${'0F'.repeat(32)} valid `, `certified a\n ${'0f'.repeat(32)} valid `, `certified ${'a'.repeat(64)} ${'0f'.repeat(32)} valid `, `certified a ${'0f'.repeat(32)} maybe `, 'x'.repeat(10_000)];
  expect(bad.map((text) => origin(text))).toEqual(bad.map(() => 'refused'));
});

test('a caller that the replica does not know yet is waited for, two seconds', async () => {
  const w = await trustWorld({ callerPatienceMs: 2_000 });
  w.identities.set('late', await w.keys.device('late'));
  const refused = refusal(w.call('listNodes', {}, 'late'));
  await new Promise((resolve) => setImmediate(resolve));
  w.pass(1_999);
  let settled = false;
  void refused.then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  w.pass(1);
  expect(await refused).toBe('16 device unknown');
});

test('a caller whose enrolment arrives while it waits is let in', async () => {
  const w = await trustWorld();
  let known = false;
  const revision = cell(0);
  const trust = { device: () => (known ? { role: 'member', state: 'active' } : undefined) as never, certificate: () => (known ? { deviceId: 'late', notAfterMs: w.nowMs() + 1 } : undefined) as never };
  const call = { caller: { kind: 'certified', id: 'late', fingerprint: 'f', expired: false }, metadata: {}, peer: '', signal: new AbortController().signal } as const;
  const clock = { nowMs: w.nowMs, monotonicMs: () => 0, after: () => () => {} };
  const waiting = admit({ place: 'here', who: 'member', clearText: false }, call, { secure: true, consensus: { view: w.view }, reads: { trust, revision }, clock });
  revision.set(1);
  await new Promise((resolve) => setImmediate(resolve));
  known = true;
  revision.set(2);
  expect(await waiting).toEqual({ kind: 'device', id: 'late', role: 'member', votes: false, via: null });
  const gone = AbortSignal.abort(new DOMException('left', 'AbortError'));
  known = false;
  await expect(admit({ place: 'here', who: 'member', clearText: false }, { ...call, signal: gone }, { secure: true, consensus: { view: w.view }, reads: { trust, revision }, clock })).rejects.toMatchObject({ name: 'AbortError' });
});

test('a service with a method that has no row in the policy is not made', async () => {
  const w = await trustWorld();
  const ports = { secure: true, consensus: { view: w.view }, reads: w.state, clock: { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} } };
  const definition = { ...MeshService, getNode: { ...MeshService.getNode, path: '/v1.Mesh/GetEverything' } };
  expect(() => guarded(definition, { getNode: async () => ({}) as never }, ports)).toThrow('the policy has a row for /v1.Mesh/GetEverything');
  expect(() => guarded(MeshService, { getNode: async () => ({}) as never }, ports)).not.toThrow();
});

test('what the server adds by itself asks the same policy, and an unknown path is not served', async () => {
  const w = await trustWorld();
  await w.device('guest', roles.guest);
  const { signal } = new AbortController();
  const ask = (path: string, caller: Caller): Promise<string> => refusal(w.node.authorize(path, caller, {}, signal));
  const [health, reflection] = ['/grpc.health.v1.Health/Check', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'];
  expect([
    await ask(health, w.callerOf('guest')), await ask(health, anonymous), await ask(reflection, w.callerOf('guest')), await ask(reflection, w.callerOf('host')), await ask('/v1.Node/Everything', w.callerOf('host')),
    // Of ours only what nothing could change is refused before anything is read; a guest's role is asked with the request in hand, at the leader.
    await ask(Trust.createInvite.path, anonymous), await ask(Trust.createInvite.path, w.callerOf('guest')), await ask('/v1.Node/NegotiateDataChannel', anonymous),
  ]).toEqual(['answered undefined', '16 certificate required', '7 only for members', 'answered undefined', '12 /v1.Node/Everything is not offered by this node', '16 certificate required', 'answered undefined', '16 certificate required']);
});
