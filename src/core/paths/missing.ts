import type { OffersView } from '../../contract/state.ts';

/** What a machine can offer, and the feature by which its node says that it answers. */
const features = { iceNegotiation: 'ICE_NEGOTIATION', turnServer: 'TURN_SERVER', meshDns: 'MESH_DNS', prometheus: 'METRICS' } as const;
export type OfferName = keyof typeof features;

/** Which wanted offers the node does not name. */
export function missingOffers(offers: OffersView | null, offered: readonly string[]): readonly OfferName[] {
  return (Object.keys(features) as OfferName[]).filter((name) => offers?.[name] && !offered.includes(features[name]));
}
