import { type SiteSpec } from './nat.ts';

/** What a pair of networks allows, told from RFC 4787 and RFC 5128 alone: the path finder's own opinion is not asked. */
export const gridKinds = ['open', 'full-cone', 'port-restricted', 'symmetric', 'double-nat', 'udp-blocked', 'ipv6-only', 'same-lan', 'hairpin'] as const;
export type GridKind = (typeof gridKinds)[number];

interface Nature {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly udp: boolean;
  /** One public port for all (endpoint-independent mapping), or none needed. */
  readonly easyMapping: boolean;
  /** Lets in who was not spoken to before: no NAT, or a full cone. */
  readonly openFilter: boolean;
}

const natures: Readonly<Record<GridKind, Nature>> = {
  open: { ipv4: true, ipv6: true, udp: true, easyMapping: true, openFilter: true },
  'full-cone': { ipv4: true, ipv6: false, udp: true, easyMapping: true, openFilter: true },
  'port-restricted': { ipv4: true, ipv6: false, udp: true, easyMapping: true, openFilter: false },
  symmetric: { ipv4: true, ipv6: false, udp: true, easyMapping: false, openFilter: false },
  'double-nat': { ipv4: true, ipv6: false, udp: true, easyMapping: true, openFilter: false },
  'udp-blocked': { ipv4: true, ipv6: false, udp: false, easyMapping: false, openFilter: false },
  'ipv6-only': { ipv4: false, ipv6: true, udp: true, easyMapping: true, openFilter: true },
  'same-lan': { ipv4: true, ipv6: false, udp: true, easyMapping: true, openFilter: false },
  hairpin: { ipv4: true, ipv6: false, udp: true, easyMapping: true, openFilter: false },
};

/** The best that can be: direct where a datagram of one side can meet a hole, or an open door, of the other. */
export function bestPath(a: GridKind, b: GridKind): 'direct' | 'relay' {
  const [one, two] = [natures[a], natures[b]];
  if (!one.udp || !two.udp) return 'relay';
  if (!((one.ipv4 && two.ipv4) || (one.ipv6 && two.ipv6))) return 'relay';
  // Where one side's port is another one for each end, the other side must let in whoever comes.
  if (!one.easyMapping) return two.openFilter ? 'direct' : 'relay';
  if (!two.easyMapping) return one.openFilter ? 'direct' : 'relay';
  return 'direct';
}

export function hostOf(kind: GridKind, slot: 'a' | 'b'): string {
  return `${kind}-${slot}`;
}

/** The internet of the grid: one public host, and two members of each kind, which share a router only where the kind says so. */
export function gridSites(kinds: readonly GridKind[]): readonly SiteSpec[] {
  const hub: SiteSpec = { name: 'hub', nat: 'none', hosts: ['hub'], ipv6: true };
  return [hub, ...kinds.flatMap((kind) => (kind === 'same-lan' ? lan() : kind === 'hairpin' ? hairpin() : [...apart(kind, 'a'), ...apart(kind, 'b')]))];
}

function apart(kind: GridKind, slot: 'a' | 'b'): readonly SiteSpec[] {
  const name = hostOf(kind, slot);
  const hosts = [name];
  switch (kind) {
    case 'open': return [{ name, nat: 'none', hosts, ipv6: true }];
    case 'ipv6-only': return [{ name, nat: 'none', hosts, ipv4: false, ipv6: true }];
    case 'double-nat': return [{ name: `${name}-carrier`, nat: 'port-restricted', hosts: [] }, { name, nat: 'port-restricted', hosts, carrier: `${name}-carrier` }];
    case 'same-lan': case 'hairpin': return [];
    default: return [{ name, nat: kind, hosts }];
  }
}

function lan(): readonly SiteSpec[] {
  return [{ name: 'same-lan', nat: 'port-restricted', hosts: [hostOf('same-lan', 'a'), hostOf('same-lan', 'b')] }];
}

/** Two homes behind one carrier, which loops back what one sends to the other's outside. */
function hairpin(): readonly SiteSpec[] {
  const home = (slot: 'a' | 'b'): SiteSpec => ({ name: hostOf('hairpin', slot), nat: 'port-restricted', hosts: [hostOf('hairpin', slot)], carrier: 'hairpin-carrier' });
  return [{ name: 'hairpin-carrier', nat: 'port-restricted', hosts: [], hairpin: true }, home('a'), home('b')];
}
