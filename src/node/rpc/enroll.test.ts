import { expect, test } from 'vitest';
import { refusal, roles, type TrustWorld, trustWorld } from '../../../test/node/trust-world.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { EnrollResponse, IssueRequest, IssueResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { pki } from '../../platform/pki.ts';
import { noDuplex } from '../../../test/fakes/no-duplex.ts';

const hourMs = 3_600_000;
const answered = async (work: Promise<EnrollResponse>): Promise<string> => {
  const { pending, chain, role, networkName } = await work;
  return [pending ? 'pending' : pki.readCertificate(chain[0] ?? Buffer.alloc(0)).id, `${chain.length} certificates`, role, networkName].join(' · ');
};

test('one entry: the use of the invite, the device, its certificate and the audit row', async () => {
  const w = await trustWorld();
  const invite = await w.invite({ role: roles.guest });
  const before = w.entries();
  expect(await answered(w.enroll(invite, 'phone'))).toBe('phone · 3 certificates · 1 · home');
  expect(w.entries() - before).toBe(1);
  expect(w.state.trust.device('phone')).toMatchObject({ role: 'guest', state: 'active', name: 'the phone', invitedBy: 'host', inviteId: invite.id });
  expect(w.state.trust.invite(invite.id)?.uses).toBe(1);
  expect(w.actions().slice(-2)).toEqual([`host invite.create ${invite.id}`, 'anonymous device.enroll phone']);
  // Who has just enrolled is let in at once.
  expect(await w.call<{ nodes: unknown[] }>('listNodes', {}, 'phone')).toMatchObject({ nodes: [{ id: 'host' }] });
});

test('an unknown invite and a wrong token are refused in the same words, and nothing is written', async () => {
  const w = await trustWorld();
  const invite = await w.invite();
  const [entries, words] = [w.entries(), '16 invite unknown or token wrong'];
  const wrong = { id: invite.id, token: Buffer.from(invite.token).fill(7, 31) };
  const tries = [w.enroll({ ...invite, id: 'a'.repeat(16) }, 'x'), w.enroll(wrong, 'x'), w.enroll({ ...invite, token: invite.token.subarray(0, 31) }, 'x'), w.enroll({ ...invite, token: Buffer.alloc(0) }, 'x'),
    // Not even a broken request tells that the invite exists.
    w.enroll(wrong, 'x', { request: { certificateRequest: Buffer.from('no') } })];
  expect([await Promise.all(tries.map(refusal)), w.entries() - entries]).toEqual([Array(5).fill(words), 0]);
});

test('asked again with the same key the answer is the same, and nothing is taken; also when the invite is over', async () => {
  const w = await trustWorld();
  const invite = await w.invite();
  const first = await w.enroll(invite, 'laptop');
  const entries = w.entries();
  const second = await w.enroll(invite, 'laptop');
  w.pass(2 * hourMs);
  await w.call('revokeInvite', { id: invite.id }, 'host');
  const third = await w.enroll(invite, 'laptop');
  expect([second, third]).toEqual([first, first]);
  expect([w.entries() - entries, w.state.trust.invite(invite.id)?.uses]).toEqual([1, 1]);
});

test('another key with the same id, the same key with another id, and an id that is taken', async () => {
  const w = await trustWorld();
  const invite = await w.invite({ usesMax: 9 });
  const key = await pki.createKey();
  await w.enroll(invite, 'laptop', { key });
  expect([
    await refusal(w.enroll(invite, 'laptop', { key: await pki.createKey() })), await refusal(w.enroll(invite, 'other', { key })), await refusal(w.enroll(await w.invite(), 'other', { key })), await refusal(w.enroll(invite, 'host')),
  ]).toEqual(['6 id taken', '6 key taken', '6 key taken', '6 id taken']);
  await w.call('revokeDevice', { id: 'laptop' }, 'host');
  expect([await refusal(w.enroll(invite, 'laptop', { key })), await refusal(w.enroll(invite, 'laptop', { key: await pki.createKey() }))]).toEqual(['7 revoked', '6 id taken']);
  expect(w.state.trust.invite(invite.id)?.uses).toBe(1);
});

