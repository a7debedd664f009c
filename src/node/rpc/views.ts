import { ClusterStatus, type MeshNode } from '../../gen/v1/mesh_messages.ts';
import { type RaftView } from '../../raft/types.ts';
import { type NodeRow } from '../state/reads.ts';

/** A node's part in consensus, as far as this node knows. */
export function clusterStatus({ leader, configuration }: Pick<RaftView, 'leader' | 'configuration'>, id: string): ClusterStatus {
  const server = configuration.servers.find((each) => each.id === id);
  if (server === undefined) return ClusterStatus.CLUSTER_STATUS_UNKNOWN;
  if (leader === id) return ClusterStatus.CLUSTER_LEADER;
  return server.voter ? ClusterStatus.CLUSTER_VOTER : ClusterStatus.CLUSTER_NON_VOTER;
}

/** A row as the mesh API gives it: bare endpoints, leases with the mesh network's bits. */
export function meshNode(row: NodeRow, view: RaftView): MeshNode {
  return {
    id: row.id,
    primaryEndpoint: row.primaryEndpoint ?? '',
    endpoints: [...row.endpoints],
    raftPort: row.raftPort,
    grpcPort: row.grpcPort,
    wireguardPort: row.wireguardPort,
    publicKey: row.publicKey ?? '',
    privateIpv4: row.leaseIpv4 ?? '',
    privateIpv6: row.networkIpv6 ?? '',
    updatedAt: row.updatedAt,
    createdAt: row.createdAt,
    clusterStatus: clusterStatus(view, row.id),
  };
}
