import type { OffersView } from '../../contract/state.ts';
import type { NodeServices, PathSettings } from '../../gen/webmesh/helper/v1/helper.ts';

/** The part of a profile that decides what its machine does for the members. */
export interface Offering {
  readonly kind: 'host' | 'member';
  readonly asVoter: boolean;
  readonly trust: 'mtls' | 'clear-text';
  readonly offers?: OffersView | undefined;
}

/** True for a profile whose node answers the public: a host, and in a secured network whoever votes. */
export function serves({ kind, asVoter, trust }: Pick<Offering, 'kind' | 'asVoter' | 'trust'>): boolean {
  return kind === 'host' || (asVoter && trust === 'mtls');
}

/** What a machine does when nobody chose: who answers the public relays as well, the others only what costs them nothing. */
export function offersOf(profile: Offering): OffersView {
  const open = serves(profile);
  return profile.offers ?? { iceNegotiation: true, turnServer: open, meshDns: true, prometheus: true, relayMbit: open ? 50 : 0, shares: [] };
}

/** Offers as the node process takes them. Ports are left to it. */
export function offeredServices(offers: OffersView): { services: Pick<NodeServices, 'iceNegotiation' | 'turnServer' | 'meshDns' | 'prometheus'>; paths: PathSettings } {
  const { iceNegotiation, turnServer, meshDns, prometheus, relayMbit, shares } = offers;
  return {
    services: { iceNegotiation, turnServer, meshDns, prometheus },
    paths: { turnPort: 0, dnsPort: 0, prometheusPort: 0, relayBytesPerSecond: BigInt(relayMbit) * 125_000n, shares: [...shares], dnsDomain: '', localDomain: '', localDnsPort: 0 },
  };
}
