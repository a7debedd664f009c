import { formatIp, lastOf, type Prefix } from '../../base/ip.ts';
import { type ResourceRecord, ttlSeconds } from './codec.ts';
import { below, folded, type Labels, labelsOf, nodeName, plain, reverseName, reverseOf } from './names.ts';
import { addressRecords, txtRecord, type ZoneNode } from './node-records.ts';

export interface ZoneData {
  /** Lower case, no dot at the end. */
  readonly domain: string;
  /** Id of the node that answers. */
  readonly self: string;
  readonly nodes: readonly ZoneNode[];
  /** The networks of the mesh: their reverse zones are ours. */
  readonly networks: readonly Prefix[];
}

/** The names of a mesh, made once for each change of it. */
export interface Zone {
  /** What is known of a name in any case; undefined for one outside of our zones. */
  find(labels: Labels): Found | undefined;
  /** The SOA of an apex that `find` told. */
  soa(apex: string): ResourceRecord;
}

export interface Found {
  readonly apex: string;
  /** A name with no records of its own exists when others lie below it (RFC 8020). */
  readonly exists: boolean;
  /** All records of this very name, and of others what an asker will want next. */
  readonly records: readonly ResourceRecord[];
  readonly related: readonly ResourceRecord[];
}

/** `serial` is asked at each answer and grows with the mesh's log; it wraps as serials do (RFC 1982). */
export function createZone({ domain, self, nodes, networks }: ZoneData, serial: () => number): Zone {
  const named = nodesByName(nodes, domain);
  const above = new Set([...named.keys()].flatMap(parents));
  const byAddress = new Map([...named.values()].flatMap((node) => [node.ipv4, node.ipv6].flatMap((ip) => (ip ? [[formatIp(ip), node] as const] : []))));
  const ordered = { 4: valuesOf(4), 6: valuesOf(6) };
  const apexLabels = labelsOf(domain);

  function soa(apex: string): ResourceRecord {
    const [mname, rname] = [nameServer(self, domain), `hostmaster.${domain}`];
    return { name: apex, type: 'SOA', data: { mname, rname, serial: serial() % 2 ** 32, refresh: 60, retry: 10, expire: 3600, minimum: ttlSeconds } };
  }

  function valuesOf(family: 4 | 6): readonly bigint[] {
    return [...named.values()].flatMap(({ ipv4, ipv6 }) => (family === 4 ? ipv4 : ipv6)?.value ?? []).sort((a, b) => (a < b ? -1 : 1));
  }

  /** SOA and NS, and where the name server is. */
  function apexOf(apex: string): Found {
    const server = nameServer(self, domain);
    const own = nodes.find(({ id }) => id === self);
    const glue = own ? addressRecords(server, own) : [];
    // An id that is no name makes the apex its own name server.
    const here = server === apex ? glue : [];
    return { apex, exists: true, records: [soa(apex), { name: apex, type: 'NS', data: server }, ...here], related: glue };
  }

  function forward(rest: Labels): Found {
    if (rest.length === 0) return apexOf(domain);
    const name = plain(rest);
    const node = name === undefined ? undefined : named.get(name);
    const records = node ? [...addressRecords(`${name}.${domain}`, node), txtRecord(`${name}.${domain}`, node)] : [];
    return { apex: domain, exists: node !== undefined || (name !== undefined && above.has(name)), records, related: records };
  }

  function backward(labels: Labels, apexed: Labels, prefix: Prefix | null): Found {
    const apex = apexed.join('.');
    const top = labels.length === apexed.length ? apexOf(apex) : { records: [], related: [] };
    const exists = labels.length === apexed.length || (prefix !== null && anyIn(ordered[prefix.ip.family], prefix));
    const node = prefix && prefix.bits === (prefix.ip.family === 4 ? 32 : 128) ? byAddress.get(formatIp(prefix.ip)) : undefined;
    const name = node && nodeName(node.id, domain);
    const pointer: readonly ResourceRecord[] = prefix && name ? [{ name: reverseName(prefix.ip), type: 'PTR', data: `${name}.${domain}` }] : [];
    return { apex, exists, records: [...top.records, ...pointer], related: top.related };
  }

  return {
    soa,
    find: (asked) => {
      const labels = folded(asked);
      const rest = below(labels, apexLabels);
      if (rest) return forward(rest);
      const reverse = reverseOf(labels, networks);
      return reverse && backward(labels, reverse.apex, reverse.prefix);
    },
  };
}

/** Two ids that differ in case alone are one name: it goes to the one in lower case, else to the first. */
function nodesByName(nodes: readonly ZoneNode[], domain: string): ReadonlyMap<string, ZoneNode> {
  const named = new Map<string, ZoneNode>();
  for (const node of nodes) {
    const name = nodeName(node.id, domain);
    if (name !== undefined && (!named.has(name) || node.id === name)) named.set(name, node);
  }
  return named;
}

function parents(name: string): readonly string[] {
  const labels = labelsOf(name);
  return labels.slice(1).map((_, i) => labels.slice(i + 1).join('.'));
}

/** The node that answers is the name server that it names; an id that is no name leaves the apex itself. */
function nameServer(self: string, domain: string): string {
  const name = nodeName(self, domain);
  return name === undefined ? domain : `${name}.${domain}`;
}

/** Whether one of the ordered values lies within. */
function anyIn(values: readonly bigint[], prefix: Prefix): boolean {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as bigint) < prefix.ip.value) low = middle + 1;
    else high = middle;
  }
  const found = values[low];
  return found !== undefined && found <= lastOf(prefix).value;
}
