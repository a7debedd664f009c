import { between, chance, pick } from '../../../src/base/random.ts';
import { type NetworkPlan } from '../cluster/network.ts';
import { stream } from '../cluster/hash.ts';

/** What a seed draws before it starts. Many faults are absent in many seeds. */
export interface Plan extends NetworkPlan {
  readonly voters: number;
  /** How many of them have an authority of their own; the others have their certificates signed elsewhere. */
  readonly signers: number;
  readonly chaosMs: number;
  /** Mean time between faults of a kind, or 0 for none. */
  readonly crashEveryMs: number;
  readonly partitionEveryMs: number;
  readonly transferEveryMs: number;
  /** Share of a client's requests, and of their answers, that get lost; share of requests that arrive twice. */
  readonly callLoss: number;
  readonly callAnswerLoss: number;
  readonly callDuplication: number;
  /** How long a client waits for an answer before it asks another node. */
  readonly patienceMs: number;
  readonly snapshotEntries: number;
  readonly trailingEntries: number;
  /** Share of restarts without mesh.db, which is then made anew from raft.db. */
  readonly losesState: number;
  /**
   * Leaders that do not confirm that they lead, and serve everybody at once: what they look at before they propose may be old. The entries
   * alone must keep every promise then, as they must against a leader that was stale.
   */
  readonly careless: boolean;
  readonly invites: number;
  readonly redeemersMax: number;
  readonly revokesInvites: number;
  readonly revokesDevices: number;
  readonly approvals: number;
}

export const tickMs = 100;

export function drawPlan(seed: number): Plan {
  const dice = stream(seed, 'plan');
  const some = <T>(probability: number, value: () => T, otherwise: T): T => (chance(dice, probability) ? value() : otherwise);
  const voters = pick(dice, [1, 3, 3, 3, 5]);
  return {
    voters,
    signers: between(dice, 1, voters),
    chaosMs: between(dice, 4_000, 10_000),
    electionTicks: between(dice, 5, 8),
    latencyMinMs: pick(dice, [0, 1, 5]),
    latencyMeanMs: pick(dice, [1, 5, 20, 60]),
    loss: some(0.4, () => dice.next() * 0.15, 0),
    answerLoss: some(0.4, () => dice.next() * 0.15, 0),
    duplication: some(0.3, () => dice.next() * 0.1, 0),
    // The real transport settles every request; the cluster simulation covers one that does not.
    neverSettled: 0,
    crashEveryMs: some(0.8, () => between(dice, 700, 4_000), 0),
    partitionEveryMs: some(0.6, () => between(dice, 1_500, 5_000), 0),
    transferEveryMs: some(0.5, () => between(dice, 1_000, 4_000), 0),
    callLoss: some(0.6, () => dice.next() * 0.4, 0),
    callAnswerLoss: some(0.7, () => dice.next() * 0.6, 0),
    callDuplication: some(0.5, () => dice.next() * 0.5, 0),
    patienceMs: pick(dice, [300, 1_000, 3_000]),
    snapshotEntries: pick(dice, [4, 12, 10_000]),
    trailingEntries: pick(dice, [0, 5]),
    losesState: some(0.3, () => 0.5, 0),
    careless: chance(dice, 0.5),
    invites: between(dice, 2, 4),
    redeemersMax: between(dice, 1, 4),
    revokesInvites: some(0.5, () => 0.5, 0),
    revokesDevices: some(0.4, () => 0.4, 0),
    approvals: some(0.5, () => 0.6, 0),
  };
}
