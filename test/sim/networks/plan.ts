import { between, chance, type Random } from '../../../src/base/random.ts';
import { networksAtOnceMax } from '../../../src/contract/networks.ts';

/** How bad a world is. Each seed draws its own, so that rare combinations get weight. */
export interface Weather {
  /** Of a step on the machine: it fails, before or after it happened; it takes seconds. */
  readonly stepFails: number;
  readonly slow: number;
  /** Of a call to the helper: it or its answer is lost; it arrives twice, the second time late; it is late. */
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
}

export const calm: Weather = { stepFails: 0, slow: 0, lost: 0, doubled: 0, late: 0 };

export interface PlannedNetwork {
  readonly id: string;
  /** Networks of one number have the same addresses. */
  readonly net: number;
  readonly host: number;
  readonly wireguardPort: number;
  /** A person chose the port: it gives way to nobody. */
  readonly chosen: boolean;
}

export interface Plan {
  readonly weather: Weather;
  readonly networks: readonly PlannedNetwork[];
  readonly troubleMs: number;
  /** Its mesh does not come back. */
  readonly away: string | null;
  /** The app is killed once more when all is calm, and must remember. */
  readonly crashInPeace: boolean;
}

/** Two to four networks; in one of ten seeds more than may be connected at once. Some share addresses, some a port. */
export function drawPlan(random: Random): Plan {
  const some = (most: number): number => (chance(random, 0.6) ? random.next() * most : 0);
  const weather = { stepFails: some(0.08), slow: some(0.3), lost: some(0.1), doubled: some(0.3), late: some(0.4) };
  const count = chance(random, 0.1) ? networksAtOnceMax + 2 : between(random, 2, 4);
  const onePort = chance(random, 0.6);
  const networks: PlannedNetwork[] = [];
  for (let n = 0; n < count; n++) {
    const twin = n > 0 && chance(random, 0.25) ? networks[between(random, 0, n - 1)] : undefined;
    networks.push({ id: `net${n}`, net: twin?.net ?? 7 + n, host: 1 + n, wireguardPort: onePort ? 51_820 : 51_820 + n, chosen: onePort && chance(random, 0.2) });
  }
  return { weather, networks, troubleMs: between(random, 5_000, 60_000), away: chance(random, 0.15) ? (networks[0]?.id ?? null) : null, crashInPeace: chance(random, 0.3) };
}
