import { expect, test } from 'vitest';
import type { Profile } from '../profiles.ts';
import { placesOf } from './door.ts';
import type { RosterNode } from './roster.ts';

const member: Profile = {
  id: 'p', name: 'home', kind: 'member', nodeId: 'me', address: '192.0.2.1:8443', trust: 'mtls', endpoints: [{ nodeId: 'ann', address: '192.0.2.1:8443' }, { nodeId: 'bob', address: '192.0.2.2:8443' }],
  rootFingerprint: null, grpcPort: 8444, raftPort: 9443, wireguardPort: 51820, asVoter: false, ipv4Network: null, colour: 'blue', suffix: 'home.internal',
};
const host: Profile = { ...member, kind: 'host', endpoints: [], asVoter: true };
const node = (id: string, more: Partial<RosterNode> = {}): RosterNode => ({ id, publicKey: id, ipv4: null, ipv6: null, ipv6Network: null, endpoints: [], primary: '198.51.100.1', grpcPort: 8443, role: 'voter', createdAtMs: 1, updatedAtMs: 1, ...more });
const said = (profile: Profile, nodes: readonly RosterNode[]) => placesOf(profile, nodes).map(({ address, nodeId }) => `${nodeId}@${address}`);

test('a member asks where it was told to, then the voters it learned of, then the other ends of its invite', () => {
  expect(said(member, [node('cid'), node('dan', { role: 'observer' }), node('eve', { primary: null }), node('me'), node('ann', { primary: '192.0.2.1' })]))
    .toEqual(['ann@192.0.2.1:8443', 'cid@198.51.100.1:8443', 'bob@192.0.2.2:8443']);
});

test('a host asks itself, then other voters: it may be cut off and not know', () => {
  expect(said(host, [node('me', { role: 'leader' }), node('cid', { role: 'leader', primary: '2001:db8::7', grpcPort: 9000 })])).toEqual(['me@127.0.0.1:8444', 'cid@[2001:db8::7]:9000']);
});

test('in clear text nobody proves an id', () => {
  expect(said({ ...member, trust: 'clear-text' }, [node('cid'), node('ann', { primary: '192.0.2.1' })])).toEqual(['@192.0.2.1:8443', '@198.51.100.1:8443']);
  expect(said({ ...host, trust: 'clear-text' }, [node('cid')])).toEqual(['@127.0.0.1:8444']);
});
