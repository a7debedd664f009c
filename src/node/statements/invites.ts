import { type Role } from '../../base/identity.ts';
import { type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { addAudit, type AuditInput, demand, demandAdmin } from './audit.ts';
import { entryBuilder } from './entry.ts';

export interface InviteInput {
  readonly id: string;
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
  readonly role: Role;
  readonly nowMs: number;
  readonly expiresAtMs: number;
  readonly usesMax: number;
  readonly needsApproval: boolean;
  readonly note: string;
  /** Its actor is the invite's maker. */
  readonly audit: AuditInput;
}

/** Refusals: not-admin, id-taken. */
export function createInviteEntry({ id, tokenHash, role, nowMs, expiresAtMs, usesMax, needsApproval, note, audit }: InviteInput): RaftLogEntry {
  const builder = entryBuilder();
  demandAdmin(builder, audit);
  const values = [
    builder.text(id), builder.bytes(tokenHash), builder.text(role), builder.text(audit.actor), builder.integer(nowMs), builder.integer(expiresAtMs),
    builder.integer(usesMax), builder.flag(needsApproval), builder.text(note),
  ];
  builder.add(`INSERT INTO invites (id, token_hash, role, created_by, created_at_ms, expires_at_ms, uses_max, needs_approval, note)
VALUES (${values.join(', ')})`);
  addAudit(builder, audit);
  return builder.entry();
}

/** Refusals: not-admin, unknown, revoked (already). What was redeemed before stays. */
export function revokeInviteEntry({ id, nowMs, audit }: { readonly id: string; readonly nowMs: number; readonly audit: AuditInput }): RaftLogEntry {
  const builder = entryBuilder();
  const invite = builder.text(id);
  demandAdmin(builder, audit);
  demand(builder, 'unknown', `EXISTS (SELECT 1 FROM invites WHERE id = ${invite})`);
  demand(builder, 'revoked', `SELECT revoked_at_ms = 0 FROM invites WHERE id = ${invite}`);
  builder.add(`UPDATE invites SET revoked_at_ms = ${builder.integer(nowMs)} WHERE id = ${invite}`);
  addAudit(builder, audit);
  return builder.entry();
}
