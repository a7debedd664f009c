import { type Clock } from '../../base/clock.ts';
import { goDurationFromMs } from '../../base/go-duration.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { type Feature } from '../../gen/v1/mesh_messages.ts';
import { GetStatusRequest, Status } from '../../gen/v1/node_messages.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { type Consensus, type RemoteCaller } from '../ports.ts';
import { instantFromMs } from '../state/go-time.ts';
import { type MeshReads, privateAddress, publicAddress } from '../state/reads.ts';
import { readAnswer } from './forward.ts';
import { clusterStatus } from './views.ts';

export interface StatusPorts {
  readonly nodeId: string;
  readonly build: { readonly version: string; readonly commit: string; readonly builtAt: string };
  /** What this node does for others at this moment. */
  readonly features: () => readonly Feature[];
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly consensus: Pick<Consensus, 'view'>;
  readonly reads: Pick<MeshReads, 'node'>;
  readonly remote: RemoteCaller;
  /** Peers that this node's tunnel has now. */
  readonly wireguardPeers: () => number;
}

const remoteDeadlineMs = 10_000;

export function localStatus({ nodeId, build, features, startedAtMs, clock, consensus, wireguardPeers }: StatusPorts): Status {
  const view = consensus.view.get();
  return {
    id: nodeId,
    version: build.version,
    commit: build.commit,
    buildDate: build.builtAt,
    uptime: goDurationFromMs(Math.max(0, clock.nowMs() - startedAtMs)),
    startedAt: instantFromMs(startedAtMs),
    features: [...features()],
    wireguardPeers: wireguardPeers(),
    clusterStatus: clusterStatus(view, nodeId),
    currentLeader: view.leader ?? '',
  };
}

/** The own status for an empty or the own id; any other node is asked at its address in the mesh. failedPrecondition when it has none. */
export async function getStatus({ id }: GetStatusRequest, call: Call, ports: StatusPorts): Promise<Status> {
  if (id === '' || id === ports.nodeId) return localStatus(ports);
  const row = ports.reads.node(id);
  const address = row && (privateAddress(row, row.grpcPort) ?? publicAddress(row, row.grpcPort));
  if (address === undefined) throw new RpcError(status.failedPrecondition, 'node is unknown or has no address');
  const deadlineMs = Math.min(call.deadlineMs ?? remoteDeadlineMs, remoteDeadlineMs);
  const request = GetStatusRequest.encode({ id: '' }).finish();
  return readAnswer(await ports.remote.unary(address, NodeService.getStatus.path, request, { metadata: {}, deadlineMs, signal: call.signal, expectId: id }), Status.decode);
}
