import { RpcError, status } from '../../base/rpc.ts';
import { type GetNodeRequest, type MeshNode, type NodeList } from '../../gen/v1/mesh_messages.ts';
import { type ListRaftPeersResponse } from '../../gen/v1/peer_discovery.ts';
import { type Consensus } from '../ports.ts';
import { type MeshReads, publicAddress } from '../state/reads.ts';
import { meshNode } from './views.ts';

export interface MeshPorts {
  readonly consensus: Pick<Consensus, 'view'>;
  readonly reads: Pick<MeshReads, 'node' | 'nodes'>;
}

/** From the local replica. notFound when no such node is a member. */
export function getNode({ id }: GetNodeRequest, { consensus, reads }: MeshPorts): MeshNode {
  const row = reads.node(id);
  if (!row) throw new RpcError(status.notFound, 'node not found');
  return meshNode(row, consensus.view.get());
}

/** From the local replica, ordered by id. */
export function listNodes({ consensus, reads }: MeshPorts): NodeList {
  const view = consensus.view.get();
  return { nodes: reads.nodes().map((row) => meshNode(row, view)) };
}

/** The members that can be reached from outside, ordered by id, with the address of their gRPC. unavailable while no leader is known. */
export function listPeers({ consensus, reads }: MeshPorts): ListRaftPeersResponse {
  const { leader, configuration } = consensus.view.get();
  if (leader === null) throw new RpcError(status.unavailable, 'no leader');
  const peers = reads.nodes().flatMap((row) => {
    const address = publicAddress(row, row.grpcPort);
    const voter = configuration.servers.some((server) => server.id === row.id && server.voter);
    return address === undefined ? [] : [{ id: row.id, address, voter, leader: row.id === leader }];
  });
  return { peers };
}
