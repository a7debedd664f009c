import { atLeast, lives } from '../base/identity.ts';
import type { Degraded, DeviceView, HealthTopic, PathsTopic, PeerView, ProfileView, SessionTopic, TrustTopic, Warning, WarningCode } from '../contract/state.ts';
import type { NodeState } from '../gen/webmesh/helper/v1/helper.ts';
import type { OfferName } from './paths/missing.ts';
import type { HelperLink } from './ports.ts';
import type { Trouble } from './trust/upkeep.ts';
import { nodeProblem } from './tunnel/helper.ts';

export interface HealthInput {
  readonly session: SessionTopic;
  readonly profile: ProfileView | undefined;
  readonly link: HelperLink;
  /** How long the helper has been away. */
  readonly linkDownMs: number;
  readonly node: NodeState | undefined;
  readonly peers: readonly PeerView[];
  readonly setAside: readonly string[];
  readonly trust: TrustTopic;
  /** What should renew itself and does not. */
  readonly troubles: readonly Trouble[];
  /** Null while nobody looked. */
  readonly auditIntact: boolean | null;
  readonly paths: PathsTopic;
  /** Offers of this machine that have not answered for a while. */
  readonly missing: readonly OfferName[];
}

/** Time for the helper's own retries before its absence is worth a word. */
const helperPatienceMs = 1_500;
/** Time after connecting in which peers are still being reached. */
const peerPatienceMs = 30_000;
/** STUN and TURN, mesh DNS, Prometheus. */
const offerPorts: ReadonlySet<number> = new Set([3478, 3479, 5353, 8080]);

/** What a person should know, those that touch connectivity first. Pure: the same facts give the same warnings. */
export function healthTopic(input: HealthInput, nowMs: number): HealthTopic {
  const warnings = [...helperWarnings(input), ...nodeWarnings(input), ...meshWarnings(input), ...certificateWarnings(input, nowMs), ...pathWarnings(input), ...peerWarnings(input, nowMs), ...trustWarnings(input, nowMs), ...otherWarnings(input)];
  return { warnings };
}

function helperWarnings({ link, linkDownMs }: HealthInput): Warning[] {
  if (link.state === 'down') return linkDownMs < helperPatienceMs ? [] : [{ code: 'helper-missing', severity: 'error', detail: { ...link.failure.detail, failure: link.failure.code } }];
  if (link.hello.engine === '') return [{ code: 'engine-missing', severity: 'error', detail: { problem: link.hello.engineProblem } }];
  return [];
}

function nodeWarnings({ node, session }: HealthInput): Warning[] {
  if (session.phase !== 'connected' || !node) return [];
  const { code, detail } = nodeProblem(node) ?? { code: null, detail: {} };
  if (!node.running) return [{ code: 'node-down', severity: 'warning', detail: { ...detail, restarts: node.restarts } }];
  // A port of what this machine merely offers has a warning of its own.
  return code === 'node.port-in-use' && !offerPorts.has(Number(detail['port'])) ? [{ code: 'node-port-in-use', severity: 'warning', detail }] : [];
}

function meshWarnings({ session }: HealthInput): Warning[] {
  const degraded: Degraded | null = session.phase === 'connected' ? session.degraded : null;
  if (degraded === null) return [];
  if (degraded.kind === 'polling') return [{ code: 'not-replicating', severity: 'info', detail: {} }];
  return [{ code: 'control-plane-lost', severity: 'warning', detail: { sinceMs: degraded.sinceMs, storedLease: degraded.storedLease } }];
}

/** A network without UDP still works, through others; what a machine offers and does not do concerns others. */
function pathWarnings({ session, paths, missing, node }: HealthInput): Warning[] {
  if (session.phase !== 'connected') return [];
  const problem = missing.length > 0 && node ? nodeProblem(node) : null;
  return [
    ...(paths.nat?.mapping === 'blocked' ? [{ code: 'udp-blocked', severity: 'warning', detail: {} } as const] : []),
    ...missing.map((service): Warning => ({ code: 'service-down', severity: 'warning', detail: { ...problem?.detail, service } })),
  ];
}

