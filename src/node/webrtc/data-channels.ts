import { type ReadCell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { contains, formatIp, type Ip, joinHostPort, parsePrefix } from '../../base/ip.ts';
import { type Log } from '../../base/log.ts';
import { type Random } from '../../base/random.ts';
import { type Call, type Service } from '../../base/rpc.ts';
import { type DataChannelNegotiation } from '../../gen/v1/node_messages.ts';
import { WebRTCService } from '../../gen/v1/webrtc.ts';
import { type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { defaultPorts, type NodeConfig } from '../config.ts';
import { type CarrierKind, type ForwardSockets, type LoopbackPorts, type PeerConnection, type PeerConnections } from '../path-ports.ts';
import { type MeasuredServer } from '../paths/ports.ts';
import { type RemoteCaller } from '../ports.ts';
import { type Admitted } from '../rpc/auth.ts';
import { guarded, type GuardPorts } from '../rpc/guard.ts';
import { type MeshReads, privateAddress, publicAddress } from '../state/reads.ts';
import { ulaPrefixKey } from '../statements/keys.ts';
import { channelCarrier } from './carrier.ts';
import { dial, type DialPorts } from './dial.ts';
import { createFarSessions } from './far-sessions.ts';
import { createForwards, type Forwards } from './forwards.ts';
import { createLinkPool } from './link-pool.ts';
import { negotiate } from './negotiate.ts';
import { createPlaces } from './places.ts';
import { start, type StartOptions } from './start.ts';
import { stunServers } from './stun-list.ts';

export interface DataChannelPorts {
  readonly nodeId: string;
  readonly config: () => NodeConfig;
  readonly guard: GuardPorts;
  readonly reads: Pick<MeshReads, 'node' | 'get' | 'leases'>;
  readonly remote: RemoteCaller;
  readonly connections: PeerConnections;
  readonly sockets: ForwardSockets;
  readonly loopback: LoopbackPorts;
  /** STUN servers that the mesh hosts, nearest first. */
  readonly servers: ReadCell<readonly MeasuredServer[]>;
  /** Bare addresses of this machine's real interfaces: where connections may be made from. */
  readonly hosts: () => readonly string[];
  readonly peers: () => readonly PathPeer[];
  /** Whether the tunnel reaches this node now. */
  readonly reached: (id: string) => boolean;
  readonly defer: (run: () => void) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Everything of a node that rides on data channels. */
export interface DataChannels {
  /** The WebRTC service, where it is on. */
  readonly services: readonly Service[];
  /** The method of v1.Node, which every node has. */
  readonly negotiate: (requests: AsyncIterable<DataChannelNegotiation>, call: Call, who: Admitted) => AsyncIterable<DataChannelNegotiation>;
  readonly carrier: CarrierKind;
  readonly forwards: Forwards;
  close(): void;
}

/** Connections as the far end, in all and for one caller; and negotiations carried for others. */
const limits = { far: [128, 32], relays: [64, 16] } as const;

export function createDataChannels(ports: DataChannelPorts): DataChannels {
  const { nodeId, config, guard, reads, remote, sockets, servers, hosts, clock, random, log } = ports;
  const connections = tracked(ports.connections);
  const stun = (): readonly string[] => stunServers(servers.get().flatMap(({ server }) => server.stun.slice(0, 1)));
  const own = { sockets, own: config, clock, connections, hosts, mayTry: (ip: Ip) => !isInMesh(ip, reads) };
  const sessions = createFarSessions(own, createPlaces(limits.far[0], limits.far[1], 'peer connections'));
  const endCutting = guard.reads.revision.subscribe(() => sessions.cut((caller) => !guard.secure || guard.reads.trust.device(caller)?.state !== 'revoked'));
  const options: StartOptions = {
    sessions, clock, own: config, nodeId, remote, stun, relays: createPlaces(limits.relays[0], limits.relays[1], 'negotiations'),
    addressOf: (id) => addressOf(id, ports),
  };
  const dialPorts: DialPorts = { ...own, remote, stun, log, peers: ports.peers, reached: ports.reached };
  const pool = createLinkPool((peer, target, signal) => dial(peer, target, dialPorts, signal));
  const meshAddresses = (): readonly string[] => [config().meshIpv4, config().meshIpv6].flatMap((ip) => (ip ? [formatIp(ip)] : []));
  const forwards = createForwards({
    sockets, pool, clock, random, own: () => [...hosts(), ...meshAddresses()],
    knows: (id) => id !== nodeId && (reads.node(id) !== undefined || ports.peers().some((peer) => peer.id === id)),
  });
  return {
    services: config().services.iceNegotiation ? [guarded(WebRTCService, { startDataChannel: (requests, call, who) => start(requests, call, who, options) }, guard)] : [],
    negotiate: (requests, call, who) => negotiate(requests, call, who, options),
    carrier: channelCarrier({
      ...ports, connections, mayTry: own.mayTry, stun,
      wireguardPortOf: (id) => reads.node(id)?.wireguardPort || defaultPorts.wireguard,
      // A tunnel has a connection of its own: what else is carried to that node never holds it up.
      dial: (id, target, signal) => dial(id, target, dialPorts, signal),
    }),
    forwards,
    close: () => {
      endCutting();
      forwards.closeAll();
      connections.closeAll();
    },
  };
}

/** Remembers what is open, so that it ends with this node. */
function tracked({ create }: PeerConnections): PeerConnections & { closeAll(): void } {
  const open = new Set<PeerConnection>();
  return {
    create: (options) => {
      const connection = create(options);
      open.add(connection);
      connection.state.subscribe((state) => {
        if (state === 'closed' || state === 'failed') open.delete(connection);
      });
      return connection;
    },
    closeAll: () => {
      for (const connection of [...open]) connection.close();
    },
  };
}

/** Where this node reaches another one's API: inside the mesh, when it can, or in public. */
function addressOf(id: string, { reads, reached, peers }: DataChannelPorts): string | null | undefined {
  const row = reads.node(id);
  if (!row) return undefined;
  const peer = peers().find((known) => known.id === id);
  const inside = privateAddress(row, row.grpcPort);
  const outside = publicAddress(row, row.grpcPort) ?? (peer?.serves && peer.primary !== '' ? joinHostPort(peer.primary, peer.grpcPort) : undefined);
  return (reached(id) ? (inside ?? outside) : (outside ?? inside)) ?? null;
}

/** A connection between two nodes never runs inside the tunnel that it may carry. The mesh's IPv4 network may overlap a real one, so leases count. */
function isInMesh(ip: Ip, reads: Pick<MeshReads, 'get' | 'leases'>): boolean {
  if (ip.family === 4) return reads.leases().some((lease) => lease.split('/')[0] === formatIp(ip));
  const network = parsePrefix(reads.get(ulaPrefixKey) ?? '');
  return network !== undefined && contains(network, ip);
}
