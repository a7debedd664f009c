import { failure } from '../base/failure.ts';
import { deviceIdPattern } from '../base/identity.ts';
import { formatPrefix, isPrivate, joinHostPort, networkOf, overlaps, parseIp, parsePrefix } from '../base/ip.ts';
import { between, type Random, shortId } from '../base/random.ts';
import type { Parsed } from '../contract/commands.ts';
import { checkAddress } from './mesh/address.ts';
import { defaultPorts } from './mesh/roster.ts';
import type { Network, OwnAddress } from './ports.ts';
import { type NewProfile, type PortName, portNames, type Profile } from './profiles.ts';
import { toHex } from './trust/bytes.ts';
import type { Invite } from './trust/invite.ts';
import { isPlainName } from './trust/names.ts';
import { advertise } from './tunnel/endpoints.ts';

export interface CommandPorts {
  readonly network: Network;
  readonly random: Random;
}

/** Another network of this machine. Both may be connected at once, so a new one takes neither its ports nor its addresses. */
export type OtherNetwork = Pick<Profile, 'grpcPort' | 'raftPort' | 'wireguardPort' | 'ipv4Network'>;

/** The profile of a new network that this machine hosts, still without its root's fingerprint. Throws input.invalid. */
export async function hostProfile(input: Parsed<'mesh.create'>, others: readonly OtherNetwork[], { network, random }: CommandPorts): Promise<NewProfile> {
  // Invites carry the name to people who do not know us yet.
  if (!isPlainName(input.name)) throw failure('input.invalid', { field: 'name', problem: 'it holds characters that nobody can see', given: input.name });
  const nodeId = input.nodeId === undefined ? newNodeId(network.hostname, random) : checkNodeId(input.nodeId);
  const ipv4Network = input.ipv4Network === undefined ? freeNetwork(network.addresses.get(), others, random) : checkNetwork(input.ipv4Network);
  const ports = await choosePorts(input, others, network);
  const trust = input.insecure === true ? 'clear-text' as const : 'mtls' as const;
  const profile = { id: shortId(random, 12), name: input.name, kind: 'host' as const, nodeId, trust, endpoints: [], rootFingerprint: null, ...ports, asVoter: true, ipv4Network };
  return { ...profile, address: hostAddress(profile, network) };
}

/** The profile of a network that an invite leads to. Throws input.invalid. */
export async function invitedProfile(input: Parsed<'invite.redeem'>, invite: Invite, others: readonly OtherNetwork[], { network, random }: CommandPorts): Promise<NewProfile> {
  const nodeId = input.nodeId === undefined ? newNodeId(network.hostname, random) : checkNodeId(input.nodeId);
  return {
    id: shortId(random, 12), name: input.name ?? invite.networkName, kind: 'member', nodeId, trust: 'mtls', rootFingerprint: toHex(invite.rootFingerprint),
    endpoints: invite.endpoints.map(({ nodeId, address }) => ({ nodeId, address })), address: invite.endpoints[0]?.address ?? '',
    ...(await choosePorts(input, others, network)), asVoter: input.asVoter ?? false, ipv4Network: null,
  };
}

/** Where others can join a network that this machine hosts. */
export function hostAddress({ grpcPort }: Pick<Profile, 'grpcPort'>, network: Pick<Network, 'addresses'>): string {
  return joinHostPort(advertise(network.addresses.get(), null, '127.0.0.1').primary, grpcPort);
}

/** The profile of a network that runs elsewhere. Throws input.invalid, or mesh.incompatible when clear text was not asked for. */
export async function memberProfile(input: Parsed<'mesh.join'>, others: readonly OtherNetwork[], { network, random }: CommandPorts): Promise<NewProfile> {
  const address = checkAddress(input.address);
  if (!input.insecure) throw failure('mesh.incompatible', { address, reason: 'joining by address is in clear text and must be asked for by name (insecure); protected networks come with invites' });
  const nodeId = input.nodeId === undefined ? newNodeId(network.hostname, random) : checkNodeId(input.nodeId);
  return {
    id: shortId(random, 12), name: input.name ?? address, kind: 'member', nodeId, address,
    trust: 'clear-text', endpoints: [], rootFingerprint: null, ...(await choosePorts(input, others, network)), asVoter: input.asVoter ?? false, ipv4Network: null,
  };
}

function checkNodeId(text: string): string {
  if (!deviceIdPattern.test(text)) throw failure('input.invalid', { field: 'nodeId', problem: 'letters, digits, dot, dash and underscore only', given: text });
  return text;
}

function newNodeId(hostname: string, random: Random): string {
  const slug = hostname.toLowerCase().split('.')[0]?.replace(/[^a-z0-9-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 48);
  return `${slug || 'device'}-${shortId(random, 5)}`;
}

const networkBits = { least: 8, most: 28 } as const;

function checkNetwork(text: string): string {
  const prefix = parsePrefix(text);
  const usable = prefix && prefix.ip.family === 4 && prefix.bits >= networkBits.least && prefix.bits <= networkBits.most && isPrivate(prefix);
  if (!usable) throw failure('input.invalid', { field: 'ipv4Network', problem: 'a private IPv4 network such as 10.20.0.0/16', given: text });
  return formatPrefix(networkOf(prefix));
}

const drawsMax = 64;

/**
 * A random /16 of 10.0.0.0/8 that none of this machine's networks touches, also those that are not connected now. Not the API's customary 172.16.0.0/12: containers and offices
 * live there, and two meshes with one range could never be used together.
 */
function freeNetwork(own: readonly OwnAddress[], others: readonly OtherNetwork[], random: Random): string {
  const present = own.flatMap(({ address, bits }) => {
    const ip = parseIp(address);
    return ip ? [networkOf({ ip, bits })] : [];
  });
  const taken = [...present, ...others.flatMap(({ ipv4Network }) => parsePrefix(ipv4Network ?? '') ?? [])];
  for (let draw = 0; draw < drawsMax; draw++) {
    const candidate = { ip: { family: 4 as const, value: (10n << 24n) | (BigInt(between(random, 1, 254)) << 16n) }, bits: 16 };
    if (!taken.some((network) => overlaps(network, candidate))) return formatPrefix(candidate);
  }
  return '100.64.0.0/16';
}

type Ports = { readonly [name in PortName]?: number | undefined };

async function choosePorts(input: Ports, others: readonly OtherNetwork[], network: Network): Promise<Pick<Profile, PortName> & { readonly chosenPorts: PortName[] }> {
  const tcp = new Set(others.flatMap((other) => [other.grpcPort, other.raftPort]));
  const udp = new Set(others.map((other) => other.wireguardPort));
  const [grpcPort, raftPort, wireguardPort] = await Promise.all([
    input.grpcPort ?? network.freePort('tcp', firstNotIn(tcp, defaultPorts.grpc)),
    input.raftPort ?? network.freePort('tcp', firstNotIn(tcp, defaultPorts.raft)),
    input.wireguardPort ?? network.freePort('udp', firstNotIn(udp, defaultPorts.wireguard)),
  ]);
  if (grpcPort === raftPort) throw failure('input.invalid', { field: 'raftPort', problem: 'the same port as grpcPort', given: raftPort });
  return { grpcPort, raftPort, wireguardPort, chosenPorts: portNames.filter((name) => input[name] !== undefined) };
}

/** A network that is not connected holds no port: nobody but its profile knows that it will. */
export function firstNotIn(used: ReadonlySet<number>, wanted: number): number {
  let port = wanted;
  while (used.has(port)) port++;
  return port;
}
