import { cell } from '../../src/base/cell.ts';
import { type Clock } from '../../src/base/clock.ts';
import { type Ip, parseIp } from '../../src/base/ip.ts';
import { silentLog } from '../../src/base/log.ts';
import { seeded } from '../../src/base/random.ts';
import { service } from '../../src/base/rpc.ts';
import { NodeService } from '../../src/gen/v1/node.ts';
import { type NodeConfig } from '../../src/node/config.ts';
import { type PeerConnections } from '../../src/node/path-ports.ts';
import { createDataChannels, type DataChannels } from '../../src/node/webrtc/data-channels.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { forwardSockets } from '../../src/platform/forward-sockets.ts';
import { createGrpcCaller } from '../../src/platform/grpc-call.ts';
import { createGrpcServer } from '../../src/platform/grpc-server.ts';
import { loopbackPorts } from '../../src/platform/loopback-port.ts';
import { type RaftView } from '../../src/raft/types.ts';

export interface ChannelNode {
  readonly id: string;
  readonly channels: DataChannels;
  readonly port: number;
  share(protocol: 'tcp' | 'udp', port: number): void;
  close(): Promise<void>;
}

/** Where each node's API listens. A node that is no `ChannelNode` may be put in by hand. */
export type Directory = Map<string, { readonly port: number; readonly direct: boolean; readonly wireguardPort?: number }>;

/** A node with nothing but its data channels, on loopback and in clear text. Those that are not `direct` are reached through others only. */
export async function channelNode(id: string, directory: Directory, connections: PeerConnections, { wireguardPort = 51_820, direct = true, clock = systemClock }: { readonly wireguardPort?: number; readonly direct?: boolean; readonly clock?: Clock } = {}): Promise<ChannelNode> {
  const remote = createGrpcCaller(() => null);
  const shares: { protocol: 'tcp' | 'udp'; ip: Ip; port: number }[] = [];
  const config = { meshIpv4: null, meshIpv6: null, wireguardPort, tunnel: null, paths: { shares }, services: { iceNegotiation: true } } as unknown as NodeConfig;
  const view = cell({ configuration: { servers: [] } } as unknown as RaftView);
  const row = (other: string) => {
    const known = directory.get(other);
    return known && { id: other, grpcPort: known.port, primaryEndpoint: '127.0.0.1', leaseIpv4: null, networkIpv6: null, wireguardPort: known.wireguardPort ?? 0 };
  };
  const channels = createDataChannels({
    nodeId: id, config: () => config, remote, connections, sockets: forwardSockets, loopback: loopbackPorts, servers: cell([]), hosts: () => ['127.0.0.1'],
    guard: { secure: false, consensus: { view }, reads: { trust: { device: () => undefined, certificate: () => undefined }, revision: cell(0) }, clock },
    reads: { node: row, get: () => undefined, leases: () => [] } as never,
    peers: () => [...directory].filter(([other]) => other !== id).map(([other, at]) => ({ id: other, publicKey: '', ipv4: '', ipv6: '', endpoints: [], primary: at.direct ? '127.0.0.1' : '', grpcPort: at.port, serves: at.direct })),
    reached: () => false, defer: (run) => void setImmediate(run), clock, random: seeded(1), log: silentLog,
  });
  const open = { kind: 'clear-text', via: null } as const;
  const server = createGrpcServer({ services: [service(NodeService, { negotiateDataChannel: (requests, call) => channels.negotiate(requests, call, open) }), ...channels.services], log: silentLog });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  directory.set(id, { port, direct });
  return {
    id, channels, port,
    share: (protocol, shared) => void shares.push({ protocol, ip: parseIp('127.0.0.1') as Ip, port: shared }),
    close: async () => {
      directory.delete(id);
      channels.close();
      remote.close();
      await server.close(50);
    },
  };
}
