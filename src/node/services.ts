import { type Service } from '../base/rpc.ts';
import { type NodeConfig } from './config.ts';
import { localService } from './local.ts';
import { type HostSample, type RemoteCaller } from './ports.ts';
import { type Replica, type ReplicaPorts } from './replica.ts';
import { createNodeServices } from './rpc/services.ts';

export interface ServicePorts {
  readonly remote: RemoteCaller;
  readonly hostSample: () => Promise<HostSample>;
  readonly build: { readonly version: string; readonly commit: string; readonly builtAt: string };
}

export interface ServiceContext {
  readonly config: () => NodeConfig;
  readonly replica: Replica;
  readonly ports: ReplicaPorts & ServicePorts;
  readonly tickMs: number;
  readonly closing: AbortSignal;
}

/** What the node serves: the mesh API to other nodes, and its own view to the app on this machine. */
export function createServices({ config, replica: { driver, state }, ports, tickMs, closing }: ServiceContext): { readonly mesh: readonly Service[]; readonly local: readonly Service[] } {
  const { clock, random, log, remote, hostSample, build } = ports;
  const { nodeId, services: offers } = config();
  const own = createNodeServices({
    nodeId, offers, build, clock, random, remote, hostSample,
    startedAtMs: clock.nowMs(), consensus: driver, reads: state, tunnel: () => config().tunnel, log: log.scope('rpc'),
  });
  const { view, appliedIndex } = driver;
  return { mesh: own.services, local: [localService({ ...own, clock, view, appliedIndex, tickMs, closing })] };
}