function peerWarnings({ session, peers }: HealthInput, nowMs: number): Warning[] {
  if (session.phase !== 'connected' || nowMs - session.sinceMs < peerPatienceMs) return [];
  const away = peers.filter(({ path }) => path.kind === 'waiting' || path.kind === 'silent');
  const [first] = away;
  return first ? [{ code: 'peer-unreachable', severity: 'info', detail: { count: away.length, peer: first.id } }] : [];
}

/** What will cut this device off if nothing happens. */
function certificateWarnings({ trust: { notAfterMs }, troubles }: HealthInput, nowMs: number): Warning[] {
  const leftMs = notAfterMs === null ? Number.POSITIVE_INFINITY : notAfterMs - nowMs;
  const [first] = troubles.filter(({ chore }) => chore === 'certificate' || chore === 'wireguard-key' || chore === 'authority');
  return [
    ...(leftMs < lives.warnMs ? [{ code: 'certificate-expiring', severity: leftMs <= 0 ? 'error' : 'warning', detail: { days: daysOf(leftMs) } } as const] : []),
    ...(first ? [{ code: 'renewal-failing', severity: 'warning', detail: { what: first.chore, failure: first.code, sinceMs: first.sinceMs, tries: first.tries, ...(notAfterMs === null ? {} : { days: daysOf(leftMs) }) } } as const] : []),
  ];
}

/** What concerns the network as a whole. Only an admin can do something about other devices. */
function trustWarnings({ trust, auditIntact }: HealthInput, nowMs: number): Warning[] {
  if (trust.mode !== 'mtls') return [];
  const admin = trust.role !== null && atLeast(trust.role, 'admin');
  const active = trust.devices.filter(({ state }) => state === 'active');
  const waiting = trust.authorities.filter(({ granted }) => !granted);
  return [
    ...(auditIntact === false ? [{ code: 'audit-broken', severity: 'error', detail: {} } as const] : []),
    ...(admin ? [...pendingWarning(trust.devices), ...expiringWarning(active, nowMs)] : []),
    ...(waiting[0] && trust.root === 'removed' ? [{ code: 'authority-pending', severity: 'warning', detail: { count: waiting.length, node: waiting[0].nodeId } } as const] : []),
    ...(trust.root === 'here' && !trust.rootExported && active.length >= 2 ? [{ code: 'root-not-exported', severity: 'info', detail: {} } as const] : []),
    ...(trust.secretsIn === 'private-file' ? [{ code: 'secrets-in-file', severity: 'info', detail: {} } as const] : []),
  ];
}

function pendingWarning(devices: readonly DeviceView[]): Warning[] {
  const waiting = devices.filter(({ state }) => state === 'pending');
  return waiting[0] ? [{ code: 'device-pending', severity: 'info', detail: { count: waiting.length, device: waiting[0].id, name: waiting[0].name } }] : [];
}

/** Ours has a warning of its own; one that ended longer ago than the grace is no news any more. */
function expiringWarning(active: readonly DeviceView[], nowMs: number): Warning[] {
  const ending = active.filter(({ self, notAfterMs }) => !self && notAfterMs !== null && notAfterMs - nowMs < lives.warnMs && nowMs - notAfterMs < lives.graceMs);
  const first = ending.reduce<DeviceView | undefined>((least, next) => ((least?.notAfterMs ?? Number.POSITIVE_INFINITY) <= (next.notAfterMs ?? 0) ? least : next), undefined);
  return first ? [{ code: 'device-expiring', severity: 'warning', detail: { count: ending.length, device: first.id, name: first.name, days: daysOf((first.notAfterMs ?? nowMs) - nowMs) } }] : [];
}

/** Whole days that are left, negative when it is over. */
function daysOf(leftMs: number): number {
  return Math.floor(leftMs / 86_400_000);
}

function otherWarnings({ profile, setAside }: HealthInput): Warning[] {
  const clearText: Warning[] = profile?.insecure ? [{ code: 'clear-text', severity: 'error', detail: { profile: profile.name } }] : [];
  return [...clearText, ...setAside.map((file) => ({ code: 'file-set-aside' as WarningCode, severity: 'warning' as const, detail: { file } }))];
}
