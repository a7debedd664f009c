import { between, chance, pick } from '../../../src/base/random.ts';
import { stream } from './hash.ts';

/** What a seed draws before it starts: the size, the faults and the habits of its cluster. Many faults are absent in many seeds. */
export interface Plan {
  readonly voters: number;
  readonly observers: number;
  /** Nodes that start empty and may be added. */
  readonly spares: number;
  readonly chaosMs: number;
  readonly latencyMinMs: number;
  readonly latencyMeanMs: number;
  readonly loss: number;
  readonly answerLoss: number;
  readonly duplication: number;
  /** Share of lost requests that the transport never reports as unanswered. */
  readonly neverSettled: number;
  /** Mean time between faults of a kind, or 0 for none. */
  readonly crashEveryMs: number;
  readonly pauseEveryMs: number;
  readonly partitionEveryMs: number;
  readonly clogEveryMs: number;
  readonly changeEveryMs: number;
  readonly transferEveryMs: number;
  readonly proposeEveryMs: number;
  readonly readEveryMs: number;
  readonly syncMeanMs: number;
  readonly syncFailure: number;
  /** The driver goes on taking messages while it stores. */
  readonly concurrentDisk: boolean;
  readonly snapshotEvery: number;
  readonly keepEntries: number;
  /** How many applied entries the state machine's own database may lag behind at a crash. */
  readonly applyLag: number;
  readonly tellsApplied: boolean;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly inFlightMax: number;
  readonly appendEntriesMax: number;
  readonly batchBytesMax: number;
  readonly uncommittedEntriesMax: number;
}

export const tickMs = 100;

export function drawPlan(seed: number): Plan {
  const dice = stream(seed, 'plan');
  const some = <T>(probability: number, value: () => T, otherwise: T): T => (chance(dice, probability) ? value() : otherwise);
  const voters = pick(dice, [1, 2, 3, 3, 3, 3, 4, 5, 5]);
  const electionTicks = between(dice, 5, 8);
  return {
    voters,
    observers: some(0.4, () => between(dice, 1, 2), 0),
    spares: some(0.5, () => 1, 0),
    chaosMs: between(dice, 5_000, 70_000),
    latencyMinMs: pick(dice, [0, 1, 5, 20]),
    latencyMeanMs: pick(dice, [1, 5, 20, 60, 150]),
    loss: some(0.4, () => dice.next() * 0.2, 0),
    answerLoss: some(0.4, () => dice.next() * 0.2, 0),
    duplication: some(0.3, () => dice.next() * 0.1, 0),
    neverSettled: some(0.1, () => 0.3, 0),
    crashEveryMs: some(0.7, () => between(dice, 200, 4_000), 0),
    pauseEveryMs: some(0.3, () => between(dice, 1_000, 5_000), 0),
    partitionEveryMs: some(0.7, () => between(dice, 600, 4_000), 0),
    clogEveryMs: some(0.4, () => between(dice, 600, 4_000), 0),
    changeEveryMs: some(0.5, () => between(dice, 200, 2_000), 0),
    transferEveryMs: some(0.3, () => between(dice, 500, 3_000), 0),
    proposeEveryMs: between(dice, 40, 300),
    readEveryMs: some(0.6, () => between(dice, 50, 500), 0),
    syncMeanMs: pick(dice, [0, 1, 5, 30]),
    syncFailure: some(0.1, () => 0.01, 0),
    concurrentDisk: chance(dice, 0.4),
    snapshotEvery: some(0.5, () => between(dice, 2, 30), 0),
    keepEntries: between(dice, 0, 5),
    applyLag: some(0.5, () => between(dice, 1, 20), 0),
    tellsApplied: chance(dice, 0.5),
    electionTicks,
    heartbeatTicks: between(dice, 1, 3),
    inFlightMax: between(dice, 1, 3),
    appendEntriesMax: pick(dice, [1, 2, 8, 64]),
    batchBytesMax: pick(dice, [1, 64, 1_000_000]),
    uncommittedEntriesMax: pick(dice, [5, 50, 1000]),
  };
}
