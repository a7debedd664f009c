/**
 * IP addresses as values: parse, print, contain, join with a port. IPv4 is 32 bits, IPv6 is 128 bits, both as bigint.
 * Text forms: RFC 4291 and RFC 5952 for IPv6. Zones (`%eth0`) are accepted on input and kept out of the value.
 */
export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** An address and a prefix length: `172.16.0.2/12` keeps its host bits. */
export interface Prefix {
  readonly ip: Ip;
  readonly bits: number;
}

export function parseIp(text: string): Ip | undefined {
  const bare = text.includes(':') ? text.replace(/%[0-9A-Za-z_.-]{1,32}$/, '') : text;
  return bare.includes(':') ? parseIpv6(bare) : parseIpv4(bare);
}

export function formatIp({ family, value }: Ip): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((s) => (value >> s) & 255n).join('.');
  const words = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  const run = longestZeroRun(words);
  if (run.length < 2) return words.map((w) => w.toString(16)).join(':');
  const hex = (part: number[]): string => part.map((w) => w.toString(16)).join(':');
  return `${hex(words.slice(0, run.start))}::${hex(words.slice(run.start + run.length))}`;
}

/** `address/bits`, with the host bits kept. Bits are required. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const ip = match?.[1] === undefined ? undefined : parseIp(match[1]);
  const bits = Number(match?.[2]);
  return ip && bits <= widthOf(ip) ? { ip, bits } : undefined;
}

export function formatPrefix({ ip, bits }: Prefix): string {
  return `${formatIp(ip)}/${bits}`;
}

/** The same prefix with its host bits cleared. */
export function networkOf({ ip, bits }: Prefix): Prefix {
  const host = BigInt(widthOf(ip) - bits);
  return { ip: { family: ip.family, value: (ip.value >> host) << host }, bits };
}

/** The last address of a prefix; for IPv4 the broadcast address. */
export function lastOf(prefix: Prefix): Ip {
  const host = BigInt(widthOf(prefix.ip) - prefix.bits);
  return { family: prefix.ip.family, value: networkOf(prefix).ip.value | ((1n << host) - 1n) };
}

export function contains(network: Prefix, ip: Ip): boolean {
  if (network.ip.family !== ip.family) return false;
  const host = BigInt(widthOf(ip) - network.bits);
  return network.ip.value >> host === ip.value >> host;
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b.ip) || contains(b, a.ip);
}

/** `host:port`, IPv6 bracketed. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Splits `host:port` or `[v6]:port`. The host may be a name. Undefined when it is neither. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (!host || port < 1 || port > 65535) return undefined;
  if (match?.[1] !== undefined && parseIp(match[1])?.family !== 6) return undefined;
  return { host, port };
}

/** True for addresses that only this machine can reach, or that are no host at all. */
export function isUnroutable({ family, value }: Ip): boolean {
  if (family === 4) return value >> 24n === 127n || value >> 24n === 0n || value >> 28n >= 14n;
  return value === 0n || value === 1n || value >> 118n === 0x3fan || value >> 120n === 0xffn;
}

/** True when the whole network is for private use (RFC 1918), shared (RFC 6598) or unique local (RFC 4193): where a mesh may lie. */
export function isPrivate(network: Prefix): boolean {
  return privateSpaces.some((space) => space.bits <= network.bits && contains(space, network.ip));
}

function widthOf(ip: Ip): number {
  return ip.family === 4 ? 32 : 128;
}

function parseIpv4(text: string): Ip | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) <= 255)) return undefined;
  return { family: 4, value: parts.reduce((sum, p) => (sum << 8n) | BigInt(p), 0n) };
}

function parseIpv6(text: string): Ip | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const v4 = tail?.[2] === undefined ? undefined : parseIpv4(tail[2]);
  if (tail && !v4) return undefined;
  const hex = v4 ? `${tail?.[1]}${(v4.value >> 16n).toString(16)}:${(v4.value & 0xffffn).toString(16)}` : text;
  const halves = hex.split('::');
  if (halves.length > 2) return undefined;
  const head = wordsOf(halves[0] ?? '');
  const rest = halves.length === 2 ? wordsOf(halves[1] ?? '') : [];
  if (!head || !rest) return undefined;
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const words = [...head, ...Array<bigint>(missing).fill(0n), ...rest];
  return { family: 6, value: words.reduce((sum, w) => (sum << 16n) | w, 0n) };
}

function wordsOf(text: string): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  return parts.every((p) => /^[0-9a-fA-F]{1,4}$/.test(p)) ? parts.map((p) => BigInt(`0x${p}`)) : undefined;
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

const privateSpaces = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'].flatMap((text) => parsePrefix(text) ?? []);
