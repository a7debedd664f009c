import { atLeast, lives } from '../../base/identity.ts';
import type { DeviceView } from '../../contract/state.ts';
import type { Finding, HealthFacts } from './facts.ts';

/** What will cut this device off if nothing happens. */
export function certificateFindings({ session, trust: { notAfterMs }, troubles }: HealthFacts, nowMs: number): Finding[] {
  const leftMs = notAfterMs === null ? Number.POSITIVE_INFINITY : notAfterMs - nowMs;
  const [first] = troubles.filter(({ chore }) => chore === 'certificate' || chore === 'wireguard-key' || chore === 'authority');
  // Renewing goes through the network.
  const fix = session.phase === 'connected' ? {} : { fix: null };
  return [
    ...(leftMs < lives.warnMs ? [{ code: 'certificate-expiring', severity: leftMs <= 0 ? 'error' : 'warning', ...fix, detail: { days: daysOf(leftMs) } } as const] : []),
    ...(first ? [{
      code: 'renewal-failing', sinceMs: first.sinceMs, ...fix,
      detail: { what: first.chore, failure: first.code, sinceMs: first.sinceMs, tries: first.tries, ...(notAfterMs === null ? {} : { days: daysOf(leftMs) }) },
    } as const] : []),
  ];
}

/** What concerns the network as a whole. Only an admin can do something about other devices. */
export function trustFindings({ trust, auditIntact }: HealthFacts, nowMs: number): Finding[] {
  if (trust.mode !== 'mtls') return [];
  const admin = trust.role !== null && atLeast(trust.role, 'admin');
  const active = trust.devices.filter(({ state }) => state === 'active');
  const waiting = trust.authorities.filter(({ granted }) => !granted);
  return [
    ...(auditIntact === false ? [{ code: 'audit-broken', detail: {} } as const] : []),
    ...(admin ? [...pendingFinding(trust.devices), ...expiringFinding(active, nowMs)] : []),
    ...(waiting[0] && trust.root === 'removed' ? [{ code: 'authority-pending', detail: { count: waiting.length, node: waiting[0].nodeId } } as const] : []),
    ...(trust.root === 'here' && !trust.rootExported && active.length >= 2 ? [{ code: 'root-not-exported', detail: {} } as const] : []),
    ...(trust.secretsIn === 'private-file' ? [{ code: 'secrets-in-file', detail: {} } as const] : []),
  ];
}

/** Keyed by who waits: a hint that was put away comes back when somebody else asks. */
function pendingFinding(devices: readonly DeviceView[]): Finding[] {
  const waiting = devices.filter(({ state }) => state === 'pending');
  const newest = waiting.reduce<DeviceView | undefined>((last, next) => ((last?.createdAtMs ?? Number.NEGATIVE_INFINITY) >= next.createdAtMs ? last : next), undefined);
  return waiting[0] && newest ? [{ code: 'device-pending', key: newest.id, detail: { count: waiting.length, device: waiting[0].id, name: waiting[0].name } }] : [];
}

/** Ours has a warning of its own; one that ended longer ago than the grace is no news any more. */
function expiringFinding(active: readonly DeviceView[], nowMs: number): Finding[] {
  const ending = active.filter(({ self, notAfterMs }) => !self && notAfterMs !== null && notAfterMs - nowMs < lives.warnMs && nowMs - notAfterMs < lives.graceMs);
  const first = ending.reduce<DeviceView | undefined>((least, next) => ((least?.notAfterMs ?? Number.POSITIVE_INFINITY) <= (next.notAfterMs ?? 0) ? least : next), undefined);
  return first ? [{ code: 'device-expiring', detail: { count: ending.length, device: first.id, name: first.name, days: daysOf((first.notAfterMs ?? nowMs) - nowMs) } }] : [];
}

/** Whole days that are left, negative when it is over. */
function daysOf(leftMs: number): number {
  return Math.floor(leftMs / 86_400_000);
}
