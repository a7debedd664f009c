import { type ReadCell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { joinHostPort, parsePrefix, splitHostPort } from '../../base/ip.ts';
import { type NetcheckResponse, type NetcheckServer, type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { type NatReport, type RelayServer } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { CarrierError, type ForwardSockets, type PortMapper, type StunAnswer, type StunProbe, type TurnClients } from '../path-ports.ts';
import { natReport } from './nat.ts';
import { findings } from './netcheck-findings.ts';
import { type MeasuredServer } from './ports.ts';

/** What a check of the network needs of the world. */
export interface NetcheckPorts {
  readonly clock: Clock;
  readonly stun: StunProbe;
  readonly turn: TurnClients;
  readonly sockets: Pick<ForwardSockets, 'connectTcp'>;
  readonly mapper: Pick<PortMapper, 'mapped' | 'answers'> | null;
  /** Bare addresses of this machine's real interfaces. */
  readonly hosts: () => readonly string[];
  /** What the path finder knows of the tunnel's own port. */
  readonly nat: () => NatReport;
  readonly servers: ReadCell<readonly MeasuredServer[]>;
  readonly peers: () => readonly PathPeer[];
}

/** A member that can be asked: its STUN and TURN where it hosts them, and where its public API answers (`host:port`), or empty. */
interface Target {
  readonly nodeId: string;
  readonly server: RelayServer | null;
  readonly api: string;
}

const targetsMax = 8;
const stunMs = 1_500;
/** Of everything together; what has not answered by then does not. */
const allMs = 3_500;

/** Asks everybody at once what this machine's network lets through; takes at most four seconds. Rejects only with the signal's reason. */
export function createNetcheck(ports: NetcheckPorts): (signal: AbortSignal) => Promise<NetcheckResponse> {
  return async (signal) => {
    signal.throwIfAborted();
    const ending = new AbortController();
    const stop = ports.clock.after(allMs, () => ending.abort());
    const until = AbortSignal.any([signal, ending.signal]);
    const targets = targetsOf(ports.servers.get(), ports.peers());
    const urls = targets.flatMap(({ server }) => server?.stun ?? []);
    const hairpinUrl = urls.find((url) => !url.includes('['));
    try {
      const [stun4, stun6, hairpin, streams] = await Promise.all([
        stunAnswers(ports, urls, 4, until), stunAnswers(ports, urls, 6, until), hairpinUrl === undefined ? null : ports.stun.hairpin(hairpinUrl, until).catch(() => null),
        Promise.all(targets.flatMap((target) => streamChecks(ports, target, until))),
      ]);
      signal.throwIfAborted();
      return summary(ports, targets, { stun4, stun6, hairpin, streams });
    } finally {
      stop();
      ending.abort();
    }
  };
}

/** The nearest servers, then other members that answer the public. */
function targetsOf(servers: readonly MeasuredServer[], peers: readonly PathPeer[]): readonly Target[] {
  const apis = new Map(peers.filter(({ serves, primary }) => serves && primary !== '').map(({ id, primary, grpcPort }) => [id, joinHostPort(primary, grpcPort)]));
  const known = servers.map(({ server }) => ({ nodeId: server.nodeId, server, api: apis.get(server.nodeId) ?? '' }));
  const others = [...apis].filter(([id]) => !known.some(({ nodeId }) => nodeId === id)).map(([nodeId, api]) => ({ nodeId, server: null, api }));
  return [...known, ...others].slice(0, targetsMax);
}

interface Heard {
  readonly stun4: readonly StunAnswer[];
  readonly stun6: readonly StunAnswer[];
  readonly hairpin: boolean | null;
  readonly streams: readonly NetcheckServer[];
}

function stunAnswers({ stun }: NetcheckPorts, urls: readonly string[], family: 4 | 6, signal: AbortSignal): Promise<readonly StunAnswer[]> {
  const ofFamily = urls.filter((url) => url.includes('[') === (family === 6));
  return ofFamily.length === 0 ? Promise.resolve([]) : stun.ask(ofFamily, { family, timeoutMs: stunMs }, signal).catch(() => []);
}

function summary(ports: NetcheckPorts, targets: readonly Target[], { stun4, stun6, hairpin, streams }: Heard): NetcheckResponse {
  const subnets = ports.hosts().flatMap((host) => parsePrefix(`${host}/${host.includes(':') ? 128 : 32}`) ?? []);
  const known = ports.nat();
  const nat = natReport({
    subnets, meshNetworks: [], observed: known.tunnelEndpoints, mapped: ports.mapper?.mapped.get() ?? null,
    stun4: stun4.length > 0 ? stun4 : null, stun6: stun6.length > 0 ? stun6 : null,
  });
  const servers = [...targets.flatMap((target) => stunServer(target, [...stun4, ...stun6]) ?? []), ...streams];
  const works = (family: 4 | 6): boolean => (family === 4 ? stun4 : stun6).some(({ mapped }) => mapped !== null) || servers.some(({ address, latencyMs }) => latencyMs >= 0 && address.startsWith('[') === (family === 6));
  const report = {
    nat,
    // Where nobody can be asked, having an address is all that can be said.
    ipv4: targets.length === 0 ? subnets.some(({ ip }) => ip.family === 4) : works(4),
    ipv6: targets.length === 0 ? subnets.some(({ ip }) => ip.family === 6) : works(6),
    udp: servers.some(({ kind, latencyMs }) => latencyMs >= 0 && (kind === 'stun' || kind === 'turn-udp')),
    hairpin: hairpin ?? false,
    servers,
    portMapping: { ...(ports.mapper?.answers.get() ?? {}) },
  };
  return { ...report, findings: findings({ ...report, hairpinKnown: hairpin !== null, online: subnets.length > 0 }) };
}

function stunServer({ nodeId, server }: Target, answers: readonly StunAnswer[]): NetcheckServer | null {
  if (!server || server.stun.length === 0) return null;
  const of = answers.filter(({ server: url }) => server.stun.includes(url));
  const best = of.filter(({ roundTripMs }) => roundTripMs !== null).sort((a, b) => (a.roundTripMs ?? 0) - (b.roundTripMs ?? 0))[0];
  return { nodeId, kind: 'stun', address: (best?.server ?? server.stun[0] ?? '').replace(/^stun:/, ''), latencyMs: best?.roundTripMs ?? -1, problem: best ? '' : 'no answer' };
}

function streamChecks(ports: NetcheckPorts, { nodeId, server, api }: Target, signal: AbortSignal): Promise<NetcheckServer>[] {
  const at = splitHostPort(api);
  const families = new Set(ports.hosts().map((host) => host.includes(':')));
  const turns = (['udp', 'tcp'] as const).flatMap((transport) => {
    const url = server?.turn.find((each) => each.endsWith(`transport=${transport}`) && families.has(each.includes('[')));
    return server && url ? [{ server: { ...server, turn: [url] }, transport, address: url.replace(/^turn:/, '').replace(/\?.*$/, '') }] : [];
  });
  return [
    ...turns.map(({ server: relay, transport, address }) => timed(ports, { nodeId, kind: `turn-${transport}`, address }, async () => {
      (await ports.turn.allocate(relay, { transport, family: address.startsWith('[') ? 6 : 4 }, signal)).close();
    })),
    ...(at ? [timed(ports, { nodeId, kind: 'grpc', address: api }, async () => (await ports.sockets.connectTcp(at.host, at.port, signal)).destroy())] : []),
  ];
}

/** How long it takes, or why it does not work. */
async function timed({ clock }: NetcheckPorts, about: Pick<NetcheckServer, 'nodeId' | 'kind' | 'address'>, work: () => Promise<unknown>): Promise<NetcheckServer> {
  const startedMs = clock.monotonicMs();
  try {
    await work();
    return { ...about, latencyMs: clock.monotonicMs() - startedMs, problem: '' };
  } catch (error) {
    return { ...about, latencyMs: -1, problem: error instanceof CarrierError ? error.message : 'no answer' };
  }
}
