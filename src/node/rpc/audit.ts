import { type Clock } from '../../base/clock.ts';
import { auditActions, type AuditInput } from '../statements/audit.ts';
import { actorOf, type Admitted } from './auth.ts';

export type AuditAction = (typeof auditActions)[keyof typeof auditActions];

/** One event as this leader tells it. Its node is the one that took the call: whoever passed it on, or this one. */
export function auditOf(who: Admitted, action: AuditAction, subject: string, detail: AuditInput['detail'], { clock, nodeId }: { readonly clock: Clock; readonly nodeId: string }): AuditInput {
  return { atMs: clock.nowMs(), actor: actorOf(who), node: who.via ?? nodeId, action, subject, detail };
}

/** The same, or null in clear text: a mesh that cannot tell callers apart has no log of who did what. */
export function auditIfKnown(who: Admitted, action: AuditAction, subject: string, detail: AuditInput['detail'], at: { readonly clock: Clock; readonly nodeId: string }): AuditInput | null {
  return who.kind === 'clear-text' ? null : auditOf(who, action, subject, detail, at);
}
