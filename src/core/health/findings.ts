import type { FailureCode } from '../../base/failure.ts';
import type { FixName } from '../../contract/health.ts';
import { nodeProblem } from '../tunnel/helper.ts';
import type { Finding, HealthFacts } from './facts.ts';
import { certificateFindings, trustFindings } from './trust-findings.ts';

/** Mesh DNS, and where Windows asks. */
const namePorts: ReadonlySet<number> = new Set([53, 5353]);
/** STUN and TURN, mesh DNS, Prometheus. */
const offerPorts: ReadonlySet<number> = new Set([53, 3478, 3479, 5353, 8080]);
/** Bytes below which a database cannot be sure of its next write. */
const diskLeftMin = 200_000_000;
/** Where a system keeps what it and its users write. Others are not ours to judge: an image that is mounted is always full. */
const disksOfSystem: ReadonlySet<string> = new Set(['/', '/home', '/var', '/System/Volumes/Data', 'C:', 'C:\\']);

/** Everything that is wrong now. Pure: the same facts give the same findings; time and what explains what are the centre's. */
export function findingsOf(facts: HealthFacts, nowMs: number): readonly Finding[] {
  return [helperFindings, portalFindings, sessionFindings, nodeFindings, meshFindings, pathFindings, peerFindings, certificateFindings, trustFindings, fileFindings].flatMap((find) => find(facts, nowMs));
}

function helperFindings({ link, version }: HealthFacts): Finding[] {
  if (link.state === 'up') {
    const { hello } = link;
    return [
      ...(hello.engine === '' ? [{ code: 'engine-missing', detail: { problem: hello.engineProblem } } as const] : []),
      ...(isOlder(hello.version, version) ? [{ code: 'helper-old', detail: { version: hello.version } } as const] : []),
    ];
  }
  const { code, detail } = link.failure;
  // It runs, but not for us: starting it would not help.
  const refuses = code === 'auth.not-permitted' || code === 'helper.not-trusted';
  return [{ code: 'helper-missing', detail: { ...detail, failure: code }, ...(refuses ? { fix: null } : {}) }];
}

/** Whether one version is older than another. What is not three numbers is not compared. */
function isOlder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})/.exec(text)?.slice(1).map(Number));
  const at = [0, 1, 2].find((i) => a?.[i] !== b?.[i]);
  return a !== undefined && b !== undefined && at !== undefined && (a[at] ?? 0) < (b[at] ?? 0);
}

/** Refusals that no further try mends; another invite does. */
const needsInvite: ReadonlySet<string> = new Set(['auth.revoked', 'auth.expired', 'auth.invite-invalid', 'auth.invite-expired', 'auth.invite-used', 'auth.wrong-mesh']);

/** Told only where it explains something: a page that asks for a name is no problem of a network that works. */
function portalFindings({ session, portal }: HealthFacts): Finding[] {
  if (portal === null || session.want !== 'connected' || (session.phase === 'connected' && session.degraded === null)) return [];
  return [{ code: 'sign-in-needed', detail: { link: portal, host: URL.canParse(portal) ? new URL(portal).hostname : '' } }];
}

function sessionFindings({ session, online }: HealthFacts): Finding[] {
  const offline: Finding[] = !online && session.want === 'connected' ? [{ code: 'offline', detail: {} }] : [];
  if (session.phase === 'blocked') {
    const { code, detail } = session.failure;
    return [...offline, { code: 'cannot-connect', detail: { ...detail, failure: code }, ...fixOf(code) }];
  }
  // Who waits for an admin lost nothing; the session says it.
  if (session.phase !== 'reconnecting' || session.cause.code === 'auth.pending') return offline;
  return [...offline, { code: 'connection-lost', detail: { ...session.cause.detail, failure: session.cause.code } }];
}

/** What mends a refusal better than another try. */
function fixOf(code: FailureCode): { readonly fix?: FixName } {
  if (needsInvite.has(code)) return { fix: 'new-invite' };
  return code === 'tunnel.port-in-use' ? { fix: 'other-port' } : {};
}

function nodeFindings({ node, session }: HealthFacts): Finding[] {
  if (session.phase !== 'connected' || !node) return [];
  const { code, detail } = nodeProblem(node) ?? { code: null, detail: {} };
  if (!node.running) return [{ code: 'node-down', detail: { ...detail, restarts: node.restarts } }];
  // A port of what this machine merely offers has a warning of its own.
  return code === 'node.port-in-use' && !offerPorts.has(Number(detail['port'])) ? [{ code: 'node-port-in-use', detail }] : [];
}

function meshFindings({ session }: HealthFacts): Finding[] {
  if (session.phase !== 'connected' || session.degraded === null) return [];
  if (session.degraded.kind === 'polling') return [{ code: 'not-replicating', detail: {} }];
  const { sinceMs, storedLease } = session.degraded;
  return [{ code: 'control-plane-lost', sinceMs, detail: { sinceMs, storedLease } }];
}

/** A network without UDP still works, through others; what a machine offers and does not do concerns others. */
function pathFindings({ session, paths, missing, node, profile }: HealthFacts): Finding[] {
  if (session.phase !== 'connected') return [];
  const problem = missing.length > 0 && node ? nodeProblem(node) : null;
  return [
    ...(paths.nat?.mapping === 'blocked' ? [{ code: 'udp-blocked', detail: {} } as const] : []),
    ...nameFindings(session.tunnel.names.problem, node, profile),
    ...missing.map((service): Finding => ({ code: 'service-down', key: service, detail: { ...problem?.detail, service } })),
  ];
}

/** Either the resolver was not told where names are, or nobody answers there: then its port is taken. */
function nameFindings(problem: string, node: HealthFacts['node'], profile: HealthFacts['profile']): Finding[] {
  if (!profile?.names) return [];
  const own = node ? nodeProblem(node) : null;
  const taken = own?.code === 'node.port-in-use' && namePorts.has(Number(own.detail['port'])) ? `another program has port ${String(own.detail['port'])}; next: end that program` : '';
  const why = problem || taken;
  return why === '' ? [] : [{ code: 'dns-not-set', detail: { problem: why, suffix: profile.suffix } }];
}

/** One can be looked for again from here; of several a person wants to see which. */
function peerFindings({ session, peers }: HealthFacts): Finding[] {
  if (session.phase !== 'connected') return [];
  const away = peers.filter(({ path }) => path.kind === 'waiting' || path.kind === 'silent');
  const [first] = away;
  return first ? [{ code: 'peer-unreachable', ...(away.length === 1 ? { fix: 'look-again' as const } : {}), detail: { count: away.length, peer: first.id } }] : [];
}

function fileFindings({ profile, setAside, disks }: HealthFacts): Finding[] {
  const full = disks.find(({ path, total, used }) => disksOfSystem.has(path) && total > 10 * diskLeftMin && total - used < diskLeftMin);
  return [
    ...(profile?.insecure ? [{ code: 'clear-text', detail: { profile: profile.name } } as const] : []),
    ...(full ? [{ code: 'disk-full', detail: { path: full.path } } as const] : []),
    ...setAside.map((file): Finding => ({ code: 'file-set-aside', key: file, detail: { file } })),
  ];
}
