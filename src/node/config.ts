import { type Failure, failure, isFailure } from '../base/failure.ts';
import { type Identity } from '../base/identity.ts';
import { contains, formatIp, type Ip, networkOf, parseIp, parsePrefix, type Prefix, splitHostPort } from '../base/ip.ts';
import { type Secret } from '../base/log.ts';
import { meshZone } from '../base/private-names.ts';
import { NodeControl, type NodeSpec, type PathSettings, type TunnelState } from '../gen/webmesh/helper/v1/helper.ts';
import { identityFrom } from './identity.ts';

/** What the node process was told to be, parsed. */
export interface NodeConfig {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly socketPath: string;
  /** Own addresses in the mesh, null while unknown. */
  readonly meshIpv4: Ip | null;
  readonly meshIpv6: Ip | null;
  readonly raftPort: number;
  readonly grpcPort: number;
  readonly wireguardPort: number;
  readonly primaryEndpoint: string;
  readonly endpoints: readonly string[];
  readonly publicAddresses: readonly Ip[];
  readonly services: ServicesConfig;
  readonly paths: PathConfig;
  /** How to found a mesh when the data folder holds none; null on members. */
  readonly bootstrap: BootstrapConfig | null;
  readonly tunnel: TunnelState | null;
  /** Null: a mesh in clear text, asked for by name. A new identity never needs a new start. */
  readonly identity: Secret<Identity> | null;
}

export interface ServicesConfig {
  readonly leaderProxy: boolean;
  readonly meshApi: boolean;
  readonly peerDiscovery: boolean;
  readonly metrics: boolean;
  readonly admin: boolean;
  readonly iceNegotiation: boolean;
  readonly turnServer: boolean;
  readonly meshDns: boolean;
  readonly prometheus: boolean;
}

/** What this machine does for others beside its API, and its limits. All of it is taken while the node runs. */
export interface PathConfig {
  readonly turnPort: number;
  readonly dnsPort: number;
  readonly prometheusPort: number;
  readonly relayBytesPerSecond: number;
  /** What may be dialled for others, nothing else. */
  readonly shares: readonly Share[];
  /** Lower case, no dot at the end. */
  readonly dnsDomain: string;
  /** Another zone of the same names, for questions of this machine alone; empty: none. */
  readonly localDomain: string;
  /** Where this machine asks beside `dnsPort`. */
  readonly localDnsPort: number;
}

export interface Share {
  readonly protocol: 'tcp' | 'udp';
  readonly ip: Ip;
  readonly port: number;
}

export interface BootstrapConfig {
  readonly networkName: string;
  /** With host bits cleared; room for at least two addresses. */
  readonly ipv4Network: Prefix;
}

/** Ports of a v1 node that names none. */
export const defaultPorts = { wireguard: 51_820, grpc: 8443, raft: 9443 } as const;

/** The mesh network of a founder that names none. */
export const defaultIpv4Network = '172.16.0.0/12';

const idCharactersMax = 253;
const nameCharactersMax = 128;
const addressesMax = 16;
const endpointsMax = 64;
const sharesMax = 64;
const controlCharactersMax = 4 << 20;

/** Reads one line of the helper: the whole NodeControl as JSON. Throws input.invalid with the field that is wrong. */
export function parseControl(line: string): NodeConfig {
  if (line.length > controlCharactersMax) throw invalid('line', 'is too long');
  let control: NodeControl;
  try {
    control = NodeControl.fromJSON(JSON.parse(line));
  } catch (error) {
    if (isFailure(error)) throw error;
    // Without the cause: a parser's own words quote the text, and there are keys in it.
    throw invalid('line', 'is no NodeControl');
  }
  if (!control.spec) throw invalid('spec', 'is missing');
  return configFrom(control.spec, control);
}

/** Fields that decide what the node is: after a change of one of them it starts anew. The rest it takes while it runs, a renewed certificate too. */
export function needsRestart(a: NodeConfig, b: NodeConfig): boolean {
  const decisive = ({ nodeId, dataDir, socketPath, raftPort, grpcPort, services, identity }: NodeConfig): string =>
    JSON.stringify([nodeId, dataDir, socketPath, raftPort, grpcPort, services, identity === null]);
  return decisive(a) !== decisive(b) || (a.meshIpv6 !== null && b.meshIpv6 !== null && !contains(meshPrefixOf(a.meshIpv6), b.meshIpv6));
}

/** The /48 of the mesh that an address belongs to: random, so no two meshes share one (RFC 4193). */
export function meshPrefixOf(meshIpv6: Ip): Prefix {
  return networkOf({ ip: meshIpv6, bits: 48 });
}

/** The founder's own address: the first of the mesh network, before any lease could have been made. */
export function founderAddress({ ipv4Network }: BootstrapConfig): Ip {
  return { family: 4, value: ipv4Network.ip.value + 1n };
}

