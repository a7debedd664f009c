import { formatIp, formatPrefix, networkOf, parseIp, parsePrefix } from '../../base/ip.ts';
import { type NodeRow } from '../state/reads.ts';
import { type DeviceRow } from '../state/trust-rows.ts';

/** What the state says of who has which address; see state/reads. */
export interface RosterReads {
  nodes(): readonly NodeRow[];
  readonly trust: { device(id: string): DeviceRow | undefined };
  readonly revision: { get(): number };
}

/** Every node has one /64 of the mesh: all of it is that node. */
const nodeBits = 64;

/**
 * Who may read the figures: whose address belongs to a node of the mesh and, in a secured one, to a member or an admin whose device is active.
 * Guests may not, nor anybody while this node does not know the mesh yet. WireGuard lets nobody speak from another one's address.
 */
export function createReaders(reads: RosterReads, secure: boolean): (source: string) => boolean {
  let known: { readonly revision: number; readonly addresses: ReadonlySet<string> } | undefined;

  /** Strangers may ask often; the list changes only with the revision. */
  function addresses(): ReadonlySet<string> {
    const revision = reads.revision.get();
    if (known?.revision !== revision) {
      const rows = reads.nodes().filter(({ id }) => !secure || mayRead(reads.trust.device(id)));
      known = { revision, addresses: new Set(rows.flatMap(addressesOf)) };
    }
    return known.addresses;
  }

  return (source) => {
    const ip = parseIp(source);
    if (ip === undefined) return false;
    return addresses().has(ip.family === 4 ? formatIp(ip) : formatPrefix(networkOf({ ip, bits: nodeBits })));
  };
}

function mayRead(device: DeviceRow | undefined): boolean {
  return device?.state === 'active' && (device.role === 'member' || device.role === 'admin');
}

function addressesOf({ leaseIpv4, networkIpv6 }: NodeRow): readonly string[] {
  const ipv4 = parsePrefix(leaseIpv4 ?? '');
  const ipv6 = parsePrefix(networkIpv6 ?? '');
  return [
    ...(ipv4?.ip.family === 4 ? [formatIp(ipv4.ip)] : []),
    ...(ipv6?.ip.family === 6 && ipv6.bits === nodeBits ? [formatPrefix(networkOf(ipv6))] : []),
  ];
}
