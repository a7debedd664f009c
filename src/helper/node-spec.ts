import { failure } from '../base/failure.ts';
import { parseIp, parsePrefix, splitHostPort } from '../base/ip.ts';
import { type NodeIdentity, NodeSpec, type PathSettings } from '../gen/webmesh/helper/v1/helper.ts';
import { tunnelIdPattern } from './tunnel/spec.ts';

const nodeIdPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const hostPattern = /^[A-Za-z0-9.:-]{1,253}$/;
const endpointsMax = 64;
const addressesMax = 16;
const sharesMax = 64;
const textMax = 64;
/** Below it ports are root's to give; 0 lets the node choose. */
const portMin = 1024;
const portMax = 65535;
const namePort = 53;
const keyBytes = { min: 32, max: 2_048 } as const;
const certificateBytesMax = 8_192;
const chainMax = 4;

/** Checks a node specification from a caller that is not trusted. Throws input.invalid or input.limit, naming the field and never a value. */
export function parseNodeSpec(spec: NodeSpec): NodeSpec {
  check('tunnel_id', tunnelIdPattern.test(spec.tunnelId));
  check('node_id', nodeIdPattern.test(spec.nodeId));
  check('mesh_ipv4', spec.meshIpv4 === '' || parseIp(spec.meshIpv4)?.family === 4);
  check('mesh_ipv6', spec.meshIpv6 === '' || parseIp(spec.meshIpv6)?.family === 6);
  for (const [field, port] of [['raft_port', spec.raftPort], ['grpc_port', spec.grpcPort], ['wireguard_port', spec.wireguardPort]] as const) check(field, isPort(port));
  check('primary_endpoint', spec.primaryEndpoint === '' || hostPattern.test(spec.primaryEndpoint));
  limit('endpoints', spec.endpoints, endpointsMax);
  check('endpoints', spec.endpoints.every((text) => text.length <= 300 && (hostPattern.test(text) || splitHostPort(text) !== undefined)));
  limit('public_addresses', spec.publicAddresses, addressesMax);
  check('public_addresses', spec.publicAddresses.every((text) => parseIp(text) !== undefined));
  if (spec.bootstrap !== undefined) {
    check('bootstrap.network_name', spec.bootstrap.networkName.length > 0 && spec.bootstrap.networkName.length <= textMax);
    check('bootstrap.ipv4_network', spec.bootstrap.ipv4Network === '' || parsePrefix(spec.bootstrap.ipv4Network)?.ip.family === 4);
  }
  if (spec.paths !== undefined) checkPaths(spec.paths);
  if (spec.identity !== undefined) checkIdentity(spec.identity);
  // Clear text is asked for by name: neither a forgotten identity nor a left-over word may decide it.
  check(spec.insecure ? 'insecure' : 'identity', spec.insecure === (spec.identity === undefined));
  return spec;
}

/** Sizes alone, again: what may be dialled for others is the node process's to judge, with this user's rights at most. */
function checkPaths({ turnPort, dnsPort, prometheusPort, shares, dnsDomain, localDomain, localDnsPort }: PathSettings): void {
  for (const [field, port] of [['paths.turn_port', turnPort], ['paths.dns_port', dnsPort], ['paths.prometheus_port', prometheusPort]] as const) check(field, isPort(port));
  limit('paths.shares', shares, sharesMax);
  check('paths.shares', shares.every((text) => text.length <= textMax));
  check('paths.dns_domain', dnsDomain.length <= 253);
  check('paths.local_domain', localDomain.length <= 253);
  // Windows asks there alone; where such ports are root's, the node process may not have it.
  check('paths.local_dns_port', localDnsPort === namePort || isPort(localDnsPort));
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && (port === 0 || port >= portMin) && port <= portMax;
}

/** Sizes alone: what the bytes say is for the node process, which has no rights to lose. */
function checkIdentity({ privateKey, chain, authorityKey, authorityChain }: NodeIdentity): void {
  check('identity.private_key', isKeySized(privateKey));
  checkChain('identity.chain', chain);
  check('identity.authority_key', authorityKey.length === 0 ? authorityChain.length === 0 : isKeySized(authorityKey));
  if (authorityKey.length > 0) checkChain('identity.authority_chain', authorityChain);
}

function checkChain(field: string, chain: readonly Uint8Array[]): void {
  limit(field, chain, chainMax);
  check(field, chain.length >= 2 && chain.every((der) => der.length > 0 && der.length <= certificateBytesMax));
}

function isKeySized(key: Uint8Array): boolean {
  return key.length >= keyBytes.min && key.length <= keyBytes.max;
}

/**
 * The private keys of a specification as a careless line may hold them: each whole in hex and base64, and the middle of it, which starts
 * and ends elsewhere when a line holds it within other bytes.
 */
export function secretTextsOf({ identity }: NodeSpec): readonly string[] {
  const keys = [identity?.privateKey, identity?.authorityKey].filter((key) => key !== undefined && key.length > 0) as Buffer[];
  return keys.flatMap((bytes) => {
    const key = Buffer.from(bytes);
    const shifted = [0, 1, 2].map((start) => key.subarray(start, start + 3 * Math.floor((key.length - start) / 3)));
    return [key.toString('hex'), key.toString('hex').toUpperCase(), ...shifted.flatMap((part) => [part.toString('base64'), part.toString('base64url')]), [...key.subarray(0, 24)].join(',')];
  });
}

/** Two specifications that ask for the same process, whatever order their fields came in. */
export function sameNodeSpec(a: NodeSpec, b: NodeSpec): boolean {
  return JSON.stringify(NodeSpec.toJSON(a)) === JSON.stringify(NodeSpec.toJSON(b));
}

function check(field: string, good: boolean): void {
  if (!good) throw failure('input.invalid', { field, reason: 'not in the expected form' });
}

function limit(field: string, list: readonly unknown[], max: number): void {
  if (list.length > max) throw failure('input.limit', { field, max, got: list.length });
}
