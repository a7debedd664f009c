import { type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { addAudit, type AuditInput, demand, demandAdmin } from './audit.ts';
import { entryBuilder } from './entry.ts';

export interface AuthorityRequest {
  readonly nodeId: string;
  /** PKCS#10, DER. */
  readonly certificateRequest: Uint8Array;
  readonly audit: AuditInput;
}

/** A voter asks for an authority, or for the next one: what it has stays until the new one is granted. Refusals: not-active, guest-vote. */
export function requestAuthorityEntry({ nodeId, certificateRequest, audit }: AuthorityRequest): RaftLogEntry {
  const builder = entryBuilder();
  const id = builder.text(nodeId);
  demand(builder, 'not-active', `SELECT state = 'active' FROM devices WHERE id = ${id}`);
  demand(builder, 'guest-vote', `SELECT role <> 'guest' FROM devices WHERE id = ${id}`);
  builder.add(`INSERT INTO authorities (node_id, certificate_request) VALUES (${id}, ${builder.bytes(certificateRequest)})
ON CONFLICT (node_id) DO UPDATE SET certificate_request = excluded.certificate_request`);
  addAudit(builder, audit);
  return builder.entry();
}

/** The request is the one that the certificate answers, byte for byte as it was recorded. */
export interface GrantInput extends AuthorityRequest {
  readonly certificate: Uint8Array;
  readonly notAfterMs: number;
}

/** Refusals: not-admin, no-request (none, or another by now), not-active. */
export function grantAuthorityEntry({ nodeId, certificateRequest, certificate, notAfterMs, audit }: GrantInput): RaftLogEntry {
  const builder = entryBuilder();
  const id = builder.text(nodeId);
  demandAdmin(builder, audit);
  demand(builder, 'not-active', `SELECT state = 'active' FROM devices WHERE id = ${id}`);
  demand(builder, 'no-request', `SELECT certificate_request = ${builder.bytes(certificateRequest)} FROM authorities WHERE node_id = ${id}`);
  const [granted, notAfter] = [builder.bytes(certificate), builder.integer(notAfterMs)];
  builder.add(`UPDATE authorities SET certificate = ${granted}, not_after_ms = ${notAfter}, certificate_request = NULL WHERE node_id = ${id}`);
  addAudit(builder, audit);
  return builder.entry();
}
