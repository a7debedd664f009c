import { contains, isUnroutable, parseIp } from '../../base/ip.ts';
import { meshNetworks } from '../mesh/lease.ts';
import type { OwnAddress } from '../ports.ts';
import type { Lease } from '../session/state.ts';

export interface Advertised {
  /** Bare address, or empty when nobody can reach us first. */
  readonly primary: string;
  readonly others: readonly string[];
}

const advertisedMax = 8;
/** Interfaces whose addresses mean something to this machine alone. */
const inner = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|flannel|podman|tailscale|zt|wg|utun|tun|tap)/;

/**
 * Which of our own addresses others should try: routable ones of real interfaces, IPv4 before IPv6, the first as the primary one.
 * Nothing that lies in the mesh itself. Loopback only when nothing else exists and the mesh is reached over loopback, too.
 */
export function advertise(own: readonly OwnAddress[], lease: Lease | null, meshHost: string): Advertised {
  const rank = ({ interfaceName, address }: OwnAddress): number => (inner.test(interfaceName) ? 2 : 0) + (address.includes(':') ? 1 : 0);
  const list = [...realAddresses(own, lease)].sort((a, b) => rank(a) - rank(b)).map(({ address }) => address);
  const [primary, ...others] = [...new Set(list)].slice(0, advertisedMax);
  if (primary === undefined) return { primary: isLoopback(meshHost) ? '127.0.0.1' : '', others: [] };
  return { primary, others };
}

/** Our routable addresses on real interfaces, or on inner ones where there is nothing else. */
export function realAddresses(own: readonly OwnAddress[], lease: Lease | null): readonly OwnAddress[] {
  const networks = lease === null ? [] : meshNetworks(lease);
  const usable = own.filter(({ address, loopback }) => {
    const ip = parseIp(address);
    return !loopback && ip !== undefined && !isUnroutable(ip) && !networks.some((network) => contains(network, ip));
  });
  const real = usable.filter(({ interfaceName }) => !inner.test(interfaceName));
  return real.length > 0 ? real : usable;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
