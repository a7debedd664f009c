import type { Security } from '../ports.ts';
import type { Profile } from '../profiles.ts';
import { publicApi, type RosterNode } from './roster.ts';

/** A node's mesh API: where it answers, and which node must prove itself there. The id is empty in clear text, where nobody proves anything. */
export interface Place {
  readonly address: string;
  readonly nodeId: string;
}

/** Where to knock, in the order of trying, and how we and they prove who we are. */
export interface Door {
  readonly places: readonly Place[];
  readonly security: (nodeId: string) => Security;
}

export const clearText: Door['security'] = () => ({ kind: 'clear-text' });

/**
 * Where a profile's mesh may answer. A host asks itself first; in a secured mesh it asks others next, because a node that was cut off
 * from the mesh cannot say so. A member asks where it was told to, then the voters it learned of, then the other ends of its invite.
 */
export function placesOf(profile: Profile, nodes: readonly RosterNode[]): readonly Place[] {
  const others = nodes.filter(({ id, role }) => id !== profile.nodeId && (role === 'leader' || role === 'voter')).flatMap((node) => {
    const address = publicApi(node);
    return address === undefined ? [] : [{ address, nodeId: node.id }];
  });
  const self = { address: `127.0.0.1:${profile.grpcPort}`, nodeId: profile.nodeId };
  if (profile.trust === 'clear-text') {
    const addresses = profile.kind === 'host' ? [self.address] : [profile.address, ...others.map(({ address }) => address)];
    return [...new Set(addresses)].map((address) => ({ address, nodeId: '' }));
  }
  const [first, ...rest] = profile.endpoints;
  return distinct(profile.kind === 'host' ? [self, ...others] : [...(first ? [first] : []), ...others, ...rest]);
}

function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [`${place.nodeId} ${place.address}`, { address: place.address, nodeId: place.nodeId }])).values()];
}
