import { failure } from '../../base/failure.ts';
import { contains, formatIp, formatPrefix, isPrivate, isUnroutable, networkOf, parseIp, parsePrefix, type Prefix } from '../../base/ip.ts';
import type { JoinResponse } from '../../gen/v1/node_messages.ts';
import type { Lease } from '../session/state.ts';

/**
 * Our addresses from a Join's answer. IPv4 comes as `address/bits` with the bits of the mesh's network, IPv6 as our own /64,
 * whose first address is ours. Throws mesh.incompatible for an answer that cannot be used: others may err.
 */
export function leaseFrom(response: Pick<JoinResponse, 'addressIpv4' | 'networkIpv6'>): Lease {
  const v4 = response.addressIpv4 === '' ? undefined : usable(response.addressIpv4, 4);
  const v6 = response.networkIpv6 === '' ? undefined : usable(response.networkIpv6, 6);
  if (!v4 && !v6) throw failure('mesh.incompatible', { problem: 'the answer holds no address' });
  return {
    ipv4: v4 ? formatIp(v4.ip) : null,
    ipv4Network: v4 ? formatPrefix(networkOf(v4)) : null,
    ipv6: v6 ? formatIp(networkOf(v6).ip) : null,
    ipv6Network: v6 ? formatPrefix(networkOf(v6)) : null,
  };
}

/** Reads a lease that was stored by an earlier life. Undefined when it makes no sense. */
export function leaseFromStored(value: unknown): Lease | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { ipv4, ipv4Network, ipv6Network } = value as Record<string, unknown>;
  const bits = typeof ipv4Network === 'string' ? parsePrefix(ipv4Network)?.bits : undefined;
  try {
    return leaseFrom({
      addressIpv4: typeof ipv4 === 'string' && bits !== undefined ? `${ipv4}/${bits}` : '',
      networkIpv6: typeof ipv6Network === 'string' ? ipv6Network : '',
    });
  } catch {
    return undefined; // A document that was damaged by hand: as if there were none.
  }
}

/** The mesh's own networks: what is routed into the tunnel. The first 48 bits of every node's /64 are the mesh's. */
export function meshNetworks(lease: Lease): readonly Prefix[] {
  const v4 = lease.ipv4Network === null ? undefined : parsePrefix(lease.ipv4Network);
  const v6 = lease.ipv6 === null ? undefined : parseIp(lease.ipv6);
  return [...(v4 ? [v4] : []), ...(v6 ? [networkOf({ ip: v6, bits: 48 })] : [])];
}

/** The narrowest and widest networks that are taken from a stranger: nobody may route the whole Internet into a tunnel. */
const bitsMin = { 4: 8, 6: 64 } as const;
const bitsMax = { 4: 32, 6: 64 } as const;

function usable(text: string, family: 4 | 6): Prefix {
  const prefix = text.length > 64 ? undefined : parsePrefix(text);
  if (!prefix || prefix.ip.family !== family) throw failure('mesh.incompatible', { address: text.slice(0, 64), problem: 'not an address of the expected kind' });
  if (prefix.bits < bitsMin[family] || prefix.bits > bitsMax[family]) throw failure('mesh.incompatible', { address: text, problem: 'a network of an unusable size' });
  if (isUnroutable(prefix.ip) || !contains(networkOf(prefix), prefix.ip)) throw failure('mesh.incompatible', { address: text, problem: 'not an address for a host' });
  if (!isPrivate(networkOf(prefix))) throw failure('mesh.incompatible', { address: text, problem: 'not a private network' });
  return prefix;
}
