import { formatIp, parseIp } from '../base/ip.ts';
import type { PeersTopic } from '../contract/state.ts';

const usualPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ssh:': 22 };

/**
 * The address to open outside for a link to a peer of the present mesh, or null. Nothing of it is the page's choice but scheme, peer and
 * port: no name (a literal address of the list), no user, no path, no query; what is opened is written anew from those three.
 */
export function peerLink(link: string, { list }: Pick<PeersTopic, 'list'>): string | null {
  if (link.length > 80 || !URL.canParse(link)) return null;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(link);
  const usual = usualPorts[protocol];
  const number = port === '' ? usual : Number(port);
  if (usual === undefined || number === undefined || !Number.isInteger(number) || number < 1 || number > 65_535) return null;
  if (username !== '' || password !== '' || search !== '' || hash !== '' || !(pathname === '' || pathname === '/')) return null;
  const ip = parseIp(hostname.replace(/^\[|\]$/g, ''));
  if (ip === undefined) return null;
  const host = formatIp(ip);
  // While nothing is connected the same address may be somebody else's, in the network at hand.
  if (!list.some(({ self, path, ipv4, ipv6 }) => !self && path.kind !== 'down' && (ipv4 === host || ipv6 === host))) return null;
  const written = `${protocol}//${ip.family === 6 ? `[${host}]` : host}${number === usual ? '' : `:${number}`}`;
  return protocol === 'ssh:' ? written : `${written}/`;
}
