import { between, chance, pick, type Random } from '../../../src/base/random.ts';
import { type NatKind } from './nat.ts';
import { type Wires } from './network.ts';

/** What a seed draws first: the machines and how bad their life is. */
export interface Plan {
  readonly machines: readonly MachinePlan[];
  readonly wires: Wires;
  readonly ice: boolean;
  readonly turn: boolean;
  readonly troubleMs: number;
  readonly everyMs: number;
  /** Of answers of others: lost, given twice, late. */
  readonly signalLoss: number;
  readonly signalDuplication: number;
  readonly signalLate: number;
  readonly carrierFailure: number;
  /** Everybody is behind a router that has to be met after the start: no host sees anyone before. */
  readonly slowHelper: boolean;
}

export interface MachinePlan {
  readonly kind: NatKind;
  readonly families: '4' | '6' | '46';
  /** Shares the router of this machine. */
  readonly behind: number | null;
  readonly hairpin: boolean;
  readonly mapped: boolean;
  /** Its IPv6 lets in only what it spoke to. */
  readonly firewall6: boolean;
}

const kinds: readonly NatKind[] = ['open', 'cone', 'address', 'port', 'port', 'hard', 'hard', 'blocked'];

export function drawPlan(random: Random): Plan {
  const count = between(random, 2, 5);
  const some = (most: number): number => (chance(random, 0.5) ? random.next() * most : 0);
  const machines: MachinePlan[] = [{ kind: 'open', families: chance(random, 0.5) ? '46' : '4', behind: null, hairpin: false, mapped: false, firewall6: false }];
  for (let i = 1; i < count; i++) machines.push(drawMachine(random, i));
  // Whoever has only IPv6 needs a host that has it too.
  if (machines.some((one) => one.families === '6')) machines[0] = { kind: 'open', families: '46', behind: null, hairpin: false, mapped: false, firewall6: false };
  return {
    machines, wires: { latencyMs: between(random, 5, 120), jitterMs: between(random, 0, 60), loss: some(0.15), duplication: some(0.1) },
    ice: chance(random, 0.7), turn: chance(random, 0.8), troubleMs: chance(random, 0.15) ? 0 : between(random, 10_000, 70_000), everyMs: between(random, 2_000, 15_000),
    signalLoss: some(0.4), signalDuplication: some(0.3), signalLate: some(0.3), carrierFailure: some(0.3), slowHelper: chance(random, 0.3),
  };
}

function drawMachine(random: Random, index: number): MachinePlan {
  const behind = index > 1 && chance(random, 0.2) ? between(random, 1, index - 1) : null;
  const kind = pick(random, kinds);
  return {
    kind, behind, families: chance(random, 0.1) ? '6' : chance(random, 0.2) ? '46' : '4', hairpin: chance(random, 0.5),
    mapped: (kind === 'port' || kind === 'hard') && chance(random, 0.1), firewall6: chance(random, 0.8),
  };
}
