import type { Claims } from '../../../src/helper/tunnel/claims.ts';
import type { Fence, Fences } from '../../../src/helper/tunnel/fence.ts';
import type { Lanes } from '../../../src/helper/lanes.ts';
import type { WatchResponse } from '../../../src/gen/webmesh/helper/v1/helper.ts';

/** One mistake each, made from outside: the product knows nothing of them. Every one must be noticed. */
export const mutants = [
  'finds lanes by their user', 'keeps claims for ever', 'takes no claims', 'has one fence for all tunnels', 'has no fence', 'ends all networks with one',
  'has one journal for all tunnels', 'takes nothing back at its start', 'tells of one network only', 'forgets what was wished for', 'lets no port give way',
] as const;
export type Mutant = (typeof mutants)[number];

/** Where a mistake may sit; the same without one. */
export interface Mistakes {
  readonly recovers: boolean;
  readonly keepsWish: boolean;
  readonly portsGiveWay: boolean;
  lanes(real: Lanes): Lanes;
  claims(real: Claims): Claims;
  fences(real: Fences): Fences;
  journalOf(tunnelId: string): string;
  report(event: WatchResponse): WatchResponse;
}

const none: Mistakes = { recovers: true, keepsWish: true, portsGiveWay: true, lanes: (real) => real, claims: (real) => real, fences: (real) => real, journalOf: (tunnelId) => tunnelId, report: (event) => event };

export function mutantOf(mutant: Mutant | undefined): Mistakes {
  switch (mutant) {
    case 'finds lanes by their user': return { ...none, lanes: byUser };
    case 'keeps claims for ever': return { ...none, claims: (real) => ({ ...real, settle: (id, has) => void (has !== null && real.settle(id, has)) }) };
    case 'takes no claims': return { ...none, claims: (real) => ({ ...real, take: () => {} }) };
    case 'has one fence for all tunnels': return { ...none, fences: (real) => ({ ...real, of: ({ uid }) => real.of({ uid, tunnelId: 'all' }) }) };
    case 'has no fence': return { ...none, fences: (real) => ({ ...real, of: (place) => open(real.of(place)) }) };
    case 'ends all networks with one': return { ...none, lanes: (real) => ({ ...real, orderIn: (place, work) => real.orderIn(place, async (lane) => {
      const answer = await work(lane);
      await real.end((other) => other !== lane);
      return answer;
    }) }) };
    case 'has one journal for all tunnels': return { ...none, journalOf: () => 'all' };
    case 'takes nothing back at its start': return { ...none, recovers: false };
    case 'tells of one network only': return { ...none, report: ({ networks }) => ({ networks: networks.slice(0, 1) }) };
    case 'forgets what was wished for': return { ...none, keepsWish: false };
    case 'lets no port give way': return { ...none, portsGiveWay: false };
    default: return none;
  }
}

function byUser(real: Lanes): Lanes {
  return {
    ...real,
    order: (place, work) => real.order(real.all().find((lane) => lane.place.uid === place.uid)?.place ?? place, work),
    orderIn: (place, work) => real.orderIn(real.all().find((lane) => lane.place.uid === place.uid)?.place ?? place, work),
  };
}

function open(real: Fence): Fence {
  return { ...real, pass: async (_kind, generation) => generation ?? real.newest() };
}
