import type { Degraded, HealthTopic, PeerView, ProfileView, SessionTopic, Warning, WarningCode } from '../contract/state.ts';
import type { NodeState } from '../gen/webmesh/helper/v1/helper.ts';
import type { HelperLink } from './ports.ts';
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
}

/** Time for the helper's own retries before its absence is worth a word. */
const helperPatienceMs = 1_500;
/** Time after connecting in which peers are still being reached. */
const peerPatienceMs = 30_000;

/** What a person should know, those that touch connectivity first. Pure: the same facts give the same warnings. */
export function healthTopic(input: HealthInput, nowMs: number): HealthTopic {
  const warnings = [...helperWarnings(input), ...nodeWarnings(input), ...meshWarnings(input), ...peerWarnings(input, nowMs), ...otherWarnings(input)];
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
  return code === 'node.port-in-use' ? [{ code: 'node-port-in-use', severity: 'warning', detail }] : [];
}

function meshWarnings({ session }: HealthInput): Warning[] {
  const degraded: Degraded | null = session.phase === 'connected' ? session.degraded : null;
  if (degraded === null) return [];
  if (degraded.kind === 'polling') return [{ code: 'not-replicating', severity: 'info', detail: {} }];
  return [{ code: 'control-plane-lost', severity: 'warning', detail: { sinceMs: degraded.sinceMs, storedLease: degraded.storedLease } }];
}

function peerWarnings({ session, peers }: HealthInput, nowMs: number): Warning[] {
  if (session.phase !== 'connected' || nowMs - session.sinceMs < peerPatienceMs) return [];
  const away = peers.filter(({ path }) => path.kind === 'waiting' || path.kind === 'silent');
  const [first] = away;
  return first ? [{ code: 'peer-unreachable', severity: 'info', detail: { count: away.length, peer: first.id } }] : [];
}

function otherWarnings({ profile, setAside }: HealthInput): Warning[] {
  const clearText: Warning[] = profile?.insecure ? [{ code: 'clear-text', severity: 'warning', detail: { profile: profile.name } }] : [];
  return [...clearText, ...setAside.map((file) => ({ code: 'file-set-aside' as WarningCode, severity: 'warning' as const, detail: { file } }))];
}
