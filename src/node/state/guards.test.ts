import { expect, test } from 'vitest';
import { auditOf, certificateOf, foundedEntry, inviteOf, nodeOf, type Replicated, replicated } from '../../../test/fakes/replicated.ts';
import { RaftCommandType, type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { createInviteEntry } from '../statements/invites.ts';
import { deleteRaftAclEntry, joinEntry, leaveEntry, putRaftAclEntry } from '../statements/statements.ts';
import { enrolEntry, revokeDeviceEntry } from '../statements/trust.ts';

/** Text that a faulty or hostile leader may write: no demand is in it, only the guards stand. */
const text = (sql: string, transaction = true): RaftLogEntry => ({ type: RaftCommandType.EXECUTE, sqlQuery: undefined, sqlExec: { transaction, statement: { sql, parameters: [] } } });
const now = { seconds: 0n, nanos: 0 };
const deny = (name: string, pattern: string): RaftLogEntry => putRaftAclEntry({ name, patterns: [pattern], voter: false, observer: true }, now);
const wish = (id: string): string => `INSERT INTO mesh_state (key, value) VALUES ('voter/${id}', 'true')`;

/** A founder, a member `bob` and a guest `gus`, both joined. */
function secured(): Replicated {
  const world = replicated();
  const enrol = (inviteId: string, deviceId: string): RaftLogEntry => enrolEntry({ inviteId, deviceId, name: '', nowMs: 1, certificate: certificateOf(deviceId, `${deviceId}-key`), audit: auditOf('device.enroll') });
  const entries = [
    foundedEntry(true), createInviteEntry(inviteOf('m')), createInviteEntry(inviteOf('g', { role: 'guest' })), createInviteEntry(inviteOf('r')),
    enrol('m', 'bob'), enrol('g', 'gus'), enrol('r', 'rob'), joinEntry(nodeOf('bob')), joinEntry(nodeOf('gus')), revokeDeviceEntry({ deviceId: 'rob', nowMs: 2, audit: auditOf('device.revoke') }),
  ];
  for (const entry of entries) expect(world.apply(entry)).toBe('');
  return world;
}

function clearText(): Replicated {
  const world = replicated();
  expect(world.apply(foundedEntry(false))).toBe('');
  return world;
}

test.each<[string, () => Replicated, string, string]>([
  ['a wish to vote of a guest', secured, wish('gus'), 'guest-vote'],
  ['a wish to vote of nobody', secured, wish('nobody'), 'no-device'],
  ['making a voter a guest and leaving the wish', () => withWish(secured(), 'bob'), "UPDATE devices SET role = 'guest' WHERE id = 'bob'", 'guest-vote'],
  ['a node without a device', secured, "INSERT INTO nodes (id, created_at, updated_at) VALUES ('nobody', '', '')", 'no-device'],
  ["a revoked device's node", secured, "INSERT INTO nodes (id, created_at, updated_at) VALUES ('rob', '', '')", 'no-device'],
  ['revoking and leaving the node', secured, "UPDATE devices SET state = 'revoked' WHERE id = 'bob'", 'no-device'],
  ['giving a node an id without a device', secured, "DELETE FROM leases WHERE node_id = 'bob'; UPDATE nodes SET id = 'nobody' WHERE id = 'bob'", 'no-device'],
  ['giving a device another id', secured, "DELETE FROM certificates WHERE device_id = 'bob'; UPDATE devices SET id = 'bert' WHERE id = 'bob'", 'no-device'],
  ['forgetting a device', secured, "DELETE FROM certificates WHERE device_id = 'bob'; DELETE FROM devices WHERE id = 'bob'", 'no-device'],
  ['replacing a device by one with its key', secured, "DELETE FROM certificates WHERE device_id = 'bob'; REPLACE INTO devices SELECT 'new', role, state, name, invited_by, invite_id, key_hash, certificate_request, created_at_ms, revoked_at_ms FROM devices WHERE id = 'bob'", 'no-device'],
  ['bringing a revoked device back', secured, "UPDATE devices SET state = 'active' WHERE id = 'rob'", 'revoked-for-ever'],
  ['forgetting that a device was revoked', secured, "DELETE FROM certificates WHERE device_id = 'rob'; DELETE FROM devices WHERE id = 'rob'", 'revoked-for-ever'],
  ['the last admin', secured, "UPDATE devices SET role = 'member'", 'last-admin'],
  ['a certificate without an event', secured, "INSERT INTO certificates SELECT 'made up', device_id, key_hash, certificate, authority, 0, 9, 0 FROM certificates WHERE device_id = 'bob'", 'unaudited'],
  ['a role without an event', secured, "UPDATE devices SET role = 'admin' WHERE id = 'gus'", 'unaudited'],
  ['forgetting a certificate without one', secured, "DELETE FROM certificates WHERE device_id = 'gus'", 'unaudited'],
  ['more uses of an invite without one', secured, "REPLACE INTO invites SELECT id, token_hash, role, created_by, created_at_ms, 999999, 0, 9, 0, 0, note FROM invites WHERE id = 'm'", 'unaudited'],
  ['an authority without one', secured, "INSERT INTO authorities (node_id) VALUES ('bob')", 'unaudited'],
  ['ending the security', secured, "DELETE FROM mesh_state WHERE key = 'Trust'", 'trust-fixed'],
  ['another root', secured, "UPDATE mesh_state SET value = 'mine' WHERE key = 'RootCertificate'", 'trust-fixed'],
  ['security from nowhere', clearText, "INSERT INTO mesh_state (key, value) VALUES ('Trust', 'mtls')", 'trust-fixed'],
  ['a wish to vote that an ACL denies', () => withAcl(secured(), 'bob'), wish('bob'), 'raft-acl'],
  ['the same in clear text', () => withAcl(clearText(), 'bob'), wish('bob'), 'raft-acl'],
  ['an event that leaves a gap', secured, "INSERT INTO audit (sequence, at_ms, actor, node, action, subject, detail) VALUES (99, 1, '', '', '', '', '')", 'audit'],
  ['an event with a hash of its own', secured, "INSERT INTO audit (at_ms, actor, node, action, subject, detail, hash) VALUES (1, '', '', '', '', '', x'00')", 'audit'],
  ['an event over another', secured, "REPLACE INTO audit (sequence, at_ms, actor, node, action, subject, detail) VALUES (1, 1, '', '', '', '', '')", 'audit'],
  ['changing the log', secured, "UPDATE audit SET actor = 'nobody'", 'not authorized'],
  ['changing it by an upsert', secured, "INSERT INTO audit (sequence, at_ms, actor, node, action, subject, detail) VALUES (1, 1, '', '', '', '', '') ON CONFLICT DO UPDATE SET hash = NULL", 'not authorized'],
  ['shortening it', secured, 'DELETE FROM audit', 'not authorized'],
])('%s is refused, and with it all that the entry did', (_, world, sql, reason) => {
  for (const transaction of [true, false]) {
    const { apply, state } = world();
    const held = state.snapshot();
    expect(apply(text(`INSERT INTO mesh_state (key, value) VALUES ('beside', 'it'); ${sql}`, transaction))).toBe(reason);
    // Only a guard takes back what a text without a transaction did before it; a statement that fails takes back itself.
    if (transaction || reason in guardReasons) expect(state.snapshot()).toEqual(held);
    expect(state.trust.auditIntact()).toBe(true);
  }
});

const guardReasons = { 'guest-vote': 1, 'no-device': 1, 'revoked-for-ever': 1, 'last-admin': 1, 'trust-fixed': 1, 'raft-acl': 1, unaudited: 1 };

function withAcl(world: Replicated, pattern: string): Replicated {
  expect(world.apply(deny('acl', pattern))).toBe('');
  return world;
}

function withWish(world: Replicated, id: string): Replicated {
  expect(world.apply(text(wish(id)))).toBe('');
  return world;
}

test('a wish that stood before an ACL stays: the voter may join again, and a new wish after it left is refused', () => {
  const { apply } = clearText();
  expect([apply(joinEntry(nodeOf('b', true))), apply(deny('a', 'b')), apply(joinEntry(nodeOf('b', true)))]).toEqual(['', '', '']);
  expect([apply(leaveEntry('b')), apply(joinEntry(nodeOf('b', true))), apply(joinEntry(nodeOf('b')))]).toEqual(['', 'raft-acl', '']);
  expect([apply(deleteRaftAclEntry('a')), apply(joinEntry(nodeOf('b', true)))]).toEqual(['', '']);
});

test('what an entry touched is forgotten with it, done or refused', () => {
  const { apply, rows, state } = secured();
  expect([apply(joinEntry(nodeOf('bob'))), apply(text("INSERT INTO nodes (id, created_at, updated_at) VALUES ('nobody', '', '')")), apply(text("INSERT INTO touched (id) VALUES ('nobody')")), apply(text('DELETE FROM touched'))]).toEqual(['', 'no-device', '', 'not authorized']);
  expect([rows('SELECT * FROM touched'), state.node('nobody')]).toEqual([[], undefined]);
});

test('the body that is not run hides nothing from the guards', () => {
  const { apply } = secured();
  const body = (sql: string) => ({ transaction: true, statement: { sql, parameters: [] } });
  expect(apply({ type: RaftCommandType.QUERY, sqlExec: body('SELECT 1'), sqlQuery: body(wish('gus').replace('mesh_state', '"MESH_State"')) })).toBe('guest-vote');
  expect(apply({ type: RaftCommandType.EXECUTE, sqlQuery: body('SELECT 1'), sqlExec: body("UPDATE [Devices] SET role = 'member'") })).toBe('last-admin');
});

test('a new node that no ACL matches is refused; one that is there already stays, and joins again', () => {
  const { apply } = clearText();
  const allow = putRaftAclEntry({ name: 'a', patterns: ['srv-*'], voter: true, observer: true }, now);
  expect([apply(joinEntry(nodeOf('old'))), apply(allow), apply(joinEntry(nodeOf('new'))), apply(joinEntry(nodeOf('srv-1', true))), apply(joinEntry(nodeOf('old'))), apply(joinEntry(nodeOf('old', true)))]).toEqual(['', '', 'raft-acl', '', '', 'raft-acl']);
});

test('the ACL of an entry counts for the wish in the same entry', () => {
  const { apply, state } = clearText();
  expect(apply(text(`INSERT INTO raft_acls (name, nodes, voter, created_at, updated_at) VALUES ('a', 'x*', 0, '', ''); ${wish('x1')}`))).toBe('raft-acl');
  expect([state.get('voter/x1'), state.raftAcls()]).toEqual([undefined, []]);
});

test('what guards compare with is right again after a restore', () => {
  const donor = secured();
  const { state, apply } = replicated();
  state.restore(donor.state.snapshot(), 50, 2, { servers: [] });
  expect([apply(text(wish('gus'))), apply(text("UPDATE devices SET state = 'active' WHERE id = 'rob'")), apply(text("DELETE FROM mesh_state WHERE key = 'Trust'"))]).toEqual(['guest-vote', 'revoked-for-ever', 'trust-fixed']);
});
