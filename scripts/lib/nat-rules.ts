/**
 * What a router between a home and the internet does to UDP, as nftables rules. Kinds in the terms of RFC 4787: how a port is mapped
 * (section 4.1), and whose packets are let in (section 5).
 */
export const natKinds = ['full-cone', 'address-restricted', 'port-restricted', 'symmetric', 'udp-blocked'] as const;
/**
 * full-cone: endpoint-independent mapping and filtering. address-restricted: filtering by address. port-restricted: by address and port,
 * what most homes have. symmetric: another port for each other end. udp-blocked: port-restricted for TCP, no UDP at all.
 */
export type NatKind = (typeof natKinds)[number];

export interface RouterRules {
  readonly nat: NatKind;
  /** The router's own address outside. */
  readonly wan: string;
  /** address/bits inside. */
  readonly lan: string;
  readonly hairpin: boolean;
  /** Connections of another zone are not found: a new number forgets them all, as a reboot does. */
  readonly zone: number;
}

/** IPv4: translation and filter. The devices are named `wan` and `lan`. */
export function routerRules({ nat, wan, lan, hairpin, zone }: RouterRules): string {
  // What was mapped is written down after translation, so that the map holds the port that the outside sees.
  return `
flush ruleset
table inet zones {
  chain pre { type filter hook prerouting priority raw; ct zone set ${zone}; }
  chain out { type filter hook output priority raw; ct zone set ${zone}; }
}
table ip nat {
  map mapped { type inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 10m; size 4096; }
  set spoken { type inet_service . ipv4_addr; flags dynamic,timeout; timeout 10m; size 16384; }
  chain pre {
    type nat hook prerouting priority dstnat;
${inbound(nat)}
${hairpin ? `    iifname lan ip daddr ${wan} meta l4proto udp dnat ip to udp dport map @mapped` : ''}
  }
  chain post {
    type nat hook postrouting priority srcnat;
    oifname wan masquerade ${nat === 'symmetric' ? 'random,fully-random' : 'persistent'}
    oifname lan ct status dnat ip saddr ${lan} snat to ${wan}
  }
  chain record {
    type filter hook postrouting priority 300;
    oifname wan meta l4proto udp ct direction original update @mapped { udp sport : ct original ip saddr . ct original proto-src }
    oifname wan meta l4proto udp update @spoken { udp sport . ip daddr }
  }
}
table ip fw {
  chain input {
    type filter hook input priority filter;
    ct state established,related accept
    # A probe that came early would become a connection of the router itself and take the port that the host's own packet needs.
    iifname wan meta l4proto udp drop
    iifname lan ip daddr ${wan} meta l4proto udp drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
${nat === 'udp-blocked' ? '    meta l4proto udp drop' : ''}
    ct state established,related accept
    iifname lan accept
    ct status dnat accept
  }
}
${firewall6}`;
}

function inbound(nat: NatKind): string {
  switch (nat) {
    case 'full-cone': return '    iifname wan meta l4proto udp dnat ip to udp dport map @mapped';
    case 'address-restricted': return '    iifname wan udp dport . ip saddr @spoken dnat ip to udp dport map @mapped';
    case 'port-restricted': case 'symmetric': case 'udp-blocked': return '';
  }
}

/** IPv6 is not translated, only filtered (RFC 6092). */
const firewall6 = `table ip6 fw {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname lan accept
    meta l4proto ipv6-icmp accept
  }
}
`;

/** Drops what one machine sends and gets, at the switch: the machine itself notices nothing, as on a real network. */
export function blockRules(table: string, port: string, what: Blocked): string {
  const match = what === 'all' ? '' : what === 'udp' ? 'meta l4proto udp ' : null;
  const [from, to] = match !== null ? [match, match] : [`${ipOf(what)} daddr ${what} `, `${ipOf(what)} saddr ${what} `];
  return `table netdev ${table} {
  chain from { type filter hook ingress device "${port}" priority 0; ${from}drop; }
  chain to { type filter hook egress device "${port}" priority 0; ${to}drop; }
}
`;
}

/** Everything, UDP alone, or what goes to and comes from one bare address. */
export type Blocked = 'all' | 'udp' | (string & {});

function ipOf(address: string): string {
  return address.includes(':') ? 'ip6' : 'ip';
}
