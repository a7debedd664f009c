import { labelsOf } from './names.ts';
import { type Zone } from './zone.ts';

/** The same mesh under several domains as one zone. A name belongs to the deepest domain that it lies in; a reverse name is told under the first of those. */
export function joinedZone(zones: readonly { readonly domain: string; readonly zone: Zone }[]): Zone {
  const deepest = zones.toSorted((a, b) => labelsOf(b.domain).length - labelsOf(a.domain).length).map(({ zone }) => zone);
  return {
    find: (labels) => {
      for (const zone of deepest) {
        const found = zone.find(labels);
        if (found) return found;
      }
      return undefined;
    },
    soa: (apex) => {
      const zone = deepest.find((each) => each.find(labelsOf(apex))) ?? deepest[0];
      if (!zone) throw new Error('a zone of no zones was asked');
      return zone.soa(apex);
    },
  };
}
