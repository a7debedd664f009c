import type { Clock } from '../../base/clock.ts';
import type { OffersView } from '../../contract/state.ts';

/** What a machine can offer, and the feature by which its node says that it answers. */
const features = { iceNegotiation: 'ICE_NEGOTIATION', turnServer: 'TURN_SERVER', meshDns: 'MESH_DNS', prometheus: 'METRICS' } as const;
export type OfferName = keyof typeof features;

/** Time for a service to start, and for its feature to be told. */
export const missingAfterMs = 10_000;

/** Tells which wanted offers have been missing for a while. */
export function createMissing(clock: Clock): { look(connected: boolean, offers: OffersView | null, offered: readonly string[]): readonly OfferName[] } {
  const sinceMs = new Map<OfferName, number>();
  return {
    look: (connected, offers, offered) => (Object.keys(features) as OfferName[]).filter((name) => {
      if (!connected || !offers?.[name] || offered.includes(features[name])) {
        sinceMs.delete(name);
        return false;
      }
      const nowMs = clock.monotonicMs();
      const since = sinceMs.get(name) ?? nowMs;
      sinceMs.set(name, since);
      return nowMs - since >= missingAfterMs;
    }),
  };
}
