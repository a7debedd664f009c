import { expect, test } from 'vitest';
import { seeded } from '../../base/random.ts';
import type { RosterNode } from '../mesh/roster.ts';
import type { Profile } from '../profiles.ts';
import { draw, inviteEndpoints } from './inviting.ts';

const host: Profile = { id: 'p', name: 'home', kind: 'host', nodeId: 'box', address: '', trust: 'mtls', endpoints: [], rootFingerprint: null, grpcPort: 8443, raftPort: 9443, wireguardPort: 51820, asVoter: true, ipv4Network: null, colour: 'blue', suffix: 'home.internal' };
const member: Profile = { ...host, kind: 'member', nodeId: 'me', asVoter: false };
const node = (id: string, primary: string | null, role: RosterNode['role'] = 'voter'): RosterNode => ({ id, publicKey: id, ipv4: null, ipv6: null, ipv6Network: null, endpoints: [], primary, grpcPort: 8443, role, createdAtMs: 1, updatedAtMs: 1 });
const own = { primary: '192.0.2.5', others: ['2001:db8::5', '192.0.2.6', '192.0.2.7', '192.0.2.8'] };
const nobody = { primary: '', others: [] };
const said = (...given: Parameters<typeof inviteEndpoints>) => inviteEndpoints(...given).map(({ nodeId, address }) => `${nodeId}@${address}`);

test('this host first, then other voters, then its other addresses, four at most', () => {
  expect(said(host, [node('box', '192.0.2.5'), node('ann', '198.51.100.1'), node('dan', '198.51.100.9', 'observer')], own)).toEqual(['box@192.0.2.5:8443', 'ann@198.51.100.1:8443', 'box@[2001:db8::5]:8443', 'box@192.0.2.6:8443']);
});

test('whoever does not serve names those who do', () => {
  expect(said(member, [node('ann', '198.51.100.1', 'leader'), node('bob', null)], own)).toEqual(['ann@198.51.100.1:8443']);
  expect(said(host, [], nobody)).toEqual(['box@127.0.0.1:8443']);
  expect(said({ ...member, asVoter: true }, [node('ann', '198.51.100.1')], own).slice(0, 2)).toEqual(['me@192.0.2.5:8443', 'ann@198.51.100.1:8443']);
});

test('a member that does not know its voters yet names where it was invited to', () => {
  const invited = { ...member, endpoints: [{ nodeId: 'ann', address: '198.51.100.1:8443' }, { nodeId: 'bob', address: 'bob.example:8443' }] };
  expect(said(invited, [], own)).toEqual(['ann@198.51.100.1:8443', 'bob@bob.example:8443']);
  expect(said(invited, [node('ann', '198.51.100.1')], own)).toEqual(['ann@198.51.100.1:8443', 'bob@bob.example:8443']);
});

test.each<[string, Profile, readonly RosterNode[]]>([
  ['a member among voters without an address', member, [node('ann', null)]], ['a voter whose id no invite can carry', member, [node('an id with spaces', '198.51.100.1')]],
])('%s: nobody could come, and the failure says what to do', (_what, profile, nodes) => {
  expect(() => inviteEndpoints(profile, nodes, nobody)).toThrowError(/connect a host, or let a device with a public address join as a voter/);
});

test('an invite is for one member and a day unless told otherwise; its id and its token are never drawn twice', () => {
  const input = { networkName: 'home', invitedBy: 'box', rootFingerprint: new Uint8Array(32), endpoints: [], nowMs: 1_000 };
  const random = seeded(3);
  const [one, two] = [draw({}, input, random), draw({ role: 'guest', expiresInSeconds: 60, needsApproval: true }, input, random)];
  expect(one).toMatchObject({ role: 'member', expiresAtMs: 86_401_000, needsApproval: false });
  expect(two).toMatchObject({ role: 'guest', expiresAtMs: 61_000, needsApproval: true });
  expect({ ids: one.inviteId !== two.inviteId, shape: /^[a-z0-9]{16}$/.test(one.inviteId), tokens: Buffer.compare(Buffer.from(one.token), Buffer.from(two.token)) !== 0, length: one.token.length }).toEqual({ ids: true, shape: true, tokens: true, length: 32 });
});
