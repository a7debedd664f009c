import { type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type Random } from '../../base/random.ts';
import { type Service, service } from '../../base/rpc.ts';
import { AdminService } from '../../gen/v1/admin.ts';
import { MeshService } from '../../gen/v1/mesh.ts';
import { Feature, type MeshNode } from '../../gen/v1/mesh_messages.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { type Status } from '../../gen/v1/node_messages.ts';
import { type NodeMetrics } from '../../gen/v1/node_metrics.ts';
import { PeerDiscoveryService } from '../../gen/v1/peer_discovery.ts';
import { type TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { MetricsServiceService } from '../../gen/webmesh/metrics/v1/metrics.ts';
import { type ServicesConfig } from '../config.ts';
import { nodeMetrics } from '../metrics/node-metrics.ts';
import { type Consensus, type HostSample, type RemoteCaller } from '../ports.ts';
import { type MeshReads } from '../state/reads.ts';
import { ipv4PrefixKey, networkNameKey, ulaPrefixKey } from '../statements/keys.ts';
import { deleteRaftAcl, getRaftAcl, listRaftAcls, putRaftAcl } from './admin.ts';
import { withForwarding } from './forward.ts';
import { join, leave } from './membership.ts';
import { getNode, listNodes, listPeers } from './mesh.ts';
import { getStatus, localStatus } from './status.ts';
import { createSerialiser } from './submit.ts';
import { meshNode } from './views.ts';

export interface NodeServicesPorts {
  readonly nodeId: string;
  readonly offers: ServicesConfig;
  readonly build: { readonly version: string; readonly commit: string; readonly builtAt: string };
  /** Wall time in milliseconds when this node began to serve. */
  readonly startedAtMs: number;
  readonly consensus: Consensus;
  readonly reads: MeshReads;
  readonly remote: RemoteCaller;
  /** The tunnel as the helper last told it, or null. */
  readonly tunnel: () => TunnelState | null;
  readonly hostSample: () => Promise<HostSample>;
  /** See the leader proxy. */
  readonly leaderPatienceMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What a node registers, and what it tells its own machine without a call. */
export interface NodeServices {
  readonly services: readonly Service[];
  readonly features: readonly Feature[];
  status(): Status;
  nodes(): readonly MeshNode[];
  mesh(): { readonly networkName: string; readonly ipv4Network: string; readonly ulaPrefix: string };
  metrics(): Promise<NodeMetrics>;
}

/** The order is part of the API: the node itself, then each service in the order of the enum. */
export function featuresOf({ leaderProxy, meshApi, peerDiscovery, metrics }: ServicesConfig): readonly Feature[] {
  const wanted: readonly (readonly [boolean, Feature])[] = [
    [true, Feature.NODES], [leaderProxy, Feature.LEADER_PROXY], [meshApi, Feature.MESH_API], [peerDiscovery, Feature.PEER_DISCOVERY], [metrics, Feature.METRICS],
  ];
  return wanted.filter(([offered]) => offered).map(([, feature]) => feature);
}

/** All v1 services of one node, and our own for metrics, behind the leader proxy when it is on. A service that is off is not registered. */
export function createNodeServices(ports: NodeServicesPorts): NodeServices {
  const { offers, consensus, reads, clock } = ports;
  const features = featuresOf(offers);
  const serialiser = createSerialiser(clock);
  const statusPorts = { ...ports, features, wireguardPeers: () => ports.tunnel()?.peers.length ?? 0 };
  const membershipPorts = { ...ports, serialiser };
  const adminPorts = { consensus, reads, serialiser, clock };
  const metrics = async (): Promise<NodeMetrics> => nodeMetrics(ports.tunnel(), await ports.hostSample());
  const offered: readonly (readonly [boolean, Service])[] = [
    [true, service(NodeService, {
      join: (request, call) => join(request, call, membershipPorts),
      leave: (request, call) => leave(request, call, membershipPorts),
      getStatus: (request, call) => getStatus(request, call, statusPorts),
    })],
    [offers.meshApi, service(MeshService, { getNode: async (request) => getNode(request, ports), listNodes: async () => listNodes(ports) })],
    [offers.peerDiscovery, service(PeerDiscoveryService, { listPeers: async () => listPeers(ports) })],
    [offers.admin, service(AdminService, {
      putRaftAcl: (request, call) => putRaftAcl(request, call, adminPorts),
      deleteRaftAcl: (request, call) => deleteRaftAcl(request, call, adminPorts),
      getRaftAcl: (request, call) => getRaftAcl(request, call, adminPorts),
      listRaftAcLs: (_request, call) => listRaftAcls(call, adminPorts),
    })],
    [offers.metrics, service(MetricsServiceService, { getMetrics: async () => ({ metrics: await metrics() }) })],
  ];
  return {
    services: offered.filter(([on]) => on).map(([, each]) => (offers.leaderProxy ? withForwarding(each, ports) : each)),
    features,
    status: () => localStatus(statusPorts),
    nodes: () => {
      const view = consensus.view.get();
      return reads.nodes().map((row) => meshNode(row, view));
    },
    mesh: () => ({ networkName: reads.get(networkNameKey) ?? '', ipv4Network: reads.get(ipv4PrefixKey) ?? '', ulaPrefix: reads.get(ulaPrefixKey) ?? '' }),
    metrics,
  };
}
