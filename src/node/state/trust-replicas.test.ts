import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditOf, certificateOf, commandAt, foundedEntry, inviteOf, nodeOf, replicated } from '../../../test/fakes/replicated.ts';
import { type Role } from '../../base/identity.ts';
import { RaftCommandType, type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { encodeEntry } from '../consensus/entry.ts';
import { grantAuthorityEntry, requestAuthorityEntry } from '../statements/authorities.ts';
import { createInviteEntry, revokeInviteEntry } from '../statements/invites.ts';
import { deleteRaftAclEntry, joinEntry, leaveEntry, putRaftAclEntry } from '../statements/statements.ts';
import { approveEntry, enrolEntry, pendingDeviceEntry, renewEntry, revokeDeviceEntry, setRoleEntry } from '../statements/trust.ts';
import { type MeshState } from './mesh-state.ts';
import { readTables } from './snapshot.ts';

/** Few names, so that entries collide: ids, keys, invites, actors. Id 0 is the founder. */
const ids = ['founder', 'bob', 'eve', 'gus'];
const roles: readonly Role[] = ['guest', 'member', 'admin'];
const csr = Buffer.from('csr');
const someone = fc.constantFrom(...ids);
const invite = fc.constantFrom('i1', 'i2', 'i3');
const number = fc.nat(9);
const now = { seconds: 0n, nanos: 0 };

const entry: fc.Arbitrary<RaftLogEntry> = fc.oneof(
  fc.record({ id: invite, actor: someone, role: fc.constantFrom(...roles), usesMax: fc.integer({ min: 1, max: 3 }), needsApproval: fc.boolean(), expiresAtMs: fc.constantFrom(4, 1_000) })
    .map(({ actor, ...rest }) => createInviteEntry(inviteOf(rest.id, { ...rest, audit: auditOf('invite.create', actor) }))),
  ...Array.from({ length: 3 }, () => fc.record({ inviteId: invite, deviceId: someone, key: number, nowMs: number }).map(({ inviteId, deviceId, key, nowMs }) =>
    enrolEntry({ inviteId, deviceId, name: '', nowMs, certificate: certificateOf(deviceId, `k${key}`), audit: auditOf('device.enroll', 'anonymous') }))),
  fc.record({ inviteId: invite, deviceId: someone, key: number }).map(({ inviteId, deviceId, key }) =>
    pendingDeviceEntry({ inviteId, deviceId, name: '', nowMs: 1, keyHash: certificateOf('', `k${key}`).keyHash, certificateRequest: csr, audit: auditOf('device.request') })),
  fc.record({ deviceId: someone, key: number, actor: someone }).map(({ deviceId, key, actor }) => approveEntry({ deviceId, nowMs: 2, certificate: certificateOf(deviceId, `k${key}`), audit: auditOf('device.approve', actor) })),
  fc.record({ deviceId: someone, key: number, end: number }).map(({ deviceId, key, end }) => renewEntry({ deviceId, nowMs: 2, certificate: certificateOf(deviceId, `k${key}`, end), forgetBeforeMs: 2, audit: auditOf('device.renew', deviceId) })),
  fc.record({ deviceId: someone, actor: someone }).map(({ deviceId, actor }) => revokeDeviceEntry({ deviceId, nowMs: 3, audit: auditOf('device.revoke', actor) })),
  fc.record({ id: invite, actor: someone }).map(({ id, actor }) => revokeInviteEntry({ id, nowMs: 3, audit: auditOf('invite.revoke', actor) })),
  fc.record({ deviceId: someone, role: fc.constantFrom(...roles), actor: someone }).map(({ actor, ...rest }) => setRoleEntry({ ...rest, nowMs: 3, audit: auditOf('device.role', actor) })),
  someone.map((nodeId) => requestAuthorityEntry({ nodeId, certificateRequest: csr, audit: auditOf('authority.request', nodeId) })),
  fc.record({ nodeId: someone, actor: someone }).map(({ nodeId, actor }) => grantAuthorityEntry({ nodeId, certificateRequest: csr, certificate: csr, notAfterMs: 9, audit: auditOf('authority.grant', actor) })),
  fc.record({ id: someone, vote: fc.boolean() }).map(({ id, vote }) => joinEntry(nodeOf(id, vote), auditOf('node.join', id))),
  someone.map((id) => leaveEntry(id, auditOf('node.leave', id))),
  fc.record({ name: fc.constantFrom('a', 'b'), pattern: fc.constantFrom('*', 'b*', 'founder'), voter: fc.boolean() }).map(({ name, pattern, voter }) => putRaftAclEntry({ name, patterns: [pattern], voter, observer: true }, now)),
  fc.constantFrom('a', 'b').map((name) => deleteRaftAclEntry(name)),
  fc.record({ transaction: fc.boolean(), sql: fc.constantFrom(
    "INSERT INTO audit (at_ms, actor, node, action, subject, detail) VALUES (1, '', '', 'one', '', '{}'); DELETE FROM audit", 'DELETE FROM devices', "UPDATE devices SET role = 'guest'", 'UPDATE invites SET uses = 0',
    "INSERT OR REPLACE INTO devices SELECT * FROM devices WHERE id = 'bob'", "INSERT OR ROLLBACK INTO mesh_state (key, value) VALUES ('Trust', '')", 'INSERT INTO audit SELECT sequence + 1, at_ms, actor, node, action, subject, detail, hash FROM audit',
  ) }).map(({ transaction, sql }) => ({ type: RaftCommandType.EXECUTE, sqlQuery: undefined, sqlExec: { transaction, statement: { sql, parameters: [] } } })),
);

test('any sequence of entries, refused ones among them, leaves replicas equal, the chain whole, and every use of an invite used once', () => {
  fc.assert(fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), fc.nat(60), (entries, at) => {
    const log = [foundedEntry(true), ...entries].map((each, i) => commandAt(i + 1, encodeEntry(each)));
    const [one, two, three] = [replicated(), replicated(), replicated()];
    const answers = log.map((each) => one.state.apply([each])[0]);
    const cut = Math.min(at, log.length);
    expect([...two.state.apply(log.slice(0, cut)), ...two.state.apply(log.slice(cut))]).toEqual(answers);
    const donor = replicated();
    donor.state.apply(log.slice(0, cut));
    three.state.restore(donor.state.snapshot(), cut, 1, { servers: [] });
    expect(three.state.apply(log.slice(cut))).toEqual(answers.slice(cut));
    expect(readTables(two.db)).toEqual(readTables(one.db));
    expect(readTables(three.db)).toEqual(readTables(one.db));
    holds(one.state);
  }), { numRuns: 60, seed: 20_261_122 });
}, 120_000);

