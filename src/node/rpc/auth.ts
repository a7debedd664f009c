import { atLeast, lives, type Role } from '../../base/identity.ts';
import { refusals } from '../../base/refusals.ts';
import { type Caller, RpcError, status } from '../../base/rpc.ts';
import { type Rule } from './policy.ts';

/** Who a call is from, once it was let in. */
export type Principal =
  /** The app of this machine. */
  | { readonly kind: 'local' }
  /** Anybody, in a mesh that cannot tell callers apart. */
  | { readonly kind: 'clear-text' }
  /** Somebody whose name means nothing for this method. `address` is where the call entered the mesh from. */
  | { readonly kind: 'anonymous'; readonly address: string }
  | { readonly kind: 'device'; readonly id: string; readonly role: Role; readonly votes: boolean };

/** A caller that was let in, and the node that passed its call on, or null when it came itself. */
export type Admitted = Principal & { readonly via: string | null };

/** What the replica knows about callers. */
export interface TrustFacts {
  /** False: a mesh in clear text. */
  readonly secure: boolean;
  device(id: string): { readonly role: Role; readonly state: 'pending' | 'active' | 'revoked' } | undefined;
  certificate(fingerprint: string): { readonly deviceId: string; readonly notAfterMs: number } | undefined;
  /** Whether this device votes in the present configuration. */
  votes(id: string): boolean;
}

/** unknown: nobody the replica knows. It may be behind: ask again when it moved. */
export type Decision =
  | { readonly kind: 'admitted'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly error: RpcError }
  | { readonly kind: 'unknown' };

/** Whether a caller may call a method with this rule. Pure: of what the transport proved, and of what the replica knows. */
export function decide(rule: Rule, caller: Caller, address: string, facts: TrustFacts, nowMs: number): Decision {
  if (caller.kind === 'local' || rule.who === 'local') return caller.kind === 'local' && rule.who === 'local' ? admitted({ kind: 'local' }) : refused(status.permissionDenied, refusals.onlyLocal);
  if (!facts.secure) return caller.kind === 'clear-text' && rule.clearText ? admitted({ kind: 'clear-text' }) : refused(status.unauthenticated, 'this mesh has no certificates');
  if (rule.who === 'anybody') return caller.kind === 'clear-text' ? refused(status.unauthenticated, 'TLS required') : admitted({ kind: 'anonymous', address });
  if (caller.kind !== 'certified') return refused(status.unauthenticated, refusals.certificateRequired);
  return decideDevice(rule, caller, facts, nowMs);
}

function decideDevice(rule: Rule, { id, fingerprint, expired }: Extract<Caller, { kind: 'certified' }>, facts: TrustFacts, nowMs: number): Decision {
  const [device, certificate] = [facts.device(id), facts.certificate(fingerprint)];
  if (device?.state === refusals.revoked) return refused(status.permissionDenied, refusals.revoked);
  // A connection may outlive the certificate that it was made with.
  const over = expired || (certificate !== undefined && nowMs > certificate.notAfterMs);
  if (over && rule.who !== 'renewing') return refused(status.unauthenticated, refusals.certificateExpired);
  if (rule.who === 'certified') return admitted({ kind: 'device', id, role: device?.role ?? 'guest', votes: facts.votes(id) });
  if (device?.state !== 'active' || certificate?.deviceId !== id) return { kind: 'unknown' };
  if (nowMs > certificate.notAfterMs + lives.graceMs) return refused(status.unauthenticated, refusals.certificateExpired);
  const principal = { kind: 'device', id, role: device.role, votes: facts.votes(id) } as const;
  const refusal = roleRefusal(rule, principal);
  return refusal ? refused(status.permissionDenied, refusal) : admitted(principal);
}

function roleRefusal({ who }: Rule, { role, votes }: Extract<Principal, { kind: 'device' }>): string | undefined {
  switch (who) {
    case 'guest':
    case 'renewing': return undefined;
    case 'member': return atLeast(role, 'member') ? undefined : refusals.onlyMembers;
    case 'admin': return atLeast(role, 'admin') ? undefined : refusals.onlyAdmins;
    case 'voter': return votes && atLeast(role, 'member') ? undefined : refusals.onlyVoters;
    default: return 'not for this caller';
  }
}

/** Refuses a request that names another device than its rule allows. */
export function checkNames({ names }: Rule, principal: Principal, id: unknown): void {
  if (names === undefined || principal.kind === 'clear-text') return;
  const own = principal.kind === 'device' && principal.id === id;
  if (own || (names === 'self-or-admin' && principal.kind === 'device' && principal.role === 'admin')) return;
  throw new RpcError(status.permissionDenied, names === 'self' ? refusals.onlySelf : refusals.onlyAdmins);
}

/** Who did it, for the audit log: empty in clear text, where nobody can be told apart. */
export function actorOf(principal: Principal): string {
  return principal.kind === 'device' ? principal.id : principal.kind === 'clear-text' ? '' : principal.kind;
}

function admitted(principal: Principal): Decision {
  return { kind: 'admitted', principal };
}

function refused(code: (typeof status)[keyof typeof status], message: string): Decision {
  return { kind: 'refused', error: new RpcError(code, message) };
}
