import { execFileSync } from 'node:child_process';
import { blockRules, type Blocked, type NatKind, routerRules } from './nat-rules.ts';
import { removeLan } from './namespaces.ts';

/** One network behind one router, or, with nat `none`, machines that are on the internet itself. */
export interface SiteSpec {
  readonly name: string;
  readonly nat: NatKind | 'none';
  /** Names of machines; unique in the whole internet. A carrier may have none. */
  readonly hosts: readonly string[];
  /** The site, earlier in the list, behind whose router this one's router is: double NAT. */
  readonly carrier?: string;
  /** Whether the router loops back what its own network sends to its outside address. */
  readonly hairpin?: boolean;
  /** Left out: true. */
  readonly ipv4?: boolean;
  /** Left out: false. Behind a router a routed /64 with a stateful filter; on the internet unfiltered. */
  readonly ipv6?: boolean;
}

/** An internet of network namespaces, `${prefix}-${host}` each. Everything of the prefix goes at the end, and first what an earlier run left. */
export interface Internet {
  readonly prefix: string;
  readonly hosts: readonly string[];
  /** Namespace of a machine. */
  namespace(host: string): string;
  /** Namespace of a site's router. */
  router(site: string): string;
  /** A machine's own bare address now. Throws where it has none of this family. */
  address(host: string, family?: 4 | 6): string;
  /** The bare IPv4 address from which the internet sees this machine now. */
  publicAddress(host: string): string;
  /** Pulls a machine's cable, or plugs it in again. */
  setLink(host: string, up: boolean): void;
  /** Gives a machine another address in its network, as a new lease does; the new address. */
  readdress(host: string): string;
  /** The router forgets every mapping and comes back with another address outside, unless it is to keep it. */
  rebootNat(site: string, options?: { readonly keepAddress?: boolean }): void;
  /** Drops what a machine sends and gets: all, UDP, or with one address. Returns what ends it. */
  block(host: string, what: Blocked): () => void;
  remove(): void;
}

/** A switch with its addresses. `next` counts the addresses that were given out. */
interface Segment {
  readonly namespace: string;
  readonly bridge: string;
  readonly ipv4: string;
  readonly ipv6: string;
  next: number;
}

/** One end of a cable: a machine or a router's outside. */
interface Attached {
  readonly namespace: string;
  readonly device: 'eth0' | 'wan';
  readonly segment: Segment;
  /** The switch's end. */
  readonly port: string;
  ipv4: string | null;
  ipv6: string | null;
}

interface Router {
  readonly spec: SiteSpec & { readonly nat: NatKind };
  readonly outside: Attached;
  readonly inside: Segment;
  zone: number;
}

/** Addresses for documentation (RFC 5737, RFC 3849), and what carriers give their customers (RFC 6598). */
const internetSegment = { ipv4: '203.0.113', ipv6: '2001:db8:0:0' };
const firstAddress = 10;

/** Builds the whole internet; takes about a tenth of a second for a site. Needs root. */
export function createInternet({ prefix, sites }: { readonly prefix: string; readonly sites: readonly SiteSpec[] }): Internet {
  removeInternet(prefix);
  const built = new Builder(prefix);
  try {
    for (const site of sites) built.site(site);
  } catch (error) {
    removeInternet(prefix);
    throw error;
  }
  return built.internet();
}

export function removeInternet(prefix: string): void {
  removeLan(prefix);
}

