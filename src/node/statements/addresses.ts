import { contains, formatPrefix, type Ip, lastOf, networkOf, parsePrefix, type Prefix } from '../../base/ip.ts';
import { type Random } from '../../base/random.ts';

/**
 * The first address of a mesh network that no lease holds, in the lease's text form (`172.16.0.2/12`). The network's own address and
 * its broadcast address are nobody's (RFC 1122 §3.2.1.3; a /31 has neither, RFC 3021). Undefined when all are taken.
 */
export function firstFreeIpv4(network: Prefix, leases: readonly string[]): string | undefined {
  const bits = network.bits;
  const base = networkOf(network);
  const [first, last] = bits >= 31 ? [base.ip.value, lastOf(base).value] : [base.ip.value + 1n, lastOf(base).value - 1n];
  let candidate = first;
  for (const taken of takenIn(base, leases)) {
    if (taken < candidate) continue;
    if (taken > candidate) break;
    candidate++;
  }
  return candidate > last ? undefined : formatPrefix({ ip: { family: 4, value: candidate }, bits });
}

/** The addresses that leases hold, whatever their prefix length says, in order. */
function takenIn(network: Prefix, leases: readonly string[]): bigint[] {
  const ips = leases.map((lease) => parsePrefix(lease)?.ip ?? null).filter((ip): ip is Ip => ip !== null && contains(network, ip));
  return ips.map(({ value }) => value).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A random unique local prefix `fdxx:xxxx:xxxx::/48` (RFC 4193 §3.2, with forty random bits in place of the hash of clock and MAC). */
export function randomUla(random: Random): string {
  const value = [0xfd, ...random.bytes(5)].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) << 80n;
  return formatPrefix({ ip: { family: 6, value }, bits: 48 });
}

/** A random /64 under a /48 that is not among `taken`; undefined when none is left. */
export function randomSubnet(ula: Prefix, taken: ReadonlySet<string>, random: Random): string | undefined {
  const [high, low] = random.bytes(2) as unknown as [number, number];
  const start = high * 256 + low;
  // From a random place onwards: never asks the dice twice, and finds the last free one.
  for (let step = 0; step < subnetCount; step++) {
    const subnet = BigInt((start + step) % subnetCount);
    const text = formatPrefix({ ip: { family: 6, value: networkOf(ula).ip.value | (subnet << 64n) }, bits: 64 });
    if (!taken.has(text)) return text;
  }
  return undefined;
}

const subnetCount = 65_536;
