import { addAudit, type AuditInput } from './audit.ts';
import { type EntryBuilder } from './entry.ts';
import { rootCertificateKey, trustKey, trustSecured } from './keys.ts';
import { type CertificateInput } from './trust.ts';

/** What makes a mesh secured from its first entry on: its root, and the founder as its first device and admin. */
export interface SecuredFounding {
  readonly nowMs: number;
  /** DER. */
  readonly root: Uint8Array;
  readonly deviceId: string;
  /** What people call the founder's device. */
  readonly name: string;
  readonly certificate: CertificateInput;
  /** The founder's own authority. */
  readonly authority: { readonly certificate: Uint8Array; readonly notAfterMs: number };
  readonly audit: AuditInput;
}

/** Everything at most once: a founding that is proposed again, after a restart, changes nothing that stands. */
export function addSecuredFounding(builder: EntryBuilder, { nowMs, root, deviceId, name, certificate, authority, audit }: SecuredFounding): void {
  const first = 'NOT EXISTS (SELECT 1 FROM devices)';
  const [id, key, now] = [builder.text(deviceId), builder.text(certificate.keyHash), builder.integer(nowMs)];
  const { fingerprint, notBeforeMs, notAfterMs } = certificate;
  addAudit(builder, audit, first);
  for (const [name, value] of [[trustKey, trustSecured], [rootCertificateKey, Buffer.from(root).toString('base64')]] as const) {
    builder.add(`INSERT INTO mesh_state (key, value) SELECT ${builder.text(name)}, ${builder.text(value)} WHERE ${first}`);
  }
  builder.add(`INSERT INTO authorities (node_id, certificate, not_after_ms) SELECT ${id}, ${builder.bytes(authority.certificate)}, ${builder.integer(authority.notAfterMs)} WHERE ${first}`);
  builder.add(`INSERT INTO devices (id, role, state, name, invited_by, invite_id, key_hash, created_at_ms) SELECT ${id}, 'admin', 'active', ${builder.text(name)}, '', '', ${key}, ${now} WHERE ${first}`);
  const values = [builder.text(fingerprint), id, key, builder.bytes(certificate.certificate), builder.bytes(certificate.authority), builder.integer(notBeforeMs), builder.integer(notAfterMs), now];
  builder.add(`INSERT INTO certificates (fingerprint, device_id, key_hash, certificate, authority, not_before_ms, not_after_ms, recorded_at_ms)
SELECT ${values.join(', ')} WHERE NOT EXISTS (SELECT 1 FROM certificates)`);
}
