import { cell } from '../../base/cell.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { type Failure, failure } from '../../base/failure.ts';
import { contains, formatIp, networkOf, parseIp, splitHostPort } from '../../base/ip.ts';
import { type Log } from '../../base/log.ts';
import { Feature } from '../../gen/v1/mesh_messages.ts';
import { type NodeConfig } from '../config.ts';
import { distinct, keepListening, type ListenAddress } from '../listening.ts';
import { type Part } from '../parts.ts';
import { type DnsSockets } from '../path-ports.ts';
import { type Connection, type ListenProblem } from '../ports.ts';
import { answer } from './answer.ts';
import { createBudgets } from './budgets.ts';
import { serveStream } from './stream.ts';
import { createZone, type Zone } from './zone.ts';
import { type ZoneSource } from './zone-source.ts';

export interface DnsPorts {
  readonly config: NodeConfig;
  readonly source: ZoneSource;
  readonly sockets: DnsSockets;
  readonly clock: Clock;
  readonly log: Log;
}

/** What members may ask of one node. A browser that starts asks for some dozens of names at once. */
export const dnsLimits = { perSecond: 100, burst: 300, sourcesMax: 4096, connectionsMax: 64, connectionsPerSourceMax: 8, idleMs: 10_000 } as const;
const absentRetryMs = 1_000;

/**
 * The mesh's names, on this node's mesh addresses, over UDP and TCP. Whoever asks from outside of the mesh's networks hears nothing. An address
 * that the machine does not have yet is waited for; a port in use is told and tried again.
 */
export function createDnsPart({ config: first, source, sockets, clock, log }: DnsPorts): Part {
  let config = first;
  let connections = 0;
  const perSource = new Map<string, number>();
  const open = new Map<string, () => void>();
  const features = cell<readonly Feature[]>([]);
  const problem = cell<Failure | null>(null);
  const budgets = createBudgets(clock, dnsLimits);
  const zoneNow = keptZone(source);

  /** A source's name for limits, when it is a member's address. */
  function memberAt(address: string): string | undefined {
    const ip = parseIp(address);
    return ip && source.networks().some((network) => contains(network, ip)) ? formatIp(ip.family === 4 ? ip : networkOf({ ip, bits: 64 }).ip) : undefined;
  }

  function reply(member: string, message: Uint8Array, transport: 'udp' | 'tcp'): Uint8Array | null {
    return budgets.take(member) ? answer(message, zoneNow(config), transport) : null;
  }

  function accept(connection: Connection): void {
    const member = memberAt(splitHostPort(connection.remote)?.host ?? '');
    const own = perSource.get(member ?? '') ?? 0;
    if (member === undefined || connections >= dnsLimits.connectionsMax || own >= dnsLimits.connectionsPerSourceMax) return connection.destroy();
    connections += 1;
    perSource.set(member, own + 1);
    const onClosed = (): void => {
      connections -= 1;
      const left = (perSource.get(member) ?? 1) - 1;
      if (left > 0) perSource.set(member, left);
      else perSource.delete(member);
    };
    serveStream(connection, { clock, idleMs: dnsLimits.idleMs, onClosed, reply: (message) => reply(member, message, 'tcp') });
  }

  /** Both or none: who gets a truncated answer comes back over TCP. */
  async function bind({ host, port }: ListenAddress): Promise<{ close(): void } | { readonly problem: ListenProblem; readonly message: string }> {
    const tcp = await sockets.listenTcp(host, port, accept);
    if (!tcp.ok) return tcp;
    const udp = await sockets.bindUdp(host, port, (message, from) => {
      const member = memberAt(from.address);
      const bytes = member === undefined ? null : reply(member, message, 'udp');
      if (bytes && udp.ok) udp.send(bytes, from);
    });
    if (!udp.ok) {
      tcp.close();
      return udp;
    }
    log.info('listening', { port, shared: udp.shared });
    log.debug('listening-on', { host, port });
    return { close: () => [tcp, udp].forEach((one) => one.close()) };
  }

  function tell(): void {
    const answers = open.size > 0 && source.networks().length > 0;
    if (answers !== features.get().length > 0) features.set(answers ? [Feature.MESH_DNS] : []);
  }

  const listening = keepListening({
    listen: async (address, signal) => {
      for (;;) {
        const bound = await bind(address);
        if ('close' in bound) {
          if (signal.aborted) bound.close();
          signal.throwIfAborted();
          open.set(keyOf(address), bound.close);
          tell();
          return address.port;
        }
        if (bound.problem !== 'no-such-address') throw failureOf(bound, address);
        await sleep(clock, absentRetryMs, signal);
      }
    },
    unlisten: (address) => {
      open.get(keyOf(address))?.();
      open.delete(keyOf(address));
      tell();
    },
  }, clock, (failed) => {
    if (failed) log.warn('cannot-listen', { problem: failed });
    problem.set(failed);
  });
  const unsubscribe = source.revision.subscribe(tell);
  listening.set(addressesOf(config));

  return {
    name: 'dns', features, problem,
    update: (next) => {
      config = next;
      listening.set(addressesOf(next));
    },
    close: async () => {
      unsubscribe();
      listening.close();
    },
  };
}

function addressesOf({ services, paths, meshIpv4, meshIpv6 }: NodeConfig): readonly ListenAddress[] {
  return services.meshDns ? distinct([meshIpv4, meshIpv6]).map((host) => ({ host, port: paths.dnsPort })) : [];
}

/** Makes the zone when the mesh changed since it was last asked for; null before anything is known. */
function keptZone(source: ZoneSource): (config: NodeConfig) => Zone | null {
  let made: { readonly nodes: unknown; readonly networks: unknown; readonly domain: string; readonly zone: Zone } | undefined;
  return ({ nodeId, paths: { dnsDomain: domain } }) => {
    const [nodes, networks] = [source.nodes(), source.networks()];
    if (nodes.length === 0) return null;
    if (made?.nodes !== nodes || made.networks !== networks || made.domain !== domain) {
      made = { nodes, networks, domain, zone: createZone({ domain, self: nodeId, nodes, networks }, source.appliedIndex) };
    }
    return made.zone;
  };
}

function failureOf({ problem, message }: { readonly problem: ListenProblem; readonly message: string }, { port }: ListenAddress): Failure {
  if (problem === 'in-use') return failure('node.port-in-use', { port });
  return problem === 'not-permitted' ? failure('auth.not-permitted', { port }) : failure('node.start-failed', { port, problem: message });
}

function keyOf({ host, port }: ListenAddress): string {
  return `${host} ${port}`;
}
