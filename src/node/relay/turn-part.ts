import { cell, type ReadCell } from '../../base/cell.ts';
import { type Cancel, type Clock } from '../../base/clock.ts';
import { asFailure, type Failure, failure } from '../../base/failure.ts';
import { formatIp, type Ip, isPrivate, isUnroutable, joinHostPort, parseIp, type Prefix } from '../../base/ip.ts';
import { type Log } from '../../base/log.ts';
import { type Random } from '../../base/random.ts';
import { Feature } from '../../gen/v1/mesh_messages.ts';
import { type RelayServer } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type NodeConfig } from '../config.ts';
import { keepCutting } from '../cutting.ts';
import { distinct } from '../listening.ts';
import { type Part } from '../parts.ts';
import { type TurnServer, type TurnServers } from '../path-ports.ts';
import { createRelayCredentials } from './credentials.ts';
import { type Destinations, type External, mayRelayTo } from './destinations.ts';
import { type RelayLimits } from './limits.ts';

export interface TurnPartPorts {
  readonly config: NodeConfig;
  readonly servers: TurnServers;
  /** The node's one limit on what it relays; its rate follows the configuration here. */
  readonly limits: RelayLimits;
  readonly ownAddresses: () => readonly string[];
  readonly meshNetworks: () => readonly Prefix[];
  /** False for a device that was cut off. */
  readonly keeps: (deviceId: string) => boolean;
  /** Grows when `keeps` may answer otherwise. */
  readonly revision: ReadCell<number>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** STUN and TURN for the other members, where this machine hosts them. */
export interface TurnPart extends Part {
  /** What a device needs to use this server, with a credential of its own; null while the server does not answer. */
  serverFor(deviceId: string): RelayServer | null;
  stats(): { readonly allocations: number; readonly relayedBytes: number; readonly refused: number };
}

export const turnDefaults = { allocationsMax: 256, allocationsPerUserMax: 64, relayPorts: [49_160, 49_671], retryMs: 2_000 } as const;
const realm = 'webmesh';

/** What a server is started with; another one is another server. */
interface Wanted {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly external: External;
}

export function createTurnPart(ports: TurnPartPorts): TurnPart {
  const { servers, limits, clock, random, log, keeps } = ports;
  const features = cell<readonly Feature[]>([]);
  const problem = cell<Failure | null>(null);
  const credentials = createRelayCredentials(random);
  let config = ports.config;
  let running: { readonly wanted: Wanted; readonly server: TurnServer } | null = null;
  let busy: Promise<void> = Promise.resolve();
  let cancelRetry: Cancel = () => {};
  let closed = false;

  const destinations: Destinations = {
    external: () => externalOf(config), wireguardPort: () => wireguardPortOf(config), ownAddresses: ports.ownAddresses, meshNetworks: ports.meshNetworks,
  };

  const start = (wanted: Wanted): Promise<TurnServer> => servers.start({
    ...wanted, realm, secret: credentials.secret.reveal(), relayPorts: turnDefaults.relayPorts,
    allocationsMax: turnDefaults.allocationsMax, allocationsPerUserMax: turnDefaults.allocationsPerUserMax,
    take: (bytes, user) => limits.take(bytes, 'turn', credentials.deviceOf(user) ?? user),
    mayUse: (user) => {
      const device = credentials.deviceOf(user);
      return device !== undefined && keeps(device);
    },
    mayRelayTo: (address, port) => mayRelayTo(address, port, destinations),
  });

  /** One change after another; the newest configuration is looked at when its turn comes. */
  const settle = async (): Promise<void> => {
    cancelRetry();
    const wanted = closed ? null : wantedOf(config);
    if (running && JSON.stringify(running.wanted) !== JSON.stringify(wanted)) {
      const { server } = running;
      running = null;
      features.set([]);
      await server.close();
    }
    if (wanted === null || running) return void problem.set(running || closed ? null : whyNot(config));
    try {
      running = { wanted, server: await start(wanted) };
      features.set([Feature.TURN_SERVER]);
      problem.set(null);
      log.info('turn-listening', { port: wanted.port });
    } catch (error) {
      if (problem.get()?.code !== asFailure(error).code) log.warn('turn-failed', { problem: asFailure(error) });
      problem.set(asFailure(error));
      cancelRetry = clock.after(turnDefaults.retryMs, change);
    }
  };
  const change = (): void => {
    busy = busy.then(settle);
  };

  const update = (next: NodeConfig): void => {
    config = next;
    limits.set(next.paths.relayBytesPerSecond);
    change();
  };
  const endCutting = keepCutting({ revision: ports.revision, clock, cut: () => running?.server.recheck() });
  update(config);
  return {
    name: 'turn', features, problem, update,
    serverFor: (deviceId) => running && { nodeId: config.nodeId, ...urlsOf(running.wanted), ...ended(credentials.issue(deviceId, clock.nowMs())) },
    stats: () => running?.server.stats() ?? { allocations: 0, relayedBytes: 0, refused: 0 },
    close: async () => {
      closed = true;
      endCutting();
      change();
      await busy;
    },
  };
}

const ended = ({ expiresMs, ...credential }: { username: string; credential: string; expiresMs: number }): Pick<RelayServer, 'username' | 'credential' | 'expiresMs'> => ({ ...credential, expiresMs: BigInt(expiresMs) });

function wantedOf(config: NodeConfig): Wanted | null {
  const named = distinct(config.publicAddresses);
  const hosts = named.length > 0 ? named : ['0.0.0.0', '::'];
  const { ipv4, ipv6 } = externalOf(config);
  // What is told must be listened on; the IPv6 wildcard is both families.
  const external = { ipv4: hosts.some((host) => !host.includes(':') || host === '::') ? ipv4 : null, ipv6: hosts.some((host) => host.includes(':')) ? ipv6 : null };
  if (!config.services.turnServer || config.paths.relayBytesPerSecond === 0 || (external.ipv4 === null && external.ipv6 === null)) return null;
  return { port: config.paths.turnPort, hosts, external };
}

/** It was asked for, and others could not find it. */
function whyNot(config: NodeConfig): Failure | null {
  if (!config.services.turnServer || config.paths.relayBytesPerSecond === 0) return null;
  return failure('node.start-failed', { problem: 'no address of this machine is known that others could reach for TURN' });
}

/** The address of each family that this machine is told to be reached at; public ones before private ones. */
export function externalOf({ primaryEndpoint, endpoints, publicAddresses, meshIpv4, meshIpv6 }: NodeConfig): External {
  const mesh = [meshIpv4, meshIpv6].map((ip) => (ip ? formatIp(ip) : ''));
  const told = [primaryEndpoint, ...endpoints].map(parseIp).filter((ip) => ip !== undefined);
  const known = [...told, ...publicAddresses].filter((ip) => ip.value !== 0n && !isUnroutable(ip) && !mesh.includes(formatIp(ip)));
  const best = (family: 4 | 6): string | null => {
    const own = known.filter((ip) => ip.family === family);
    const ip = own.find((each) => !isPrivate(hostOf(each))) ?? own[0];
    return ip ? formatIp(ip) : null;
  };
  return { ipv4: best(4), ipv6: best(6) };
}

const hostOf = (ip: Ip): Prefix => ({ ip, bits: ip.family === 4 ? 32 : 128 });

/** The port that the tunnel really has, once it is known. */
function wireguardPortOf({ tunnel, wireguardPort }: NodeConfig): number {
  return tunnel?.listenPort || wireguardPort;
}

function urlsOf({ port, external: { ipv4, ipv6 } }: Wanted): Pick<RelayServer, 'stun' | 'turn'> {
  const hosts = [ipv4, ipv6].filter((host) => host !== null);
  return {
    stun: hosts.flatMap((host) => [`stun:${joinHostPort(host, port)}`, `stun:${joinHostPort(host, port + 1)}`]),
    turn: hosts.flatMap((host) => ['udp', 'tcp'].map((transport) => `turn:${joinHostPort(host, port)}?transport=${transport}`)),
  };
}
