import type { ClusterRole, NodeTopic } from '../contract/state.ts';
import { Feature } from '../gen/v1/mesh_messages.ts';
import type { NodeState } from '../gen/webmesh/helper/v1/helper.ts';
import type { HelperLink } from './ports.ts';
import type { WatchReplicaResponse } from '../gen/webmesh/local/v1/local.ts';
import { toMs } from './mesh/roster.ts';

const roles: Readonly<Record<number, ClusterRole>> = { 1: 'leader', 2: 'voter', 3: 'observer' };
const featureNames = new Map<number, string>(Object.entries(Feature).map(([name, value]) => [value as number, name]));

/** The node process on this machine, as it tells of itself, and the helper that runs it. */
export function nodeTopic(node: NodeState | undefined, view: WatchReplicaResponse | null, link: HelperLink): NodeTopic {
  const { status, raft } = view ?? {};
  return {
    running: node?.running ?? false,
    problem: node?.problem || null,
    id: status?.id || null,
    version: status?.version || null,
    helperVersion: link.state === 'up' ? link.hello.version || null : null,
    features: (status?.features ?? []).flatMap((feature) => featureNames.get(feature) ?? []),
    role: roles[status?.clusterStatus ?? 0] ?? 'unknown',
    leader: status?.currentLeader || raft?.leaderId || null,
    startedAtMs: toMs(status?.startedAt),
    networkName: view?.networkName || null,
    networks: [view?.ipv4Network, view?.ulaPrefix].filter((text): text is string => text !== undefined && text !== ''),
    raft: raft
      ? {
          role: raft.role, term: Number(raft.term), lastIndex: Number(raft.lastIndex), commitIndex: Number(raft.commitIndex), appliedIndex: Number(raft.appliedIndex),
          leaderContactAgeMs: raft.leaderContactAgeMs < 0n ? null : Number(raft.leaderContactAgeMs),
          servers: raft.servers.map(({ id, address, voter }) => ({ id, address, voter })),
        }
      : null,
  };
}
