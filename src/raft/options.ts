import { type Random } from '../base/random.ts';
import { type Rules } from './rules.ts';
import { type Configuration, type HardState, type Index, type LogReader, type NodeId, type SnapshotRef } from './types.ts';

/** Bounds on everything that could grow. */
export interface Limits {
  /** Data bytes of one append (at least one entry travels anyhow), and of one batch of committed entries. */
  readonly batchBytesMax: number;
  readonly appendEntriesMax: number;
  /** Appends on their way to one peer that has been found to follow. */
  readonly inFlightMax: number;
  /** A leader refuses proposals as busy beyond these. */
  readonly uncommittedEntriesMax: number;
  readonly uncommittedBytesMax: number;
  readonly unappliedEntriesMax: number;
  readonly readsMax: number;
}

export const defaultLimits: Limits = {
  batchBytesMax: 1024 * 1024,
  appendEntriesMax: 64,
  inFlightMax: 2,
  uncommittedEntriesMax: 4096,
  uncommittedBytesMax: 32 * 1024 * 1024,
  unappliedEntriesMax: 8192,
  readsMax: 4096,
};

export interface RaftOptions {
  readonly id: NodeId;
  /** What the store holds: hard state, log and newest snapshot. Term 0 and an empty log for a new node. */
  readonly hardState: HardState;
  readonly log: LogReader;
  readonly snapshot: SnapshotRef | null;
  /** What the state machine already holds (it is committed, so it is known to be so after a restart). Default: the snapshot's index. */
  readonly appliedIndex?: Index;
  readonly random: Random;
  /** Shortest time without a leader before campaigning; each wait is drawn between one and two of these. Default 10. */
  readonly electionTicks?: number;
  /** Time between signs of life of a leader. Default 2. */
  readonly heartbeatTicks?: number;
  readonly limits?: Partial<Limits>;
  /** Bytes of a configuration entry. `decodeConfiguration` may throw: such an entry is refused, never taken. */
  readonly encodeConfiguration: (configuration: Configuration) => Uint8Array;
  readonly decodeConfiguration: (data: Uint8Array) => Configuration;
  /** Replaced only by tests that prove that a wrong decision would be noticed. */
  readonly rules?: Partial<Rules>;
}
