import { type TrustView } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { type Database, type SqlValue } from '../ports.ts';
import { rootCertificateKey, trustKey, trustSecured } from '../statements/keys.ts';
import { type AuditPage, type AuditQuery, createAuditReads } from './audit-reads.ts';
import { type AuthorityRow, type CertificateRow, type DeviceRow, deviceRow, type InviteRow, inviteRow } from './trust-rows.ts';
import { trustView } from './trust-view.ts';
import { bytesOf, integerOf, textOf } from './values.ts';

/** Local reads about trust: as new as what was applied here. */
export interface TrustReads {
  /** False: a mesh in clear text, or one that is not founded here yet. */
  secure(): boolean;
  /** DER; undefined in clear text. */
  rootCertificate(): Uint8Array | undefined;
  device(id: string): DeviceRow | undefined;
  /** Ordered by id. */
  devices(): readonly DeviceRow[];
  certificate(fingerprint: string): CertificateRow | undefined;
  /** The one recorded last. */
  newestCertificate(deviceId: string): CertificateRow | undefined;
  /** When the newest certificate of each device ends. */
  certificateEnds(): ReadonlyMap<string, number>;
  /** Who redeemed this invite with this key: how a retry is recognised, also after the key was renewed. */
  enrolled(inviteId: string, keyHash: string): { readonly device: DeviceRow; readonly certificate: CertificateRow | undefined } | undefined;
  invite(id: string): InviteRow | undefined;
  /** Newest first. */
  invites(): readonly InviteRow[];
  /** Ordered by node id. */
  authorities(): readonly AuthorityRow[];
  /** The whole of it but the audit log. Computed once a revision. */
  view(): TrustView;
  audit(query: AuditQuery): AuditPage;
  /** Computes the whole chain of hashes again: proportional to its length. */
  auditIntact(): boolean;
}

const deviceColumns = 'id, role, state, name, invited_by, invite_id, key_hash, certificate_request, created_at_ms, revoked_at_ms';
const certificateColumns = 'fingerprint, device_id, key_hash, certificate, authority, not_before_ms, not_after_ms';
const inviteColumns = 'id, token_hash, role, created_by, created_at_ms, expires_at_ms, uses, uses_max, needs_approval, revoked_at_ms, note';

export function createTrustReads(db: Database, revision: { get(): number }): TrustReads {
  const value = db.prepare('SELECT value FROM mesh_state WHERE key = ?');
  const oneDevice = db.prepare(`SELECT ${deviceColumns} FROM devices WHERE id = ?`);
  const allDevices = db.prepare(`SELECT ${deviceColumns} FROM devices ORDER BY id`);
  const oneCertificate = db.prepare(`SELECT ${certificateColumns} FROM certificates WHERE fingerprint = ?`);
  const newest = db.prepare(`SELECT ${certificateColumns} FROM certificates WHERE device_id = ? ORDER BY rowid DESC LIMIT 1`);
  const ends = db.prepare('SELECT device_id, not_after_ms FROM certificates ORDER BY rowid');
  const ofKey = db.prepare(`SELECT ${certificateColumns} FROM certificates WHERE device_id = ? AND key_hash = ? ORDER BY rowid LIMIT 1`);
  const redeemer = db.prepare(`SELECT ${deviceColumns} FROM devices
    WHERE invite_id = ?1 AND (key_hash = ?2 OR id IN (SELECT device_id FROM certificates WHERE key_hash = ?2)) ORDER BY id LIMIT 1`);
  const oneInvite = db.prepare(`SELECT ${inviteColumns} FROM invites WHERE id = ?`);
  const allInvites = db.prepare(`SELECT ${inviteColumns} FROM invites ORDER BY created_at_ms DESC, id`);
  const allAuthorities = db.prepare('SELECT node_id, certificate_request, certificate, not_after_ms FROM authorities ORDER BY node_id');
  let known: { readonly revision: number; readonly view: TrustView } | undefined;

  const root = (): Uint8Array | undefined => {
    const text = textOf(value.all(rootCertificateKey)[0]?.[0]);
    return text === '' ? undefined : new Uint8Array(Buffer.from(text, 'base64'));
  };
  const certificateRow = (row: readonly SqlValue[]): CertificateRow => {
    const [fingerprint, deviceId, keyHash, certificate, authority, notBefore, notAfter] = row;
    return {
      fingerprint: textOf(fingerprint), deviceId: textOf(deviceId), keyHash: textOf(keyHash),
      chain: [bytesOf(certificate), bytesOf(authority), root() ?? new Uint8Array()],
      notBeforeMs: integerOf(notBefore), notAfterMs: integerOf(notAfter),
    };
  };
  const reads: TrustReads = {
    secure: () => value.all(trustKey)[0]?.[0] === trustSecured,
    rootCertificate: root,
    device: (id) => oneDevice.all(id).map(deviceRow)[0],
    devices: () => allDevices.all().map(deviceRow),
    certificate: (fingerprint) => oneCertificate.all(fingerprint).map(certificateRow)[0],
    newestCertificate: (deviceId) => newest.all(deviceId).map(certificateRow)[0],
    certificateEnds: () => new Map(ends.all().map(([deviceId, notAfter]) => [textOf(deviceId), integerOf(notAfter)])),
    enrolled: (inviteId, keyHash) => {
      const device = redeemer.all(inviteId, keyHash).map(deviceRow)[0];
      return device && { device, certificate: ofKey.all(device.id, keyHash).map(certificateRow)[0] };
    },
    invite: (id) => oneInvite.all(id).map(inviteRow)[0],
    invites: () => allInvites.all().map(inviteRow),
    authorities: () => allAuthorities.all().map(([nodeId, request, certificate, notAfter]) => ({
      nodeId: textOf(nodeId), certificateRequest: request === null ? null : bytesOf(request),
      certificate: certificate === null ? null : bytesOf(certificate), notAfterMs: integerOf(notAfter),
    })),
    view: () => {
      if (known?.revision !== revision.get()) known = { revision: revision.get(), view: trustView(reads) };
      return known.view;
    },
    ...createAuditReads(db, revision),
  };
  return reads;
}