/** What is true of every state that was reached through the log. */
function holds({ trust, nodes, get }: MeshState): void {
  const devices = trust.devices();
  expect([trust.auditIntact(), devices.some(({ role, state }) => role === 'admin' && state === 'active')]).toEqual([true, true]);
  for (const { uses, usesMax } of trust.invites()) expect(uses).toBeLessThanOrEqual(usesMax);
  expect(new Set(devices.map(({ keyHash }) => keyHash)).size).toBe(devices.length);
  for (const { id } of nodes()) expect(trust.device(id)?.state).toBe('active');
  for (const id of ids) if (get(`voter/${id}`) !== undefined) expect(trust.device(id)).toMatchObject({ state: 'active', role: expect.stringMatching(/member|admin/) });
}

test('through the entries of the services alone, an invite has as many devices as uses', () => {
  fc.assert(fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), (entries) => {
    const { state, apply } = replicated();
    apply(foundedEntry(true));
    for (const each of entries) if ((each.sqlExec?.statement?.parameters.length ?? 0) > 0) apply(each);
    for (const { id, uses } of state.trust.invites()) expect([id, state.trust.devices().filter(({ inviteId }) => inviteId === id).length]).toEqual([id, uses]);
    for (const { id, state: is } of state.trust.devices()) if (is === 'pending') expect(state.trust.newestCertificate(id)).toBe(undefined);
  }), { numRuns: 100, seed: 20_261_122 });
}, 120_000);