test('expired, used up, revoked', async () => {
  const w = await trustWorld();
  const [used, expired, revoked, last] = [await w.invite({ usesMax: 2 }), await w.invite({ expiresAtMs: BigInt(w.nowMs() + 1000) }), await w.invite(), await w.invite()];
  await w.enroll(used, 'a');
  await w.enroll(used, 'b');
  w.pass(1000);
  await w.call('revokeInvite', { id: revoked.id }, 'host');
  expect(await Promise.all([used, expired, revoked].map((invite) => refusal(w.enroll(invite, 'late'))))).toEqual(['9 invite used up', '9 invite expired', '9 invite revoked']);
  // Two at once for the last use: one wins.
  const both = await Promise.all([w.enroll(last, 'x'), w.enroll(last, 'y')].map(async (work) => refusal(work)));
  // Which one is a matter of whose key was made first.
  expect(both.map((answer) => (answer.startsWith('answered') ? 'answered' : answer)).sort()).toEqual(['9 invite used up', 'answered']);
});

test('a request that is no request, or names another, is refused, and a name that would mislead', async () => {
  const w = await trustWorld();
  const invite = await w.invite();
  const foreign = Buffer.from(await pki.createRequest(await pki.createKey(), 'somebody-else'));
  const bad = [{ certificateRequest: Buffer.from('garbage') }, { certificateRequest: Buffer.alloc(5000) }, { certificateRequest: foreign }, { nodeId: '../etc' }, { nodeId: 'x'.repeat(64) }, { deviceName: 'x'.repeat(65) }, { deviceName: 'a\u202Egnp.exe' }];
  const answers = await Promise.all(bad.map((request, i) => refusal(w.enroll(invite, 'y', { request, part: { peer: `192.0.2.${i}:1` } }))));
  expect(answers.map((answer) => answer.split(' ')[0])).toEqual(bad.map(() => '3'));
  expect(w.state.trust.invite(invite.id)?.uses).toBe(0);
});

test('with approval: pending until an admin accepts, then the same question is answered with the certificate', async () => {
  const w = await trustWorld();
  const invite = await w.invite({ needsApproval: true });
  expect([await answered(w.enroll(invite, 'tablet')), await answered(w.enroll(invite, 'tablet'))]).toEqual(Array(2).fill('pending · 0 certificates · 2 · home'));
  w.pass(2 * hourMs);
  await w.call('approveDevice', { id: 'tablet' }, 'host');
  await w.call('approveDevice', { id: 'tablet' }, 'host');
  expect(await answered(w.enroll(invite, 'tablet'))).toBe('tablet · 3 certificates · 2 · home');
  expect(w.actions().slice(-2)).toEqual(['anonymous device.request tablet', 'host device.approve tablet']);
  const refused = await w.invite({ needsApproval: true });
  await w.enroll(refused, 'stranger');
  await w.call('revokeDevice', { id: 'stranger' }, 'host');
  expect([await refusal(w.enroll(refused, 'stranger')), await refusal(w.call('approveDevice', { id: 'stranger' }, 'host')), await refusal(w.call('approveDevice', { id: 'nobody' }, 'host'))])
    .toEqual(['7 revoked', '9 not waiting for approval', '5 device not found']);
});

