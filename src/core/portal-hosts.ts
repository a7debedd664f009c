import { splitHostPort, parseIp } from '../base/ip.ts';
import type { Network } from './networks/network.ts';

/**
 * The hosts of networks that are wanted and do not answer: who waits for its next try, who was refused by something, who works on with what it
 * knew. A person's own network is asked for by the addresses that its invite or its address names, then by those of its nodes.
 */
export function portalHosts(networks: readonly Pick<Network, 'profile' | 'session'>[]): readonly string[] {
  return networks.flatMap(({ profile, session }) => {
    const { want, phase } = session.view.get().state;
    const stuck = phase.name === 'reconnecting' || phase.name === 'blocked' || (phase.name === 'connected' && phase.degraded === 'control-plane-lost');
    const known = profile();
    if (want !== 'connected' || !stuck || !known) return [];
    const named = known.kind === 'member' ? [...known.endpoints.map(({ address }) => address), known.address] : [];
    const advertised = session.roster.get().nodes.filter(({ id }) => id !== known.nodeId).flatMap(({ endpoints }) => endpoints);
    return [...named, ...advertised].flatMap((text) => {
      const host = splitHostPort(text)?.host;
      return host === undefined || isHere(host) ? [] : [host];
    });
  });
}

/** No network stands between this machine and itself. */
function isHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || (parseIp(host) !== undefined && host.startsWith('127.'));
}
