import { type ReadCell } from '../base/cell.ts';
import { Feature } from '../gen/v1/mesh_messages.ts';
import { type RaftView } from '../raft/types.ts';
import { type ServicesConfig } from './config.ts';

/**
 * The services of a node that are registered for as long as it runs. `iceNegotiation`: the WebRTC service is among them. What a part does (TURN,
 * names, the endpoint for Prometheus) is its own to say; the v1 API's METRICS is that endpoint, not our RPC for metrics.
 */
export type StaticOffers = Pick<ServicesConfig, 'meshApi' | 'peerDiscovery' | 'iceNegotiation'>;

/** The order is part of the API: that of the enum. */
const order = [
  Feature.NODES, Feature.LEADER_PROXY, Feature.MESH_API, Feature.PEER_DISCOVERY,
  Feature.METRICS, Feature.ICE_NEGOTIATION, Feature.TURN_SERVER, Feature.MESH_DNS,
] as const;

/** What a node does for others at each moment: what it always serves, and what each part says that answers now. The same list while nothing changed. */
export function trueFeatures(offers: StaticOffers, parts: readonly ReadCell<readonly Feature[]>[]): ReadCell<readonly Feature[]> {
  const fixed = new Set(staticFeatures(offers));
  let known: readonly Feature[] = [];
  const get = (): readonly Feature[] => {
    const offered = new Set([...fixed, ...parts.flatMap((part) => part.get())]);
    const now = order.filter((feature) => offered.has(feature));
    if (now.join() !== known.join()) known = now;
    return known;
  };
  return {
    get,
    subscribe: (see) => {
      let told = get();
      const look = (): void => {
        const now = get();
        if (now === told) return;
        told = now;
        see(now);
      };
      const ends = parts.map((part) => part.subscribe(look));
      return () => ends.forEach((end) => end());
    },
  };
}

export interface ProxyFacts {
  readonly offered: boolean;
  readonly secure: boolean;
  readonly nodeId: string;
  readonly view: ReadCell<RaftView>;
}

/** LEADER_PROXY as it is: in a secured mesh a leader believes voters alone to speak for their callers, so others pass nothing on (see rpc/forward). */
export function proxyFeature({ offered, secure, nodeId, view }: ProxyFacts): ReadCell<readonly Feature[]> {
  const get = (): readonly Feature[] => {
    const votes = view.get().configuration.servers.some(({ id, voter }) => id === nodeId && voter);
    return offered && (votes || !secure) ? proxying : nothing;
  };
  return { get, subscribe: (see) => view.subscribe(() => see(get())) };
}

const proxying: readonly Feature[] = [Feature.LEADER_PROXY];
const nothing: readonly Feature[] = [];

function staticFeatures({ meshApi, peerDiscovery, iceNegotiation }: StaticOffers): readonly Feature[] {
  const wanted: readonly (readonly [boolean, Feature])[] = [
    [true, Feature.NODES], [meshApi, Feature.MESH_API], [peerDiscovery, Feature.PEER_DISCOVERY], [iceNegotiation, Feature.ICE_NEGOTIATION],
  ];
  return wanted.filter(([offered]) => offered).map(([, feature]) => feature);
}
