import { cell, type ReadCell } from '../base/cell.ts';
import { type Clock } from '../base/clock.ts';
import { formatIp, joinHostPort, parseIp, parsePrefix, splitHostPort } from '../base/ip.ts';
import { type Log } from '../base/log.ts';
import { type Random } from '../base/random.ts';
import { type Service } from '../base/rpc.ts';
import { Feature } from '../gen/v1/mesh_messages.ts';
import { type PathPeer, type SetPathInputsRequest } from '../gen/webmesh/local/v1/local.ts';
import { type NodeConfig } from './config.ts';
import { createDnsPart } from './dns/dns-part.ts';
import { zoneSource } from './dns/zone-source.ts';
import { proxyFeature, trueFeatures } from './features.ts';
import { type LocalPathsPorts } from './local-paths.ts';
import { type CallFigures } from './metrics/call-counts.ts';
import { createPrometheusPart } from './metrics/prometheus-part.ts';
import { type PathMetric, type RelayMetric } from './metrics/path-figures.ts';
import { type Part } from './parts.ts';
import {
  type DnsSockets, type EchoPort, type ForwardSockets, type IceAgents, type LoopbackPorts, type MetricsHttps, type PeerConnections, type PortMapper, type ProcessMeter,
  type StunProbe, type TurnClients, type TurnServers,
} from './path-ports.ts';
import { iceCarrier } from './paths/carriers/ice.ts';
import { turnCarrier } from './paths/carriers/turn.ts';
import { isGlobal } from './paths/facts.ts';
import { createNetcheck } from './paths/netcheck.ts';
import { createHolds, createPaths, type MeasuredServer, type Paths } from './paths/paths.ts';
import { type HostSample, type RemoteCaller } from './ports.ts';
import { createRelayLimits, type RelayLimits } from './relay/limits.ts';
import { streamCarrier } from './relay/stream-carrier.ts';
import { createStreamSwitch, type StreamSwitch } from './relay/stream-switch.ts';
import { createTurnPart, type TurnPart } from './relay/turn-part.ts';
import { type Replica } from './replica.ts';
import { type GuardPorts } from './rpc/guard.ts';
import { createPathService } from './rpc/paths.ts';
import { createSignalling } from './signalling.ts';
import { createDataChannels, type DataChannels } from './webrtc/data-channels.ts';

/** The world of everything that a node does beside consensus and its API. */
export interface PartPorts {
  readonly turnServers: TurnServers;
  readonly turnClients: TurnClients;
  readonly ice: IceAgents;
  readonly loopback: LoopbackPorts;
  readonly stun: StunProbe;
  readonly openEcho: () => EchoPort;
  readonly openMapper: (log: Log) => PortMapper;
  readonly dnsSockets: DnsSockets;
  readonly metricsHttps: MetricsHttps;
  readonly openProcessMeter: () => ProcessMeter;
  readonly peerConnections: PeerConnections;
  readonly forwardSockets: ForwardSockets;
}

export interface NodePartsContext {
  readonly config: NodeConfig;
  readonly replica: Replica;
  readonly remote: RemoteCaller;
  readonly world: PartPorts;
  readonly hostSample: () => Promise<HostSample>;
  readonly build: { readonly version: string; readonly commit: string };
  readonly calls: CallFigures;
  readonly tickMs: number;
  readonly closing: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Runs something when what is at hand was done. */
  readonly defer: (run: () => void) => void;
}

/** All parts of one node. */
export interface NodeParts {
  readonly all: readonly Part[];
  readonly paths: Paths;
  readonly channels: DataChannels;
  /** Served beside the mesh API. */
  readonly services: readonly Service[];
  /** What this node does for others at this moment. */
  readonly features: ReadCell<readonly Feature[]>;
  readonly local: LocalPathsPorts;
  update(config: NodeConfig): void;
  /** Ends what a device that was cut off still has here. */
  recheck(): void;
  close(): Promise<void>;
}