function configFrom(spec: NodeSpec, { dataDir, socketPath, tunnel }: NodeControl): NodeConfig {
  return {
    nodeId: text('node_id', spec.nodeId, idCharactersMax),
    dataDir: absolute('data_dir', dataDir),
    socketPath: absolute('socket_path', socketPath),
    meshIpv4: meshAddress('mesh_ipv4', spec.meshIpv4, 4),
    meshIpv6: meshAddress('mesh_ipv6', spec.meshIpv6, 6),
    raftPort: port('raft_port', spec.raftPort, defaultPorts.raft),
    grpcPort: port('grpc_port', spec.grpcPort, defaultPorts.grpc),
    wireguardPort: port('wireguard_port', spec.wireguardPort, defaultPorts.wireguard),
    primaryEndpoint: spec.primaryEndpoint === '' ? '' : formatIp(address('primary_endpoint', spec.primaryEndpoint)),
    endpoints: list('endpoints', spec.endpoints, endpointsMax).map((each) => formatIp(address('endpoints', each))),
    publicAddresses: list('public_addresses', spec.publicAddresses, addressesMax).map((each) => address('public_addresses', each)),
    services: {
      leaderProxy: spec.services?.leaderProxy ?? false,
      meshApi: spec.services?.meshApi ?? false,
      peerDiscovery: spec.services?.peerDiscovery ?? false,
      metrics: spec.services?.metrics ?? false,
      admin: spec.services?.admin ?? false,
      iceNegotiation: spec.services?.iceNegotiation ?? false,
      turnServer: spec.services?.turnServer ?? false,
      meshDns: spec.services?.meshDns ?? false,
      prometheus: spec.services?.prometheus ?? false,
    },
    paths: pathsFrom(spec.paths),
    bootstrap: spec.bootstrap ? bootstrapFrom(spec.bootstrap) : null,
    tunnel: tunnel ?? null,
    identity: identityFrom(spec.identity, spec.insecure),
  };
}

function pathsFrom(given: PathSettings | undefined): PathConfig {
  const { turnPort = 0, dnsPort = 0, prometheusPort = 0, relayBytesPerSecond = 0n, shares = [], dnsDomain = '', localDomain = '', localDnsPort = 0 } = given ?? {};
  return {
    turnPort: port('paths.turn_port', turnPort, 3478),
    dnsPort: port('paths.dns_port', dnsPort, 5353),
    prometheusPort: port('paths.prometheus_port', prometheusPort, 8080),
    relayBytesPerSecond: Number(relayBytesPerSecond),
    shares: list('paths.shares', shares, sharesMax).map(shareFrom),
    dnsDomain: domain('paths.dns_domain', dnsDomain === '' ? meshZone : dnsDomain),
    localDomain: localDomain === '' ? '' : domain('paths.local_domain', localDomain),
    localDnsPort: port('paths.local_dns_port', localDnsPort, port('paths.dns_port', dnsPort, 5353)),
  };
}

function shareFrom(text: string): Share {
  const [protocol, rest = ''] = text.split(' ', 2);
  const at = splitHostPort(rest);
  const ip = at && parseIp(at.host);
  if ((protocol !== 'tcp' && protocol !== 'udp') || !at || !ip || at.port === 0) throw invalid('paths.shares', 'is no `tcp ip:port`');
  return { protocol, ip, port: at.port };
}

function domain(field: string, text: string): string {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length > 200 || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name)) throw invalid(field, 'is no domain');
  return name;
}

function bootstrapFrom({ networkName, ipv4Network }: { networkName: string; ipv4Network: string }): BootstrapConfig {
  const prefix = parsePrefix(ipv4Network === '' ? defaultIpv4Network : ipv4Network);
  if (!prefix || prefix.ip.family !== 4 || prefix.bits < 8 || prefix.bits > 30) throw invalid('bootstrap.ipv4_network', 'is no IPv4 network of /8 to /30');
  return { networkName: networkName === '' ? '' : text('bootstrap.network_name', networkName, nameCharactersMax), ipv4Network: networkOf(prefix) };
}

function text(field: string, value: string, charactersMax: number): string {
  if (value === '' || value.length > charactersMax || [...value].some(isControl)) throw invalid(field, `must have 1 to ${charactersMax} printable characters`);
  return value;
}

function isControl(character: string): boolean {
  return character < ' ' || character === '\u007f';
}

function absolute(field: string, path: string): string {
  if (!/^(\/|[A-Za-z]:\\|\\\\)/.test(path) || path.includes('\0')) throw invalid(field, 'must be an absolute path');
  return path;
}

function port(field: string, value: number, otherwise: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw invalid(field, 'must be 0 to 65535');
  return value === 0 ? otherwise : value;
}

function address(field: string, value: string): Ip {
  const ip = parseIp(value);
  if (!ip) throw invalid(field, 'is no IP address');
  return ip;
}

function meshAddress(field: string, value: string, family: 4 | 6): Ip | null {
  if (value === '') return null;
  const ip = address(field, value);
  if (ip.family !== family || ip.value === 0n) throw invalid(field, `is no IPv${family} address of a node`);
  return ip;
}

function list(field: string, values: readonly string[], max: number): readonly string[] {
  if (values.length > max) throw invalid(field, `has more than ${max} values`);
  return values;
}

function invalid(field: string, reason: string): Failure {
  return failure('input.invalid', { field, reason });
}
