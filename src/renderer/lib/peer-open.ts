import { parseIp } from '../../base/ip.ts';
import type { PeerView } from '../../contract/state.ts';

/** What can be opened at a peer, in the person's browser or terminal. The desktop's shell checks each address again (src/main/peer-links.ts). */
export const schemes = ['http', 'https', 'ssh'] as const;
export type Scheme = (typeof schemes)[number];

export const usualPort: Readonly<Record<Scheme, number>> = { http: 80, https: 443, ssh: 22 };

/** The address to open, or null where there is none: no address in the mesh, or what was typed is no port. */
export function peerLink({ ipv4, ipv6 }: Pick<PeerView, 'ipv4' | 'ipv6'>, scheme: Scheme, typed: string): string | null {
  const address = parseIp(ipv4 ?? ipv6 ?? '') === undefined ? null : (ipv4 ?? ipv6);
  const port = portOf(typed, scheme);
  if (address === null || port === null) return null;
  const host = address.includes(':') ? `[${address}]` : address;
  return `${scheme}://${host}${port === usualPort[scheme] ? '' : `:${port}`}${scheme === 'ssh' ? '' : '/'}`;
}

/** The usual port for nothing typed; null for what is no port. */
function portOf(typed: string, scheme: Scheme): number | null {
  const text = typed.trim();
  if (text === '') return usualPort[scheme];
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : null;
}

/** What a person types into a terminal. Only addresses: names are chosen by others, and a shell would read them. */
export function sshLine({ ipv4, ipv6 }: Pick<PeerView, 'ipv4' | 'ipv6'>): string | null {
  const address = ipv4 ?? ipv6;
  return address === null || parseIp(address) === undefined ? null : `ssh ${address}`;
}