/** Brings paths, relays, names and figures of one node together. */
export function createNodeParts(context: NodePartsContext): NodeParts {
  const { replica: { driver, state }, remote, world, calls, tickMs, closing, clock, random, log, build, hostSample, defer } = context;
  const secure = context.config.identity !== null;
  let config = context.config;
  let inputs: SetPathInputsRequest | null = null;
  const { nodeId } = config;
  const guard: GuardPorts = { secure, consensus: driver, reads: state, clock };
  const keeps = (deviceId: string): boolean => !secure || state.trust.device(deviceId)?.state !== 'revoked';
  const zone = zoneSource(state, () => driver.appliedIndex.get());
  const ownAddresses = (): readonly string[] => (inputs?.ownAddresses ?? []).flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix ? [formatIp(prefix.ip)] : [];
  });
  const peers = (): readonly PathPeer[] => inputs?.peers ?? [];
  const wireguardPort = (): number => config.tunnel?.listenPort || config.wireguardPort;

  const limits: RelayLimits = createRelayLimits(clock);
  const turn: TurnPart = createTurnPart({
    config, servers: world.turnServers, limits, ownAddresses, meshNetworks: zone.networks, keeps, revision: state.revision, clock, random, log: log.scope('turn'),
  });
  const relay: StreamSwitch = createStreamSwitch({ nodeId, limits, loopback: world.loopback, wireguardPort, keeps, defer, clock });

  const holds = createHolds(world.loopback);
  const servers = cell<readonly MeasuredServer[]>([]);
  const reached = (id: string): boolean => paths.view.get().paths.some((view) => view.id === id && view.phase === upPhase);
  const votes = (id: string): boolean => driver.view.get().configuration.servers.some((server) => server.id === id && server.voter);
  const signalling = createSignalling({ nodeId, clock, log: log.scope('signalling'), remote, peers, reached, votes });
  const mapper = world.openMapper(log.scope('mapper'));
  const channels = createDataChannels({
    nodeId, config: () => config, guard, reads: state, remote, connections: world.peerConnections, sockets: world.forwardSockets, loopback: holds.ports,
    servers, hosts: ownAddresses, peers, reached, defer, clock, random, log: log.scope('channels'),
  });
  const paths: Paths = createPaths({
    clock, random, log: log.scope('paths'), config, ...signalling, stun: world.stun, mapper, echo: world.openEcho(), servers, hold: holds.hold,
    carriers: [
      iceCarrier({ ice: world.ice, loopback: holds.ports, servers, hosts: ownAddresses }),
      channels.carrier,
      turnCarrier({ turn: world.turnClients, loopback: holds.ports, servers, nat: () => paths.nat(), clock }),
      streamCarrier({ nodeId, remote, loopback: holds.ports, relays: () => relaysOf(peers(), servers.get(), ownAddresses()), own: relay, clock, defer }),
    ],
  });
  const dns = createDnsPart({ config, source: zone, sockets: world.dnsSockets, clock, log: log.scope('dns') });
  const prometheus = createPrometheusPart({
    config, build, https: world.metricsHttps, calls, view: driver.view, appliedIndex: driver.appliedIndex, tickMs, reads: state, hostSample,
    openProcessMeter: world.openProcessMeter, paths: () => ({ peers: metricsOf(paths) }), relays: () => relayMetrics(turn, relay, limits), clock, log: log.scope('prometheus'),
  });
  const all: readonly Part[] = [paths, turn, dns, prometheus];
  const netcheck = createNetcheck({ stun: world.stun, turn: world.turnClients, sockets: world.forwardSockets, mapper, hosts: ownAddresses, nat: paths.nat, servers, peers, clock });

  return {
    all, paths, channels,
    services: [
      createPathService({
        ...guard, nodeId, reads: state, remote, clock, answer: paths.answer, tunnel: () => config.tunnel, serverFor: turn.serverFor, relay, reached, defer,
      }),
      ...channels.services,
    ],
    features: trueFeatures(config.services, [proxyFeature({ offered: config.services.leaderProxy, secure, nodeId, view: driver.view }), ...all.map(({ features }) => features)]),
    local: {
      clock, closing, netcheck, forwards: channels.forwards,
      paths: {
        view: paths.view, ping: paths.ping,
        setInputs: (next) => {
          inputs = next;
          paths.setInputs(next);
        },
      },
    },
    update: (next) => {
      config = next;
      for (const part of all) part.update(next);
    },
    recheck: () => relay.recheck(),
    close: async () => {
      relay.close();
      channels.close();
      await Promise.all([...all.map((part) => part.close()), mapper.close()]);
    },
  };
}

/** PathPhase of a peer that can be reached. The generated enum lives beside the gRPC services. */
const upPhase = 3;

/** Members whose Relay this node may call: those that answer the public, in the order of the servers that were measured. */
function relaysOf(peers: readonly PathPeer[], servers: readonly MeasuredServer[], own: readonly string[]) {
  const roundTrips = new Map(servers.map(({ server, roundTripMs }) => [server.nodeId, roundTripMs]));
  return peers.filter(({ serves, primary }) => serves && primary !== '')
    .map((peer) => ({ nodeId: peer.id, address: joinHostPort(dialled(peer, own), peer.grpcPort), roundTripMs: roundTrips.get(peer.id) ?? null }));
}

/** The primary address, or another public one where this machine has no address of that family. A name is whatever it resolves to. */
function dialled({ primary, endpoints }: PathPeer, own: readonly string[]): string {
  const spoken = new Set(own.flatMap((address) => parseIp(address) ?? []).filter((ip) => ip.family === 4 || isGlobal(ip)).map(({ family }) => family));
  const fits = (host: string): boolean => {
    const ip = parseIp(host);
    return !ip || spoken.has(ip.family);
  };
  return [primary, ...endpoints.map((endpoint) => splitHostPort(endpoint)?.host ?? '')].find((host) => host !== '' && fits(host)) ?? primary;
}

function metricsOf(paths: Paths): readonly PathMetric[] {
  const vias = new Map(paths.view.get().paths.map(({ id, via }) => [id, via]));
  return paths.counters().map(({ id, tier, up, switches, latencyMs, carrier }) => ({ peer: id, tier: up ? tier : null, via: vias.get(id) ?? '', switches, latencyMs, carrier }));
}

function relayMetrics(turn: TurnPart, relay: StreamSwitch, limits: RelayLimits): readonly RelayMetric[] {
  const carried = limits.stats();
  const { allocations, refused } = turn.stats();
  return [
    { kind: 'turn', bytes: carried.turn.bytes, open: allocations, refused },
    { kind: 'stream', bytes: carried.stream.bytes, open: relay.stats().streams, refused: relay.stats().refused },
  ];
}
