import { contains, formatIp, type Ip, parseIp, parsePrefix } from '../../base/ip.ts';

/** use: give this text to ICE. skip: of a kind that means nothing here. bad: no candidate at all. */
export type HeardCandidate = { readonly kind: 'use'; readonly text: string } | { readonly kind: 'skip' } | { readonly kind: 'bad' };

export const candidateCharactersMax = 512;
export const candidatesMax = 32;

const pattern = /^(?:a=)?(?:candidate:)?([A-Za-z0-9+/]{1,32}) ([0-9]{1,3}) ([A-Za-z]{2,8}) ([0-9]{1,10}) (\S{1,253}) ([0-9]{1,5}) typ ([a-z]{1,16})(?: .*)?$/;
const types = ['host', 'srflx', 'prflx', 'relay'];

/** This network, loopback, multicast, broadcast and addresses that stand for an IPv4 one: nothing is ever sent there for others. */
const never = ['0.0.0.0/8', '224.0.0.0/3', '::/96', '::ffff:0:0/96', 'ff00::/8'].flatMap((text) => parsePrefix(text) ?? []);
const loopback = ['127.0.0.0/8', '::1/128'].flatMap((text) => parsePrefix(text) ?? []);

/**
 * Reads one candidate (RFC 8839, section 5.1) in the form of the W3C, with or without its prefix. What is used is written anew, with an address
 * instead of a name. `mayTry` says whether packets may be sent to an address at all; loopback is for ends that are both there.
 */
export function readCandidate(text: string, own: { readonly hosts: readonly string[]; readonly mayTry: (ip: Ip) => boolean }): HeardCandidate {
  const match = text.length <= candidateCharactersMax ? pattern.exec(text) : null;
  if (!match) return { kind: 'bad' };
  const [, foundation, component, transport = '', priority = '', host = '', port = '', type = ''] = match;
  const ip = parseIp(host);
  if (Number(port) > 65_535 || Number(priority) > 0xffff_ffff) return { kind: 'bad' };
  if (!ip || component !== '1' || transport.toLowerCase() !== 'udp' || port === '0' || !types.includes(type)) return { kind: 'skip' };
  const isLoopback = loopback.some((network) => contains(network, ip));
  if (isLoopback ? !own.hosts.some(isLoopbackText) : never.some((network) => contains(network, ip)) || !own.mayTry(ip)) return { kind: 'skip' };
  return { kind: 'use', text: `candidate:${foundation} 1 udp ${Number(priority)} ${formatIp(ip)} ${Number(port)} typ ${type}` };
}

function isLoopbackText(text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && loopback.some((network) => contains(network, ip));
}
