import { expect, test } from 'vitest';
import { auditOf, certificateOf, foundedEntry, inviteOf, nodeOf, type Replicated, replicated, standingOf } from '../../../test/fakes/replicated.ts';
import { type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { grantAuthorityEntry, requestAuthorityEntry } from './authorities.ts';
import { createInviteEntry, type InviteInput, revokeInviteEntry } from './invites.ts';
import { refusalReason } from './refusals.ts';
import { deleteRaftAclEntry, joinEntry, leaveEntry, putRaftAclEntry } from './statements.ts';
import { approveEntry, certificatesMax, enrolEntry, pendingDeviceEntry, renewEntry, revokeDeviceEntry, setRoleEntry } from './trust.ts';

function mesh(...entries: RaftLogEntry[]): Replicated {
  const world = replicated();
  for (const entry of [foundedEntry(true), ...entries]) expect(world.apply(entry)).toBe('');
  return world;
}

const invited = (id: string, change: Partial<InviteInput> = {}): RaftLogEntry => createInviteEntry(inviteOf(id, change));
const enrol = (deviceId: string, key = `${deviceId}-key`, { inviteId = 'inv', nowMs = 5 } = {}): RaftLogEntry =>
  enrolEntry({ inviteId, deviceId, name: `${deviceId}'s`, nowMs, certificate: certificateOf(deviceId, key), audit: auditOf('device.enroll', 'anonymous', deviceId) });
const pend = (deviceId: string, key = `${deviceId}-key`): RaftLogEntry =>
  pendingDeviceEntry({ inviteId: 'inv', deviceId, name: '', nowMs: 5, keyHash: certificateOf(deviceId, key).keyHash, certificateRequest: Buffer.from('csr'), audit: auditOf('device.request', 'anonymous', deviceId) });
const approve = (deviceId: string, key = `${deviceId}-key`): RaftLogEntry => approveEntry({ deviceId, nowMs: 6, certificate: certificateOf(deviceId, key), audit: auditOf('device.approve') });
const renew = (deviceId: string, key: string, notAfterMs: number, forgetBeforeMs = 0): RaftLogEntry =>
  renewEntry({ deviceId, nowMs: 7, certificate: certificateOf(deviceId, key, notAfterMs), forgetBeforeMs, audit: auditOf('device.renew', deviceId) });
const revoke = (deviceId: string, actor = 'founder'): RaftLogEntry => revokeDeviceEntry({ deviceId, nowMs: 8, audit: auditOf('device.revoke', actor, deviceId) });
const role = (deviceId: string, to: 'guest' | 'member' | 'admin', actor = 'founder'): RaftLogEntry => setRoleEntry({ deviceId, role: to, nowMs: 8, audit: auditOf('device.role', actor, deviceId) });
const request = (nodeId: string, csr = 'csr'): RaftLogEntry => requestAuthorityEntry({ nodeId, certificateRequest: Buffer.from(csr), audit: auditOf('authority.request', nodeId) });
const grant = (nodeId: string, csr = 'csr', actor = 'founder'): RaftLogEntry =>
  grantAuthorityEntry({ nodeId, certificateRequest: Buffer.from(csr), certificate: Buffer.from('ca'), notAfterMs: 99, audit: auditOf('authority.grant', actor) });

test('the founding makes the mesh secured, and its founder an admin with a certificate and an authority; twice is once', () => {
  const { state, apply, rows } = mesh();
  const tables = JSON.stringify(rows('SELECT id, role, state, name, key_hash FROM devices'));
  expect(apply(foundedEntry(true))).toBe('');
  expect(JSON.stringify(rows('SELECT id, role, state, name, key_hash FROM devices'))).toBe(tables);
  const { trust } = state;
  expect([trust.secure(), Buffer.from(trust.rootCertificate() ?? []).toString(), standingOf(state, 'founder', 'fp-founder/founder-key/1000000')]).toEqual([true, 'root', 'active admin']);
  expect(trust.audit({ search: '', before: 0, limit: 10 }).events.map(({ action }) => action)).toEqual(['mesh.found']);
  expect(trust.authorities()).toMatchObject([{ nodeId: 'founder', certificateRequest: null, notAfterMs: 5 }]);
});

test('a mesh in clear text has nothing of trust, and needs nothing of it', () => {
  const { state, apply, rows } = replicated();
  expect([apply(foundedEntry(false)), apply(joinEntry(nodeOf('b', true))), apply(leaveEntry('b'))]).toEqual(['', '', '']);
  expect([state.trust.secure(), state.trust.view().devices, rows('SELECT * FROM audit')]).toEqual([false, [], []]);
});

test('an enrolment is one use, one device and one certificate, with what the invite says', () => {
  const { state, apply } = mesh(invited('inv', { role: 'guest', usesMax: 2 }));
  expect(apply(enrol('bob'))).toBe('');
  expect(state.trust.device('bob')).toEqual({
    id: 'bob', role: 'guest', state: 'active', name: "bob's", invitedBy: 'founder', inviteId: 'inv', keyHash: Buffer.from('bob-key').toString('hex'), certificateRequest: null, createdAtMs: 5, revokedAtMs: 0,
  });
  expect(state.trust.invite('inv')?.uses).toBe(1);
  expect(state.trust.newestCertificate('bob')?.chain.map((der) => Buffer.from(der).toString())).toEqual(['bob/bob-key/1000000', 'authority', 'root']);
  expect(state.trust.enrolled('inv', Buffer.from('bob-key').toString('hex'))?.device.id).toBe('bob');
});

test.each<[string, RaftLogEntry[], RaftLogEntry, string]>([
  ['an invite that nobody made', [], enrol('bob'), 'unknown'],
  ['a revoked invite', [invited('inv'), revokeInviteEntry({ id: 'inv', nowMs: 3, audit: auditOf('invite.revoke') })], enrol('bob'), 'revoked'],
  ['an invite that ended this very moment', [invited('inv')], enrol('bob', 'k', { nowMs: 1_000 }), 'expired'],
  ['the second redeemer of one use', [invited('inv'), enrol('eve')], enrol('bob'), 'used-up'],
  ['an invite that asks for approval', [invited('inv', { needsApproval: true })], enrol('bob'), 'needs-approval'],
  ['an id that another device has', [invited('inv', { usesMax: 9 }), enrol('bob')], enrol('bob', 'other'), 'id-taken'],
  ['an id that a revoked device had', [invited('inv', { usesMax: 9 }), enrol('bob'), revoke('bob')], enrol('bob', 'other'), 'id-taken'],
  ['a key that enrolled with this invite', [invited('inv'), enrol('bob')], enrol('bob'), 'already-enrolled'],
  ['the same under another id', [invited('inv', { usesMax: 9 }), enrol('bob')], enrol('bobby', 'bob-key'), 'already-enrolled'],
  ['the same after a renewal', [invited('inv', { usesMax: 9 }), enrol('bob'), renew('bob', 'new', 9)], enrol('bobby', 'bob-key'), 'already-enrolled'],
  ["another device's key", [invited('inv'), invited('two'), enrol('bob')], enrol('eve', 'bob-key', { inviteId: 'two' }), 'key-taken'],
  ['a key that another device had once', [invited('inv'), invited('two'), enrol('bob'), renew('bob', 'new', 9)], enrol('eve', 'bob-key', { inviteId: 'two' }), 'key-taken'],
  ["the founder's id", [invited('inv')], enrol('founder', 'k'), 'id-taken'],
  ['a second request of the same key', [invited('inv', { usesMax: 9, needsApproval: true }), pend('bob')], pend('bob'), 'already-enrolled'],
  ['a request for a used invite', [invited('inv', { needsApproval: true }), pend('bob')], pend('eve'), 'used-up'],
  ['approving nobody', [], approve('bob'), 'not-pending'],
  ['approving twice', [invited('inv', { needsApproval: true }), pend('bob'), approve('bob')], approve('bob'), 'not-pending'],
  ['approving another key', [invited('inv', { needsApproval: true }), pend('bob')], approve('bob', 'other'), 'not-pending'],
  ['approving who was refused meanwhile', [invited('inv', { needsApproval: true }), pend('bob'), revoke('bob')], approve('bob'), 'not-pending'],
  ['renewing for a revoked device', [invited('inv'), enrol('bob'), revoke('bob')], renew('bob', 'new', 9), 'not-active'],
  ['renewing for a pending one', [invited('inv', { needsApproval: true }), pend('bob')], renew('bob', 'new', 9), 'not-active'],
  ["renewing with another's key", [invited('inv'), enrol('bob')], renew('bob', 'founder-key', 9), 'key-taken'],
  ['a second invite of one id', [invited('inv')], invited('inv'), 'id-taken'],
  ['an invite by a member', [invited('inv'), enrol('bob')], invited('two', { audit: auditOf('invite.create', 'bob') }), 'not-admin'],
  ['an invite by an admin who was revoked', [invited('inv', { role: 'admin' }), enrol('bob'), revoke('bob')], invited('two', { audit: auditOf('invite.create', 'bob') }), 'not-admin'],
  ['an invite without uses', [], invited('inv', { usesMax: -1 }), 'used-up'],
  ['a token hash of another length', [], invited('inv', { tokenHash: new Uint8Array(31) }), 'CHECK constraint failed: length(token_hash) = 32'],
  ['revoking an invite twice', [invited('inv'), revokeInviteEntry({ id: 'inv', nowMs: 3, audit: auditOf('x') })], revokeInviteEntry({ id: 'inv', nowMs: 4, audit: auditOf('x') }), 'revoked'],
  ['revoking an invite that is none', [], revokeInviteEntry({ id: 'inv', nowMs: 4, audit: auditOf('x') }), 'unknown'],
  ['revoking a device that is none', [], revoke('bob'), 'unknown'],
  ['revoking twice', [invited('inv'), enrol('bob'), revoke('bob')], revoke('bob'), 'revoked'],
  ['revoking the last admin', [], revoke('founder'), 'last-admin'],
  ['demoting the last admin', [], role('founder', 'member'), 'last-admin'],
  ['a role for a revoked device', [invited('inv'), enrol('bob'), revoke('bob')], role('bob', 'admin'), 'revoked'],
  ['a role given by a member', [invited('inv'), enrol('bob')], role('bob', 'admin', 'bob'), 'not-admin'],
  ['an authority for a guest', [invited('inv', { role: 'guest' }), enrol('bob')], request('bob'), 'guest-vote'],
  ['an authority for a stranger', [], request('bob'), 'not-active'],
  ['granting what nobody asked for', [invited('inv'), enrol('bob')], grant('bob'), 'no-request'],
  ['granting an older request', [invited('inv'), enrol('bob'), request('bob'), request('bob', 'newer')], grant('bob'), 'no-request'],
  ['granting twice', [invited('inv'), enrol('bob'), request('bob'), grant('bob')], grant('bob'), 'no-request'],
  ['granting by a member', [invited('inv'), enrol('bob'), request('bob')], grant('bob', 'csr', 'bob'), 'not-admin'],
  ['an ACL by a member', [invited('inv'), enrol('bob')], putRaftAclEntry({ name: 'a', patterns: ['*'], voter: true, observer: true }, { seconds: 0n, nanos: 0 }, auditOf('acl.put', 'bob')), 'not-admin'],
  ['deleting one by a member', [invited('inv'), enrol('bob')], deleteRaftAclEntry('a', auditOf('acl.delete', 'bob')), 'not-admin'],
])('%s is refused and changes nothing', (_, before, entry, reason) => {
  const { apply, state } = mesh(...before);
  const held = state.snapshot();
  expect(apply(entry)).toBe(reason);
  expect(state.snapshot()).toEqual(held);
});

test('a device that waits is accepted with its request, and the invite was used when it asked', () => {
  const { state, apply } = mesh(invited('inv', { needsApproval: true }));
  expect(apply(pend('bob'))).toBe('');
  expect([state.trust.invite('inv')?.uses, state.trust.device('bob')?.state, Buffer.from(state.trust.device('bob')?.certificateRequest ?? []).toString()]).toEqual([1, 'pending', 'csr']);
  expect(apply(approve('bob'))).toBe('');
  expect([state.trust.device('bob')?.state, state.trust.device('bob')?.certificateRequest, state.trust.invite('inv')?.uses]).toEqual(['active', null, 1]);
  expect(standingOf(state, 'bob', 'fp-bob/bob-key/1000000')).toBe('active member');
});

test('a revoked device is gone everywhere in one entry, with the invites it made; its certificates are still known as its own', () => {
  const { state, apply } = mesh(
    invited('inv', { role: 'admin' }), enrol('bob'), joinEntry(nodeOf('bob', true), auditOf('node.join', 'bob')), request('bob'), grant('bob'),
    invited('his', { audit: auditOf('invite.create', 'bob') }),
  );
  expect(apply(revoke('bob'))).toBe('');
  expect([state.node('bob'), state.leases(), state.get('voter/bob'), state.trust.authorities().map(({ nodeId }) => nodeId)]).toEqual([undefined, [nodeOf('founder').leaseIpv4], undefined, ['founder']]);
  expect([standingOf(state, 'bob', 'fp-bob/bob-key/1000000'), state.trust.device('bob')?.revokedAtMs, state.trust.invite('his')?.revokedAtMs, state.trust.invite('inv')?.revokedAtMs]).toEqual(['revoked admin', 8, 8, 0]);
  expect(apply(joinEntry(nodeOf('bob')))).toBe('no-device');
});

test('who becomes a guest votes and signs no more; who is no admin any more takes the open invites along', () => {
  const { state, apply } = mesh(
    invited('inv', { role: 'admin' }), enrol('bob'), joinEntry(nodeOf('bob', true)), request('bob'), invited('his', { audit: auditOf('invite.create', 'bob') }),
  );
  expect(apply(role('bob', 'guest'))).toBe('');
  expect([state.get('voter/bob'), state.trust.authorities().length, state.trust.invite('his')?.revokedAtMs, state.node('bob')?.id]).toEqual([undefined, 1, 8, 'bob']);
  expect(apply(role('bob', 'admin'))).toBe('');
  expect(apply(role('founder', 'guest', 'bob'))).toBe('');
});

test('renewals add certificates, forget those past use, and end at a limit', () => {
  const { state, apply } = mesh(invited('inv'), enrol('bob'));
  for (let i = 1; i < certificatesMax; i++) expect(apply(renew('bob', `key-${i}`, 100 + i))).toBe('');
  expect(apply(renew('bob', 'one-more', 500))).toBe('too-many-certificates');
  expect(apply(renew('bob', 'one-more', 500, 150))).toBe('');
  expect([state.trust.newestCertificate('bob')?.notAfterMs, state.trust.device('bob')?.keyHash, standingOf(state, 'bob', 'fp-bob/key-1/101')]).toEqual([500, Buffer.from('one-more').toString('hex'), 'unknown']);
  expect(standingOf(state, 'founder', 'fp-bob/one-more/500')).toBe('unknown');
});

test('an authority is renewed while the old one still stands', () => {
  const { state, apply } = mesh(invited('inv'), enrol('bob'), request('bob'), grant('bob'), request('bob', 'next'));
  const own = state.trust.authorities().find(({ nodeId }) => nodeId === 'bob');
  expect([Buffer.from(own?.certificate ?? []).toString(), Buffer.from(own?.certificateRequest ?? []).toString()]).toEqual(['ca', 'next']);
  expect(apply(grant('bob', 'next'))).toBe('');
});

test('every change of trust leaves its event', () => {
  const { state } = mesh(invited('inv', { usesMax: 2, role: 'admin' }), enrol('bob'), enrol('eve'), joinEntry(nodeOf('bob'), auditOf('node.join', 'bob')), role('bob', 'member'), revoke('eve'), leaveEntry('bob', auditOf('node.leave', 'bob')));
  expect(state.trust.audit({ search: '', before: 0, limit: 50 }).events.map(({ sequence, action, actor }) => `${sequence} ${action} ${actor}`)).toEqual([
    '8 node.leave bob', '7 device.revoke founder', '6 device.role founder', '5 node.join bob', '4 device.enroll anonymous', '3 device.enroll anonymous', '2 invite.create founder', '1 mesh.found founder',
  ]);
});

test('reasons are read from what SQLite says, and nothing else is one', () => {
  expect(['refused: expired', 'refused: nonsense', 'UNIQUE constraint failed: devices.key_hash', 'CHECK constraint failed: used-up', 'UNIQUE constraint failed: nodes.endpoints', ''].map(refusalReason))
    .toEqual(['expired', undefined, 'key-taken', 'used-up', undefined, undefined]);
});
