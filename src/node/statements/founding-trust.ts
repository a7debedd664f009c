import { addAudit, type AuditInput } from './audit.ts';
import { type EntryBuilder } from './entry.ts';
import { rootCertificateKey, trustKey, trustSecured } from './keys.ts';
import { certificateColumns, type CertificateInput, certificateValues } from './trust.ts';

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
  const own = [builder.bytes(authority.certificate), builder.integer(authority.notAfterMs)];
  addAudit(builder, audit, first);
  for (const [name, value] of [[trustKey, trustSecured], [rootCertificateKey, Buffer.from(root).toString('base64')]] as const) {
    builder.add(`INSERT INTO mesh_state (key, value) SELECT ${builder.text(name)}, ${builder.text(value)} WHERE ${first}`);
  }
  builder.add(`INSERT INTO authorities (node_id, certificate, not_after_ms) SELECT ${id}, ${own.join(', ')} WHERE ${first}`);
  builder.add(`INSERT INTO devices (id, role, state, name, invited_by, invite_id, key_hash, created_at_ms)
SELECT ${id}, 'admin', 'active', ${builder.text(name)}, '', '', ${key}, ${now} WHERE ${first}`);
  builder.add(`INSERT INTO certificates (${certificateColumns})
SELECT ${certificateValues(builder, id, key, certificate, now).join(', ')} WHERE NOT EXISTS (SELECT 1 FROM certificates)`);
}
