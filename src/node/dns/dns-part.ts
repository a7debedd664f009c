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
import { joinedZone } from './joined-zone.ts';
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

/** Who asks: a name for limits, and whether it is this very machine. */
interface Asker {
  readonly name: string;
  readonly own: boolean;
}

/**
 * The mesh's names, on this node's mesh addresses, over UDP and TCP: for this machine always, also under the domain that it uses itself; for
 * members where that is offered. Whoever asks from elsewhere hears nothing. An address that the machine does not have yet is waited for; a
 * port in use is told and tried again.
 */
export function createDnsPart({ config: first, source, sockets, clock, log }: DnsPorts): Part {
  let config = first;
  let connections = 0;
  const perSource = new Map<string, number>();
  const open = new Map<string, () => void>();
  const features = cell<readonly Feature[]>([]);
  const problem = cell<Failure | null>(null);
  const budgets = createBudgets(clock, dnsLimits);
  const zoneNow = keptZone(source, ({ dnsDomain }) => [dnsDomain]);
  const ownZoneNow = keptZone(source, ({ localDomain, dnsDomain }) => [...new Set([localDomain, dnsDomain])].filter((domain) => domain !== ''));

  /** Undefined for who gets no answer. Our own address comes from this machine alone: nobody else has a way to send from it. */
  function askerAt(address: string): Asker | undefined {
    const ip = parseIp(address);
    if (!ip) return undefined;
    if (distinct([config.meshIpv4, config.meshIpv6]).includes(formatIp(ip))) return { name: 'own', own: true };
    const member = config.services.meshDns && source.networks().some((network) => contains(network, ip));
    return member ? { name: formatIp(ip.family === 4 ? ip : networkOf({ ip, bits: 64 }).ip), own: false } : undefined;
  }

  function reply({ name, own }: Asker, message: Uint8Array, transport: 'udp' | 'tcp'): Uint8Array | null {
    return budgets.take(name) ? answer(message, (own ? ownZoneNow : zoneNow)(config), transport) : null;
  }

  function accept(connection: Connection): void {
    const asker = askerAt(splitHostPort(connection.remote)?.host ?? '');
    const open = perSource.get(asker?.name ?? '') ?? 0;
    if (asker === undefined || connections >= dnsLimits.connectionsMax || open >= dnsLimits.connectionsPerSourceMax) return connection.destroy();
    connections += 1;
    perSource.set(asker.name, open + 1);
    const onClosed = (): void => {
      connections -= 1;
      const left = (perSource.get(asker.name) ?? 1) - 1;
      if (left > 0) perSource.set(asker.name, left);
      else perSource.delete(asker.name);
    };
    serveStream(connection, { clock, idleMs: dnsLimits.idleMs, onClosed, reply: (message) => reply(asker, message, 'tcp') });
  }

  /** Both or none: who gets a truncated answer comes back over TCP. */
  async function bind({ host, port }: ListenAddress): Promise<{ close(): void } | { readonly problem: ListenProblem; readonly message: string }> {
    const tcp = await sockets.listenTcp(host, port, accept);
    if (!tcp.ok) return tcp;
    const udp = await sockets.bindUdp(host, port, (message, from) => {
      const asker = askerAt(from.address);
      const bytes = asker === undefined ? null : reply(asker, message, 'udp');
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
    const offered = config.services.meshDns && [...open.keys()].some((key) => key.endsWith(` ${config.paths.dnsPort}`));
    const answers = offered && source.networks().length > 0;
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
      tell();
    },
    close: async () => {
      unsubscribe();
      listening.close();
    },
  };
}

function addressesOf({ paths: { dnsPort, localDnsPort }, meshIpv4, meshIpv6 }: NodeConfig): readonly ListenAddress[] {
  return [...new Set([dnsPort, localDnsPort])].flatMap((port) => distinct([meshIpv4, meshIpv6]).map((host) => ({ host, port })));
}

/** Makes the zone when the mesh changed since it was last asked for; null before anything is known. */
function keptZone(source: ZoneSource, domainsOf: (paths: NodeConfig['paths']) => readonly string[]): (config: NodeConfig) => Zone | null {
  let made: { readonly nodes: unknown; readonly networks: unknown; readonly domains: string; readonly zone: Zone } | undefined;
  return ({ nodeId, paths }) => {
    const [nodes, networks, domains] = [source.nodes(), source.networks(), domainsOf(paths)];
    if (nodes.length === 0) return null;
    if (made?.nodes !== nodes || made.networks !== networks || made.domains !== domains.join()) {
      const zones = domains.map((domain) => ({ domain, zone: createZone({ domain, self: nodeId, nodes, networks }, source.appliedIndex) }));
      made = { nodes, networks, domains: domains.join(), zone: joinedZone(zones) };
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
