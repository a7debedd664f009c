import { expect, test } from 'vitest';
import { refusal, roles, trustWorld } from '../../../test/node/trust-world.ts';
import { lives } from '../../base/identity.ts';
import { status } from '../../base/rpc.ts';
import { type CreateInviteRequest, type GetTrustResponse, type IssueResponse, type ListAuditResponse, type RenewResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { pki } from '../../platform/pki.ts';
import { JoinRequest } from '../../gen/v1/node_messages.ts';

const dayMs = 86_400_000;
const wireguardKey = (n: number): string => Buffer.alloc(32, n).toString('base64');
const csr = async (id: string, key?: Uint8Array): Promise<Buffer> => Buffer.from(await pki.createRequest(key ?? (await pki.createKey()), id));

test('Renew gives a certificate for the same or a new key; the old one stays good until it ends', async () => {
  const w = await trustWorld();
  await w.device('laptop');
  const old = w.callerOf('laptop');
  w.pass(31 * dayMs);
  const key = await pki.createKey();
  const { chain } = await w.call<RenewResponse>('renew', { certificateRequest: await csr('laptop', key) }, 'laptop');
  w.identities.set('laptop', { privateKey: key, chain, authority: null });
  const facts = pki.readCertificate(chain[0] ?? Buffer.alloc(0));
  expect([facts.id, facts.notAfterMs - w.nowMs() > 89 * dayMs, chain.length]).toEqual(['laptop', true, 3]);
  for (const caller of [old, w.callerOf('laptop')]) expect(await w.call('getNode', { id: 'host' }, caller)).toMatchObject({ id: 'host' });
  expect(w.actions().at(-1)).toBe('laptop device.renew laptop');
  // A lost answer costs no second certificate.
  const entries = w.entries();
  expect([(await w.call<RenewResponse>('renew', { certificateRequest: await csr('laptop', key) }, 'laptop')).chain, w.entries() - entries]).toEqual([chain, 0]);
});

test('a machine that slept renews within the grace, and only that; later it must be invited again', async () => {
  const w = await trustWorld();
  await w.device('laptop');
  w.pass(lives.deviceMs + 60 * dayMs);
  const asleep = w.callerOf('laptop');
  expect([asleep, await refusal(w.call('getNode', { id: 'host' }, asleep))]).toEqual([expect.objectContaining({ expired: true }), '16 certificate expired']);
  const { chain } = await w.call<RenewResponse>('renew', { certificateRequest: await csr('laptop') }, asleep);
  expect(pki.readCertificate(chain[0] ?? Buffer.alloc(0)).notAfterMs).toBeGreaterThan(w.nowMs());
  w.pass(31 * dayMs);
  expect(await refusal(w.call('renew', { certificateRequest: await csr('laptop') }, asleep))).toBe('16 certificate expired');
});

test('a certificate that the mesh did not record is good for nothing, whoever signed it', async () => {
  const w = await trustWorld();
  await w.device('laptop');
  const forged = await w.keys.device('laptop');
  w.identities.set('forged', forged);
  const answers = ['getNode', 'renew', 'createInvite', 'join'].map((method) => refusal(w.call(method, { id: 'laptop' }, w.callerOf('forged'))));
  expect(await Promise.all(answers)).toEqual(Array(4).fill('16 device unknown'));
  w.identities.set('stranger', await w.keys.device('stranger'));
  expect(await refusal(w.call('renew', { certificateRequest: await csr('stranger') }, 'stranger'))).toBe('16 device unknown');
});

test('Renew is for oneself: another id in the request is refused', async () => {
  const w = await trustWorld();
  await w.device('laptop');
  expect([await refusal(w.call('renew', { certificateRequest: await csr('host') }, 'laptop')), await refusal(w.call('renew', { certificateRequest: Buffer.from('x') }, 'laptop'))])
    .toEqual(['3 certificate request names another node', '3 certificate request is invalid']);
});

test('revoked: out of every table, its invites too, refused by name, and its connections are not kept', async () => {
  const w = await trustWorld();
  await w.device('boss', roles.admin);
  await w.call('join', JoinRequest.fromPartial({ id: 'boss', publicKey: wireguardKey(1), assignIpv4: true }), 'boss');
  const invite = await w.invite({}, 'boss');
  expect(w.node.keeps(w.callerOf('boss'))).toBe(true);
  await w.call('revokeDevice', { id: 'boss' }, 'host');
  await w.call('revokeDevice', { id: 'boss' }, 'host');
  expect([w.state.node('boss'), w.state.leases(), w.node.keeps(w.callerOf('boss')), w.node.keeps(w.callerOf('host')), w.node.keeps({ kind: 'anonymous' })]).toEqual([undefined, ['10.0.0.1/8'], false, true, true]);
  expect(await Promise.all(['listNodes', 'renew', 'join', 'leave'].map((method) => refusal(w.call(method, { id: 'boss' }, 'boss'))))).toEqual(Array(4).fill('7 revoked'));
  expect(await refusal(w.enroll(invite, 'friend'))).toBe('9 invite revoked');
});

test('the last admin can neither be revoked nor demoted', async () => {
  const w = await trustWorld();
  await w.device('member');
  const last = '9 last admin';
  expect([await refusal(w.call('revokeDevice', { id: 'host' }, 'host')), await refusal(w.call('setRole', { id: 'host', role: roles.member }, 'host'))]).toEqual([last, last]);
  await w.call('setRole', { id: 'member', role: roles.admin }, 'host');
  await w.call('setRole', { id: 'host', role: roles.guest }, 'member');
  expect([await refusal(w.call('setRole', { id: 'member', role: roles.member }, 'member')), await refusal(w.call('setRole', { id: 'member', role: roles.admin }, 'host'))]).toEqual([last, '7 only for admins']);
  expect([await refusal(w.call('setRole', { id: 'nobody', role: roles.guest }, 'member')), await refusal(w.call('setRole', { id: 'host', role: 9 }, 'member'))]).toEqual(['5 device not found', '3 role is invalid']);
});

test('Join is for oneself, Leave for oneself or an admin; guests do not vote', async () => {
  const w = await trustWorld();
  await w.device('guest', roles.guest);
  await w.device('member');
  const join = (id: string, as: string, asVoter = false): Promise<string> => refusal(w.call('join', JoinRequest.fromPartial({ id, publicKey: wireguardKey(id.length), assignIpv4: true, asVoter }), as));
  expect([await join('guest', 'guest', true), await join('member', 'guest'), await join('member', 'host'), await join('host', 'guest')])
    .toEqual(['7 guests do not vote', ...Array(3).fill('7 only for the node itself')]);
  expect([(await join('guest', 'guest')).slice(0, 8), (await join('member', 'member', true)).slice(0, 8)]).toEqual(['answered', 'answered']);
  expect([await refusal(w.call('leave', { id: 'member' }, 'guest')), await refusal(w.call('leave', { id: 'guest' }, 'guest')), await refusal(w.call('leave', { id: 'member' }, 'host'))])
    .toEqual(['7 only for admins', 'answered {}', 'answered {}']);
  expect(w.actions().slice(-4)).toEqual(['guest node.join guest', 'member node.join member', 'guest node.leave guest', 'host node.leave member']);
});

test('invites: checked, asked for again harmlessly, and no more than so many', async () => {
  const w = await trustWorld();
  await w.device('member');
  const bad: Partial<CreateInviteRequest>[] = [{ id: 'SHOUTING12345678' }, { tokenHash: Buffer.alloc(31) }, { role: 0 }, { expiresAtMs: BigInt(w.nowMs()) }, { expiresAtMs: BigInt(w.nowMs() + 32 * dayMs) }, { usesMax: 0 }, { usesMax: 101 }, { note: 'two\nlines' }];
  expect((await Promise.all(bad.map((part) => refusal(w.invite(part))))).map((answer) => answer.split(' ')[0])).toEqual(bad.map(() => '3'));
  const same = { id: 'abcdefgh12345678', tokenHash: Buffer.alloc(32, 1) };
  await w.invite(same);
  const entries = w.entries();
  await w.invite(same);
  expect([w.entries() - entries, await refusal(w.invite({ ...same, tokenHash: Buffer.alloc(32, 2) })), await refusal(w.invite({}, 'member')), await refusal(w.call('revokeInvite', { id: 'a'.repeat(16) }, 'host'))])
    .toEqual([0, '6 id taken', '7 only for admins', '5 invite not found']);
});

test('an authority: asked for by a voter, granted with a certificate of the root for exactly that key', async () => {
  const w = await trustWorld();
  await w.device('second');
  await w.device('third');
  const key = await pki.createKey();
  const request = await csr('second', key);
  const ask = (as: string): Promise<string> => refusal(w.call('requestAuthority', { certificateRequest: request }, as));
  expect(await ask('second')).toBe('7 only for voters');
  w.members('host* second* third*');
  expect([await ask('third'), await ask('second'), await ask('second')]).toEqual(['3 certificate request names another node', 'answered {}', 'answered {}']);
  const grant = (certificate: Uint8Array, nodeId = 'second', as = 'host'): Promise<string> => refusal(w.call('grantAuthority', { nodeId, certificate: Buffer.from(certificate) }, as));
  const good = await w.keys.authorityFor(request);
  const other = (await w.keys.authority('second')).chain[0] ?? new Uint8Array();
  expect([await grant(good, 'second', 'second'), await grant(other), await grant(Buffer.from('x')), await grant(w.keys.root), await grant(good, 'third'), await grant(good), await grant(good)]).toEqual([
    '7 only for admins', '3 certificate does not answer the request', '3 certificate was not signed by the root', '3 certificate was not signed by the root', '9 no such request', 'answered {}', 'answered {}',
  ]);
  expect(w.state.trust.authorities().map(({ nodeId, certificate, certificateRequest }) => [nodeId, certificate !== null, certificateRequest])).toEqual([['host', true, null], ['second', true, null]]);
  // Issue is between voters, and changes nothing.
  const entries = w.entries();
  const { chain } = await w.call<IssueResponse>('issue', { nodeId: 'fourth', certificateRequest: await csr('fourth') }, 'third');
  expect([chain.length, w.entries() - entries, await refusal(w.call('issue', { nodeId: 'fourth', certificateRequest: await csr('fifth') }, 'third'))]).toEqual([3, 0, '3 certificate request names another node']);
  w.members('host*');
  expect(await refusal(w.call('issue', { nodeId: 'fourth', certificateRequest: await csr('fourth') }, 'third'))).toBe('7 only for voters');
});

test('GetTrust shows everything but secrets; the audit log is searched, paged and checked', async () => {
  const w = await trustWorld();
  await w.device('guest', roles.guest);
  const { trust } = await w.call<GetTrustResponse>('getTrust', {}, 'guest');
  expect([trust?.secure, trust?.devices.map(({ id }) => id), trust?.invites.length, trust?.rootCertificate.equals(w.keys.root)]).toEqual([true, ['guest', 'host'], 1, true]);
  const list = (query: object, as = 'host'): Promise<ListAuditResponse> => w.call('listAudit', { search: '', before: 0n, limit: 0, ...query }, as);
  const page = await list({ search: 'ENROLL', limit: 5 });
  expect([page.events.map(({ action, subject }) => `${action} ${subject}`), page.intact, page.total]).toEqual([['device.enroll guest'], true, 1n]);
  expect([await refusal(list({}, 'guest')), await refusal(list({ limit: 1001 })), await refusal(list({ search: 'x'.repeat(201) }))]).toEqual(['7 only for admins', '3 limit is invalid: 1 to 1000', '3 search is too long: at most 200 characters']);
});

test('a node renews its own certificate: the leader by itself, even with one that nobody recorded; others at the leader', async () => {
  const w = await trustWorld();
  const request = await csr('host');
  const call = { caller: { kind: 'local' }, metadata: {}, peer: 'local', signal: new AbortController().signal, deadlineMs: undefined } as const;
  w.pass(lives.deviceMs + 1_000 * dayMs / 10);
  const chain = await w.node.renewOwn(request, call);
  w.identities.set('host', { privateKey: new Uint8Array(), chain, authority: null });
  expect([pki.readCertificate(chain[0] ?? new Uint8Array()).id, await w.call('getNode', { id: 'host' }, 'host')]).toEqual(['host', expect.objectContaining({ id: 'host' })]);
  w.view.set({ ...w.view.get(), role: 'follower', leader: 'boss' });
  await expect(w.node.renewOwn(request, call)).rejects.toMatchObject({ code: status.unavailable });
});

test('a leader whose certificate ended, and that cannot sign, gives its leadership away; with a good one it keeps it', async () => {
  const founded = await trustWorld();
  const call = { caller: { kind: 'local' }, metadata: {}, peer: 'local', signal: new AbortController().signal, deadlineMs: undefined } as const;
  const handOvers = async (notAfterMs: number): Promise<number> => {
    const own = await founded.keys.device('host', { notAfterMs });
    const w = await trustWorld({ beside: founded, identity: () => own });
    await expect(w.node.renewOwn(await csr('host'), call)).rejects.toMatchObject({ code: status.unavailable });
    return w.handOvers();
  };
  expect([await handOvers(founded.nowMs() - 1_000), await handOvers(founded.nowMs() + dayMs)]).toEqual([1, 0]);
});

test('raft ACLs are for admins, and each change is in the audit log', async () => {
  const w = await trustWorld();
  await w.device('member');
  const acl = { name: 'all', patterns: ['*'], action: 1 };
  expect([await refusal(w.call('putRaftAcl', acl, 'member')), await refusal(w.call('listRaftAcLs', {}, 'member')), await refusal(w.call('putRaftAcl', acl, 'host')), await refusal(w.call('deleteRaftAcl', { name: 'all' }, 'host'))])
    .toEqual(['7 only for admins', '7 only for admins', 'answered {}', 'answered {}']);
  expect(w.actions().slice(-2)).toEqual(['host acl.put all', 'host acl.delete all']);
});
