import { type Role } from '../../base/identity.ts';
import { type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { addAudit, type AuditInput, demand, demandAdmin } from './audit.ts';
import { type EntryBuilder, entryBuilder } from './entry.ts';
import { raftIpv6Key, voterKey } from './keys.ts';

/** A certificate as the mesh records it. Hashes are lower-case hex, certificates DER. */
export interface CertificateInput {
  readonly fingerprint: string;
  readonly keyHash: string;
  readonly certificate: Uint8Array;
  /** The authority that signed it. */
  readonly authority: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface EnrolInput {
  readonly inviteId: string;
  readonly deviceId: string;
  readonly name: string;
  readonly nowMs: number;
  readonly certificate: CertificateInput;
  readonly audit: AuditInput;
}

/** At most so many certificates of one device are recorded at a time. Renewals forget those that nothing can be done with any more. */
export const certificatesMax = 64;

/**
 * Redeems an invite: one use of it, the device (active) and its certificate. Refusals: already-enrolled (this key, with this invite), unknown,
 * revoked, expired, used-up, needs-approval, id-taken, key-taken.
 */
export function enrolEntry({ inviteId, deviceId, name, nowMs, certificate, audit }: EnrolInput): RaftLogEntry {
  const builder = entryBuilder();
  takeInvite(builder, { invite: builder.text(inviteId), deviceId, name, nowMs, keyHash: certificate.keyHash, request: null });
  addCertificate(builder, deviceId, certificate, nowMs);
  addAudit(builder, audit);
  return builder.entry();
}

export interface PendingDeviceInput extends Omit<EnrolInput, 'certificate'> {
  readonly keyHash: string;
  /** PKCS#10, signed when an admin accepts the device. */
  readonly certificateRequest: Uint8Array;
}

/** Redeems an invite that asks for approval: one use of it and the device (pending) with its request. Refusals as for `enrolEntry`. */
export function pendingDeviceEntry({ inviteId, deviceId, name, nowMs, keyHash, certificateRequest, audit }: PendingDeviceInput): RaftLogEntry {
  const builder = entryBuilder();
  takeInvite(builder, { invite: builder.text(inviteId), deviceId, name, nowMs, keyHash, request: certificateRequest });
  addAudit(builder, audit);
  return builder.entry();
}

export interface ApproveInput {
  readonly deviceId: string;
  readonly nowMs: number;
  /** For the key of the request that waits. */
  readonly certificate: CertificateInput;
  readonly audit: AuditInput;
}

/** Accepts a device that waits. Refusals: not-admin, not-pending (unknown, accepted or revoked meanwhile), key-taken. */
export function approveEntry({ deviceId, nowMs, certificate, audit }: ApproveInput): RaftLogEntry {
  const builder = entryBuilder();
  const id = builder.text(deviceId);
  demandAdmin(builder, audit);
  demand(builder, 'not-pending', `SELECT state = 'pending' AND key_hash = ${builder.text(certificate.keyHash)} FROM devices WHERE id = ${id}`);
  builder.add(`UPDATE devices SET state = 'active', certificate_request = NULL WHERE id = ${id}`);
  addCertificate(builder, deviceId, certificate, nowMs);
  addAudit(builder, audit);
  return builder.entry();
}

/**
 * Records a further certificate of an active device, for the same or a new key. `forgetBeforeMs`: its certificates that ended before then
 * are forgotten. Refusals: not-active, key-taken (another device's), too-many-certificates.
 */
export function renewEntry({ deviceId, nowMs, certificate, audit, forgetBeforeMs }: ApproveInput & { readonly forgetBeforeMs: number }): RaftLogEntry {
  const builder = entryBuilder();
  const id = builder.text(deviceId);
  demand(builder, 'not-active', `SELECT state = 'active' FROM devices WHERE id = ${id}`);
  builder.add(`DELETE FROM certificates WHERE device_id = ${id} AND not_after_ms < ${builder.integer(forgetBeforeMs)}`);
  demand(builder, 'too-many-certificates', `SELECT count(*) < ${certificatesMax} FROM certificates WHERE device_id = ${id}`);
  builder.add(`UPDATE devices SET key_hash = ${builder.text(certificate.keyHash)} WHERE id = ${id}`);
  addCertificate(builder, deviceId, certificate, nowMs);
  addAudit(builder, audit);
  return builder.entry();
}

export interface DeviceChange {
  readonly deviceId: string;
  readonly nowMs: number;
  readonly audit: AuditInput;
}

/**
 * Cuts a device off for ever: its row as a node, lease, wishes, authority, and the invites it made go in the same entry. Its certificates stay
 * recorded, so that it is told why. Refusals: not-admin, unknown, revoked (already), last-admin.
 */
export function revokeDeviceEntry({ deviceId, nowMs, audit }: DeviceChange): RaftLogEntry {
  const builder = entryBuilder();
  const id = builder.text(deviceId);
  const now = builder.integer(nowMs);
  demandAdmin(builder, audit);
  demandNotRevoked(builder, id);
  builder.add(`UPDATE devices SET state = 'revoked', revoked_at_ms = ${now}, certificate_request = NULL WHERE id = ${id}`);
  demandSomeAdmin(builder);
  builder.add(`DELETE FROM leases WHERE node_id = ${id}`);
  builder.add(`DELETE FROM nodes WHERE id = ${id}`);
  builder.add(`DELETE FROM mesh_state WHERE key = ${builder.text(voterKey(deviceId))} OR key = ${builder.text(raftIpv6Key(deviceId))}`);
  builder.add(`DELETE FROM authorities WHERE node_id = ${id}`);
  revokeInvitesOf(builder, id, now);
  addAudit(builder, audit);
  return builder.entry();
}

/**
 * Gives a device another role. Who becomes a guest stops voting and signing; who is no admin any more takes the open invites along.
 * Refusals: not-admin, unknown, revoked, last-admin.
 */
export function setRoleEntry({ deviceId, role, nowMs, audit }: DeviceChange & { readonly role: Role }): RaftLogEntry {
  const builder = entryBuilder();
  const id = builder.text(deviceId);
  demandAdmin(builder, audit);
  demandNotRevoked(builder, id);
  builder.add(`UPDATE devices SET role = ${builder.text(role)} WHERE id = ${id}`);
  demandSomeAdmin(builder);
  if (role === 'guest') {
    builder.add(`DELETE FROM mesh_state WHERE key = ${builder.text(voterKey(deviceId))}`);
    builder.add(`DELETE FROM authorities WHERE node_id = ${id}`);
  }
  if (role !== 'admin') revokeInvitesOf(builder, id, builder.integer(nowMs));
  addAudit(builder, audit);
  return builder.entry();
}

interface Redemption {
  /** The parameter that holds the invite's id. */
  readonly invite: string;
  readonly deviceId: string;
  readonly name: string;
  readonly nowMs: number;
  readonly keyHash: string;
  readonly request: Uint8Array | null;
}

/** One use of the invite and the device that used it. The constraint on `uses` is what decides a race for the last one. */
function takeInvite(builder: EntryBuilder, { invite, deviceId, name, nowMs, keyHash, request }: Redemption): void {
  const [id, key, now] = [builder.text(deviceId), builder.text(keyHash), builder.integer(nowMs)];
  demand(builder, 'already-enrolled', `NOT EXISTS (SELECT 1 FROM devices
  WHERE invite_id = ${invite} AND (key_hash = ${key} OR id IN (SELECT device_id FROM certificates WHERE key_hash = ${key})))`);
  demand(builder, 'unknown', `EXISTS (SELECT 1 FROM invites WHERE id = ${invite})`);
  demand(builder, 'revoked', `SELECT revoked_at_ms = 0 FROM invites WHERE id = ${invite}`);
  demand(builder, 'expired', `SELECT expires_at_ms > ${now} FROM invites WHERE id = ${invite}`);
  if (request === null) demand(builder, 'needs-approval', `SELECT needs_approval = 0 FROM invites WHERE id = ${invite}`);
  builder.add(`UPDATE invites SET uses = uses + 1 WHERE id = ${invite}`);
  const csr = request === null ? 'NULL' : builder.bytes(request);
  builder.add(`INSERT INTO devices (id, role, state, name, invited_by, invite_id, key_hash, certificate_request, created_at_ms)
SELECT ${id}, role, '${request === null ? 'active' : 'pending'}', ${builder.text(name)}, created_by, id, ${key}, ${csr}, ${now} FROM invites WHERE id = ${invite}`);
}

function addCertificate(builder: EntryBuilder, deviceId: string, certificate: CertificateInput, nowMs: number): void {
  const [id, key] = [builder.text(deviceId), builder.text(certificate.keyHash)];
  demand(builder, 'key-taken', `NOT EXISTS (SELECT 1 FROM certificates WHERE key_hash = ${key} AND device_id <> ${id})`);
  builder.add(`INSERT INTO certificates (${certificateColumns}) VALUES (${certificateValues(builder, id, key, certificate, builder.integer(nowMs)).join(', ')})`);
}

export const certificateColumns = 'fingerprint, device_id, key_hash, certificate, authority, not_before_ms, not_after_ms, recorded_at_ms';

/** The values of `certificateColumns`; `id`, `key` and `now` are parameters of the builder. */
export function certificateValues(builder: EntryBuilder, id: string, key: string, certificate: CertificateInput, now: string): readonly string[] {
  const { fingerprint, certificate: der, authority, notBeforeMs, notAfterMs } = certificate;
  return [builder.text(fingerprint), id, key, builder.bytes(der), builder.bytes(authority), builder.integer(notBeforeMs), builder.integer(notAfterMs), now];
}

function demandNotRevoked(builder: EntryBuilder, id: string): void {
  demand(builder, 'unknown', `EXISTS (SELECT 1 FROM devices WHERE id = ${id})`);
  demand(builder, 'revoked', `SELECT state <> 'revoked' FROM devices WHERE id = ${id}`);
}

function demandSomeAdmin(builder: EntryBuilder): void {
  demand(builder, 'last-admin', "EXISTS (SELECT 1 FROM devices WHERE role = 'admin' AND state = 'active')");
}

function revokeInvitesOf(builder: EntryBuilder, id: string, now: string): void {
  builder.add(`UPDATE invites SET revoked_at_ms = ${now} WHERE created_by = ${id} AND revoked_at_ms = 0`);
}
