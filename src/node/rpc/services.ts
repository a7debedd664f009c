import { type ReadCell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type Identity } from '../../base/identity.ts';
import { type Pki } from '../../base/pki.ts';
import { type Random } from '../../base/random.ts';
import { type Caller, type Call, RpcError, type Service, status } from '../../base/rpc.ts';
import { AdminService } from '../../gen/v1/admin.ts';
import { MeshService } from '../../gen/v1/mesh.ts';
import { type Feature, type MeshNode } from '../../gen/v1/mesh_messages.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { type Status } from '../../gen/v1/node_messages.ts';
import { type NodeMetrics } from '../../gen/v1/node_metrics.ts';
import { PeerDiscoveryService } from '../../gen/v1/peer_discovery.ts';
import { type TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { MetricsServiceService } from '../../gen/webmesh/metrics/v1/metrics.ts';
import { EnrollmentServiceService } from '../../gen/webmesh/trust/v1/trust.ts';
import { type ServicesConfig } from '../config.ts';
import { nodeMetrics } from '../metrics/node-metrics.ts';
import { type Consensus, type HostSample, type RemoteCaller } from '../ports.ts';
import { type MeshReads } from '../state/reads.ts';
import { ipv4PrefixKey, networkNameKey, ulaPrefixKey } from '../statements/keys.ts';
import { deleteRaftAcl, getRaftAcl, listRaftAcls, putRaftAcl } from './admin.ts';
import { createEnrollLimits, limited } from './enroll-limits.ts';
import { enroll } from './enroll.ts';
import { refuseHopeless, withForwarding } from './forward.ts';
import { admit, factsOf, guarded, type GuardedHandlers } from './guard.ts';
import { join, leave } from './membership.ts';
import { getNode, listNodes, listPeers } from './mesh.ts';
import { originOf } from './origin.ts';
import { ruleOf } from './policy.ts';
import { renewOwn } from './renew-own.ts';
import { getStatus, localStatus } from './status.ts';
import { createSerialiser } from './submit.ts';
import { trustService } from './trust-service.ts';
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
  /** What this node does for others at this moment. */
  readonly features: ReadCell<readonly Feature[]>;
  /** Services of the node's parts, guarded already. */
  readonly beside: readonly Service[];
  readonly negotiateDataChannel: NegotiateDataChannel;
  /** True: only who belongs is let in. False: a mesh in clear text, where nobody can be told apart. */
  readonly secure: boolean;
  /** What this node proves itself with now; null in clear text. */
  readonly identity: () => Identity | null;
  readonly pki: Pki;
  /** See the leader proxy, and the guard. */
  readonly leaderPatienceMs?: number;
  readonly callerPatienceMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type NegotiateDataChannel = NonNullable<GuardedHandlers<typeof NodeService>['negotiateDataChannel']>;

/** What a node registers, and what it tells its own machine without a call. */
export interface NodeServices {
  readonly services: readonly Service[];
  /**
   * Before anything of a call is read. Throws the refusal: the whole policy's for methods that the server adds by itself (health, reflection);
   * of ours only what no answer could change, because they ask the policy by themselves.
   */
  authorize(path: string, caller: Caller, metadata: Call['metadata'], signal: AbortSignal): Promise<void>;
  /** False for a caller that was cut off: its connections end. */
  keeps(caller: Caller): boolean;
  /** A fresh chain for this node's own id, recorded by the mesh. */
  renewOwn(request: Uint8Array, call: Call): Promise<readonly Uint8Array[]>;
  status(): Status;
  nodes(): readonly MeshNode[];
  mesh(): { readonly networkName: string; readonly ipv4Network: string; readonly ulaPrefix: string };
  metrics(): Promise<NodeMetrics>;
}

/**
 * All services of one node, each method behind the policy, and behind the leader proxy when it is on. A service that is off is not
 * registered; those of trust exist in secured meshes only. Throws when a method has no row in the policy.
 */
export function createNodeServices(ports: NodeServicesPorts): NodeServices {
  const { offers, consensus, reads, clock, secure } = ports;
  const served = { ...ports, serialiser: createSerialiser(clock) };
  const statusPorts = { ...ports, features: () => ports.features.get(), wireguardPeers: () => ports.tunnel()?.peers.length ?? 0 };
  const metrics = async (): Promise<NodeMetrics> => nodeMetrics(ports.tunnel(), await ports.hostSample());
  const offered: readonly (readonly [boolean, Service])[] = [
    [true, guarded(NodeService, {
      join: (request, call, who) => join(request, call, who, served),
      leave: (request, call, who) => leave(request, call, who, served),
      getStatus: (request, call) => getStatus(request, call, statusPorts),
      negotiateDataChannel: ports.negotiateDataChannel,
    }, ports)],
    [offers.meshApi, guarded(MeshService, { getNode: async (request) => getNode(request, ports), listNodes: async () => listNodes(ports) }, ports)],
    [offers.peerDiscovery, guarded(PeerDiscoveryService, { listPeers: async () => listPeers(ports) }, ports)],
    [offers.admin, guarded(AdminService, {
      putRaftAcl: (request, call, who) => putRaftAcl(request, call, who, served),
      deleteRaftAcl: (request, call, who) => deleteRaftAcl(request, call, who, served),
      getRaftAcl: (request, call) => getRaftAcl(request, call, served),
      listRaftAcLs: (_request, call) => listRaftAcls(call, served),
    }, ports)],
    [offers.metrics, guarded(MetricsServiceService, { getMetrics: async () => ({ metrics: await metrics() }) }, ports)],
    ...ports.beside.map((each) => [true, each] as const),
    [secure, trustService(served)],
    [secure, guarded(EnrollmentServiceService, { enroll: (request, call, who) => enroll(request, call, who, served) }, ports)],
  ];
  const limits = createEnrollLimits(clock);
  const own = offered.filter(([on]) => on).map(([, each]) => each);
  const proxied = own.map((each) => (offers.leaderProxy ? withForwarding(each, ports) : each));
  const guardedPaths = new Set(own.flatMap(({ definition, handlers }) => Object.keys(handlers).map((name) => definition[name]?.path)));
  return {
    services: proxied.map((each) => (each.definition === EnrollmentServiceService ? limited(each, limits, (call) => addressOf(call, ports)) : each)),
    authorize: async (path, caller, metadata, signal) => {
      const rule = ruleOf(path);
      if (!rule) throw new RpcError(status.unimplemented, `${path} is not offered by this node`);
      if (guardedPaths.has(path)) return refuseHopeless(rule, { caller, metadata, peer: '' }, ports);
      await admit(rule, { caller, metadata, peer: '', signal }, ports);
    },
    keeps: (caller) => caller.kind !== 'certified' || reads.trust.device(caller.id)?.state !== 'revoked',
    renewOwn: (request, call) => renewOwn(request, call, served),
    status: () => localStatus(statusPorts),
    nodes: () => {
      const view = consensus.view.get();
      return reads.nodes().map((row) => meshNode(row, view));
    },
    mesh: () => ({ networkName: reads.get(networkNameKey) ?? '', ipv4Network: reads.get(ipv4PrefixKey) ?? '', ulaPrefix: reads.get(ulaPrefixKey) ?? '' }),
    metrics,
  };
}

/** Where a stranger called this node from; null for one that was counted at the node that passed the call on. */
function addressOf(call: Call, ports: NodeServicesPorts): string | null {
  const { address, via } = originOf(call, factsOf(ports), ports.clock.nowMs());
  return via === null ? address : null;
}