class Builder {
  readonly prefix: string;
  readonly hosts = new Map<string, Attached>();
  readonly siteOf = new Map<string, string>();
  readonly routers = new Map<string, Router>();
  readonly world: Segment;
  segments = 0;
  ports = 0;
  blocks = 0;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.world = this.segment(this.addNamespace('internet'), 'br0', internetSegment);
    // Nobody answers for addresses that are nowhere: no error comes back, as on the real internet.
    ip(this.world.namespace, ['route add blackhole default', 'route add blackhole 192.168.0.0/16', 'route add blackhole 100.64.0.0/10']);
    forwardPackets(this.world.namespace);
  }

  site(spec: SiteSpec): void {
    const { name, nat, hosts } = spec;
    const segment = nat === 'none' ? this.world : this.behindRouter({ ...spec, nat });
    for (const host of hosts) {
      if (this.hosts.has(host)) throw new Error(`two machines are named ${host}`);
      this.hosts.set(host, this.attach(segment, this.addNamespace(host), 'eth0', spec));
      this.siteOf.set(host, name);
    }
  }

  behindRouter(spec: SiteSpec & { readonly nat: NatKind }): Segment {
    const carrier = spec.carrier === undefined ? null : this.routers.get(spec.carrier);
    if (carrier === undefined) throw new Error(`no site ${spec.carrier} before ${spec.name}`);
    const namespace = this.addNamespace(`${spec.name}-router`);
    const number = ++this.segments;
    const isCarrier = spec.hosts.length === 0;
    const outside = this.attach(carrier?.inside ?? this.world, namespace, 'wan', spec);
    const inside = this.segment(namespace, 'lan', { ipv4: isCarrier ? `100.64.${number}` : `192.168.${number}`, ipv6: `2001:db8:0:${number.toString(16)}` });
    if (spec.ipv6) ip(outside.segment.namespace, [`route add ${inside.ipv6}::/64 via ${outside.ipv6}`]);
    forwardPackets(namespace);
    this.routers.set(spec.name, { spec, outside, inside, zone: 0 });
    this.start(spec.name);
    return inside;
  }

  /** Loads the router's rules with a memory of nothing. */
  start(site: string): void {
    const router = this.router(site);
    const { spec, outside, inside } = router;
    router.zone++;
    nft(outside.namespace, routerRules({ nat: spec.nat, hairpin: spec.hairpin ?? false, wan: outside.ipv4 ?? '0.0.0.0', lan: `${inside.ipv4}.0/24`, zone: router.zone }));
  }

  segment(namespace: string, bridge: string, { ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string }): Segment {
    ip(namespace, [
      `link add ${bridge} type bridge`, `link set ${bridge} up`,
      `addr add ${ipv4}.254/24 dev ${bridge}`, `addr add ${ipv6}::fe/64 dev ${bridge} nodad`,
    ]);
    return { namespace, bridge, ipv4, ipv6, next: firstAddress };
  }

  attach(segment: Segment, namespace: string, device: Attached['device'], spec: SiteSpec): Attached {
    const port = `p${++this.ports}`;
    const number = segment.next++;
    const attached: Attached = {
      namespace, device, segment, port,
      ipv4: spec.ipv4 === false ? null : `${segment.ipv4}.${number}`,
      ipv6: spec.ipv6 ? `${segment.ipv6}::${number}` : null,
    };
    ip(namespace, [`link add ${device} type veth peer name ${port} netns ${segment.namespace}`]);
    ip(segment.namespace, [`link set ${port} master ${segment.bridge} up`]);
    ip(namespace, [`link set ${device} up`, ...addressing(attached)]);
    return attached;
  }

  addNamespace(name: string): string {
    const namespace = `${this.prefix}-${name}`;
    execFileSync('ip', ['netns', 'add', namespace], { stdio: ['ignore', 'ignore', 'pipe'] });
    // Addresses are good at once: nobody else can have them.
    sysctl(namespace, 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0');
    ip(namespace, ['link set lo up']);
    return namespace;
  }

  host(name: string): Attached {
    return this.hosts.get(name) ?? missing(name);
  }
  router(site: string): Router {
    return this.routers.get(site) ?? missing(site);
  }

  publicAddress(host: string): string {
    const site = this.routers.get(this.siteOf.get(host) ?? '');
    if (!site) return this.host(host).ipv4 ?? missing(host);
    const outer = site.spec.carrier === undefined ? site : this.router(site.spec.carrier);
    return outer.outside.ipv4 ?? missing(host);
  }

  readdress(attached: Attached): void {
    const old = [attached.ipv4 && `addr del ${attached.ipv4}/24 dev ${attached.device}`, attached.ipv6 && `addr del ${attached.ipv6}/64 dev ${attached.device}`];
    const number = attached.segment.next++;
    if (attached.ipv4) attached.ipv4 = `${attached.segment.ipv4}.${number}`;
    if (attached.ipv6) attached.ipv6 = `${attached.segment.ipv6}::${number}`;
    ip(attached.namespace, [...old.filter((line) => line !== null), ...addressing(attached)]);
  }

  setLink(attached: Attached, up: boolean): void {
    const { namespace, device } = attached;
    if (!up) return ip(namespace, [`addr flush dev ${device}`, `link set ${device} down`]);
    ip(namespace, [`addr flush dev ${device}`, `link set ${device} up`, ...addressing(attached)]);
  }

  rebootNat(site: string, { keepAddress = false } = {}): void {
    const { outside, spec, inside } = this.router(site);
    this.setLink(outside, false);
    nft(outside.namespace, 'flush ruleset');
    if (!keepAddress) outside.ipv4 = outside.ipv4 && `${outside.segment.ipv4}.${outside.segment.next++}`;
    this.setLink(outside, true);
    if (spec.ipv6) ip(outside.segment.namespace, [`route replace ${inside.ipv6}::/64 via ${outside.ipv6}`]);
    this.start(site);
  }

  block(host: string, what: Blocked): () => void {
    const { segment, port } = this.host(host);
    const table = `block${++this.blocks}`;
    nft(segment.namespace, blockRules(table, port, what));
    return () => nft(segment.namespace, `delete table netdev ${table}`);
  }

  internet(): Internet {
    return {
      prefix: this.prefix,
      hosts: [...this.hosts.keys()],
      namespace: (host) => this.host(host).namespace,
      router: (site) => this.router(site).outside.namespace,
      address: (host, family = 4) => (family === 4 ? this.host(host).ipv4 : this.host(host).ipv6) ?? missing(`IPv${family} address of ${host}`),
      publicAddress: (host) => this.publicAddress(host),
      setLink: (host, up) => this.setLink(this.host(host), up),
      readdress: (host) => {
        this.readdress(this.host(host));
        return this.host(host).ipv4 ?? this.host(host).ipv6 ?? missing(host);
      },
      rebootNat: (site, options) => this.rebootNat(site, options),
      block: (host, what) => this.block(host, what),
      remove: () => removeInternet(this.prefix),
    };
  }
}

/** Addresses and default routes of a cable's end. */
function addressing({ device, segment, ipv4, ipv6 }: Attached): string[] {
  return [
    ...(ipv4 ? [`addr add ${ipv4}/24 dev ${device}`, `route replace default via ${segment.ipv4}.254`] : []),
    ...(ipv6 ? [`addr add ${ipv6}/64 dev ${device} nodad`, `route replace ::/0 via ${segment.ipv6}::fe`] : []),
  ];
}

function forwardPackets(namespace: string): void {
  sysctl(namespace, 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.send_redirects=0');
}

function sysctl(namespace: string, ...settings: string[]): void {
  execFileSync('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', ...settings], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function ip(namespace: string, lines: readonly string[]): void {
  execFileSync('ip', ['-n', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}

function nft(namespace: string, rules: string): void {
  execFileSync('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], { input: rules, stdio: ['pipe', 'ignore', 'pipe'] });
}

function missing(what: string): never {
  throw new Error(`there is no ${what}`);
}
