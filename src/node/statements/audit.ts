import { type EntryBuilder } from './entry.ts';
import { type RefusalReason } from './refusals.ts';

/** One event as the leader tells it. Its number and its hash are given when it is applied: state/audit-chain. */
export interface AuditInput {
  readonly atMs: number;
  /** Id of the device that asked, or `anonymous`. */
  readonly actor: string;
  /** Id of the node that took the call. */
  readonly node: string;
  /** `device.enroll`, `invite.create`, … */
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** Actions of the audit log. */
export const auditActions = {
  found: 'mesh.found',
  enroll: 'device.enroll', requestDevice: 'device.request', approve: 'device.approve', renew: 'device.renew', revokeDevice: 'device.revoke', setRole: 'device.role',
  createInvite: 'invite.create', revokeInvite: 'invite.revoke',
  requestAuthority: 'authority.request', grantAuthority: 'authority.grant',
  join: 'node.join', leave: 'node.leave', putAcl: 'acl.put', deleteAcl: 'acl.delete',
} as const;

/** JSON with the names in order, so that equal details are equal texts. */
export function detailText(detail: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Adds the event. Nothing is written for null: a mesh in clear text has no log of who did what, because it cannot know. */
export function addAudit(builder: EntryBuilder, audit: AuditInput | null, onlyIf = ''): void {
  if (audit === null) return;
  const { atMs, actor, node, action, subject, detail } = audit;
  const values = [builder.integer(atMs), ...[actor, node, action, subject, detailText(detail)].map((text) => builder.text(text))];
  builder.add(`INSERT INTO audit (at_ms, actor, node, action, subject, detail) SELECT ${values.join(', ')}${onlyIf === '' ? '' : ` WHERE ${onlyIf}`}`);
}

/** Refuses the whole entry, on every replica, unless `condition` holds when the entry is applied. */
export function demand(builder: EntryBuilder, reason: RefusalReason, condition: string): void {
  builder.add(`INSERT INTO demands (reason, holds) VALUES ('${reason}', (${condition}))`);
}

/** The device that asked is still an admin: its revocation may have been one entry ahead. */
export function demandAdmin(builder: EntryBuilder, { actor }: AuditInput): void {
  demand(builder, 'not-admin', `EXISTS (SELECT 1 FROM devices WHERE id = ${builder.text(actor)} AND role = 'admin' AND state = 'active')`);
}
