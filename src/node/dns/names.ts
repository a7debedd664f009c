import { contains, type Ip, type Prefix } from '../../base/ip.ts';

/**
 * A domain name as its labels, the leaf first, one character an octet and in the case in which they were asked. A label may hold any octet
 * (RFC 2181 §11), also a dot: so names are compared label by label.
 */
export type Labels = readonly string[];

/** Lower case for ASCII letters alone (RFC 4343 §2): other octets have no case. */
export function folded(labels: Labels): Labels {
  return labels.map((label) => label.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
}

export function labelsOf(name: string): Labels {
  return name.split('.');
}

/** The labels in front of `apex`; undefined when the name does not lie there. Both folded. */
export function below(labels: Labels, apex: Labels): Labels | undefined {
  const depth = labels.length - apex.length;
  return depth >= 0 && apex.every((label, i) => labels[depth + i] === label) ? labels.slice(0, depth) : undefined;
}

/** The name in text, or undefined when a label holds what no name of ours has: then it is nobody's. */
export function plain(labels: Labels): string | undefined {
  return labels.every((label) => plainLabel.test(label)) ? labels.join('.') : undefined;
}

const plainLabel = /^[a-z0-9_-]{1,63}$/;
const nameCharactersMax = 253;
const idLabelsMax = 8;

/**
 * The name of a node below `domain`: its id, folded. An id with dots is a name of several labels. Undefined for an id that is no name: a label
 * that is empty or longer than 63 octets (RFC 1035 §2.3.4), anything but ASCII letters, digits, hyphens and underscores, too long in all.
 */
export function nodeName(id: string, domain: string): string | undefined {
  const labels = folded(labelsOf(id));
  const name = plain(labels);
  return name === undefined || labels.length > idLabelsMax || name.length + 1 + domain.length > nameCharactersMax ? undefined : name;
}

/** The name whose PTR tells of an address (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName({ family, value }: Ip): string {
  return family === 4
    ? `${[0n, 8n, 16n, 24n].map((shift) => (value >> shift) & 255n).join('.')}.in-addr.arpa`
    : `${[...value.toString(16).padStart(32, '0')].reverse().join('.')}.ip6.arpa`;
}

/** What a reverse name stands for: an address when it is whole, otherwise all addresses that begin so. */
export interface Reverse {
  readonly prefix: Prefix;
  /** The zone: the network's own name where its length is whole octets or nibbles, otherwise one of the names right below that cover it. */
  readonly apex: Labels;
}

const families = [
  { family: 4, suffix: ['in-addr', 'arpa'], step: 8, base: 10, digits: /^(0|[1-9]\d{0,2})$/ },
  { family: 6, suffix: ['ip6', 'arpa'], step: 4, base: 16, digits: /^[0-9a-f]$/ },
] as const;

/**
 * Finds the reverse zone among `networks` that a folded name lies in. Undefined: in none. A prefix of null: the name lies there and can be
 * no address.
 */
export function reverseOf(labels: Labels, networks: readonly Prefix[]): { readonly apex: Labels; readonly prefix: Prefix | null } | undefined {
  const kind = families.find(({ suffix }) => below(labels, suffix));
  if (!kind) return undefined;
  const parts = (below(labels, kind.suffix) ?? []).toReversed();
  for (const network of networks) {
    const depth = Math.ceil(network.bits / kind.step);
    const top = network.ip.family === kind.family && parts.length >= depth ? prefixOf(parts.slice(0, depth), kind) : null;
    if (!top || !contains(network, top.ip)) continue;
    return { apex: labels.slice(labels.length - depth - kind.suffix.length), prefix: prefixOf(parts, kind) };
  }
  return undefined;
}

/** Numbers from the top down as a prefix; null when they are none. */
function prefixOf(parts: Labels, { family, step, base, digits }: (typeof families)[number]): Prefix | null {
  const width = family === 4 ? 32 : 128;
  const bits = parts.length * step;
  const values = parts.map((part) => (digits.test(part) ? Number.parseInt(part, base) : -1));
  if (bits > width || values.some((value) => value < 0 || value >= 1 << step)) return null;
  const value = values.reduce((sum, each) => (sum << BigInt(step)) | BigInt(each), 0n);
  return { ip: { family, value: value << BigInt(width - bits) }, bits };
}
