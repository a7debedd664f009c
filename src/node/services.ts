import { type Identity } from '../base/identity.ts';
import { type Pki } from '../base/pki.ts';
import { type Service } from '../base/rpc.ts';
import { type NodeConfig } from './config.ts';
import { localService } from './local.ts';
import { type NodeParts } from './node-parts.ts';
import { type HostSample, type RemoteCaller } from './ports.ts';
import { type Replica, type ReplicaPorts } from './replica.ts';
import { listAudit } from './rpc/trust-reads.ts';
import { createNodeServices, type NodeServices } from './rpc/services.ts';

export interface ServicePorts {
  readonly remote: RemoteCaller;
  readonly pki: Pki;
  readonly hostSample: () => Promise<HostSample>;
  readonly build: { readonly version: string; readonly commit: string; readonly builtAt: string };
}

export interface ServiceContext {
  readonly config: () => NodeConfig;
  readonly identity: () => Identity | null;
  readonly replica: Replica;
  readonly ports: ReplicaPorts & ServicePorts;
  readonly parts: NodeParts;
  readonly tickMs: number;
  readonly closing: AbortSignal;
}

/** What the node serves: the mesh API to other nodes, and its own view to the app on this machine. */
export function createServices({ config, identity, replica: { driver, state }, ports, parts, tickMs, closing }: ServiceContext): { readonly mesh: NodeServices; readonly local: readonly Service[] } {
  const { clock, random, log, remote, pki, hostSample, build } = ports;
  const { nodeId, services: offers } = config();
  const secure = identity() !== null;
  const mesh = createNodeServices({
    nodeId, offers, build, clock, random, remote, pki, hostSample, secure, identity,
    startedAtMs: clock.nowMs(), consensus: driver, reads: state, tunnel: () => config().tunnel, log: log.scope('rpc'),
    features: parts.features, beside: parts.services, negotiateDataChannel: parts.channels.negotiate,
  });
  const { view, appliedIndex } = driver;
  const local = localService({
    ...mesh, clock, view, appliedIndex, tickMs, closing, secure, consensus: driver, reads: state,
    paths: parts.local, trust: () => state.trust.view(), audit: (query) => listAudit(query, state.trust),
  });
  return { mesh, local: [local] };
}