test('guessing ends after ten tries a minute from one address, after a hundred from all', async () => {
  const w = await trustWorld();
  const invite = await w.invite({ usesMax: 100 });
  const guess = (peer: string): Promise<string> => refusal(w.enroll({ ...invite, token: Buffer.alloc(32) }, 'x', { part: { peer } }));
  const many = async (count: number, peer: (i: number) => string): Promise<string[]> => [...new Set(await Promise.all(Array.from({ length: count }, (_, i) => guess(peer(i)))))];
  const [wrong, stop] = ['16 invite unknown or token wrong', '8 too many tries'];
  // Also when all come at once.
  const atOnce = await Promise.all(Array.from({ length: 30 }, () => guess('192.0.2.8:1')));
  expect(atOnce.filter((answer) => answer === stop)).toHaveLength(20);
  expect([await many(10, () => '192.0.2.7:1'), await guess('192.0.2.7:2'), await guess('[::ffff:192.0.2.7]:3')]).toEqual([[wrong], stop, stop]);
  expect([await many(10, (i) => `[2001:db8::${i}]:1`), await guess('[2001:db8::ffff:0:0:1]:1'), await guess('[2001:db8:0:1::1]:1')]).toEqual([[wrong], stop, wrong]);
  expect([await many(69, (i) => `198.51.100.${i}:1`), await guess('203.0.113.1:1')]).toEqual([[wrong], stop]);
  w.pass(60_000);
  expect(await guess('192.0.2.7:1')).toBe(wrong);
  // Who has the token is not slowed down by having used it.
  for (let i = 0; i < 12; i++) await w.enroll(invite, `device-${i}`, { part: { peer: '203.0.113.9:1' } });
  expect(await guess('203.0.113.9:1')).toBe(wrong);
}, 20_000);

test('a leader without an authority has a voter sign, checks what it got, and says so when nobody can', async () => {
  const asked: string[] = [];
  let sign: (request: Buffer, id: string) => Promise<readonly Buffer[]> = async () => [];
  const w: TrustWorld = await trustWorld({
    identity: () => null,
    remote: { ...noDuplex, unary: async (address, path, bytes, { expectId }) => {
      asked.push(`${address} ${path.split('/').at(-1)} ${expectId}`);
      const { certificateRequest, nodeId } = IssueRequest.decode(bytes);
      return IssueResponse.encode({ chain: [...(await sign(certificateRequest, nodeId))] }).finish();
    } },
  });
  const invite = await w.invite({ usesMax: 5 });
  const words = '14 nobody who may sign certificates can be reached';
  // `host` itself has the only authority, and does not hold it any more.
  expect([await refusal(w.enroll(invite, 'a')), asked]).toEqual([words, []]);
  const unusable = '14 the certificate that was signed cannot be used';
  const other = await trustWorld({ beside: w, nodeId: 'other', identity: () => null, remote: { ...noDuplex, unary: async () => Promise.reject(new RpcError(status.unavailable, 'away')) } });
  expect(await refusal(other.enroll(invite, 'b'))).toBe(words);

  // A voter that can sign: the founder, asked by another leader.
  const leader = await trustWorld({ beside: w, nodeId: 'leader', identity: () => null, remote: { ...noDuplex, unary: async (address, path, bytes, { expectId }) => {
    asked.push(`${address} ${path.split('/').at(-1)} ${expectId}`);
    const { certificateRequest, nodeId } = IssueRequest.decode(bytes);
    return IssueResponse.encode({ chain: [...(await sign(certificateRequest, nodeId))] }).finish();
  } } });
  leader.members('host* leader*');
  const founder = await trustWorld({ beside: w });
  sign = async (certificateRequest, nodeId) => (await founder.call<IssueResponse>('issue', { certificateRequest, nodeId }, 'host')).chain;
  expect(await answered(leader.enroll(invite, 'c'))).toBe('c · 3 certificates · 2 · home');
  expect(asked).toEqual(['10.0.0.1:8443 Issue host']);
  const strange = await leader.keys.device('d');
  sign = async () => strange.chain.map((each) => Buffer.from(each));
  expect(await refusal(leader.enroll(invite, 'd'))).toBe(unusable);
  sign = async () => [];
  expect(await refusal(leader.enroll(invite, 'd'))).toBe(unusable);
});
