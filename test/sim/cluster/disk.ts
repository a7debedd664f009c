import { type Configuration, type Entry, type HardState, type Index, type LogReader, type Ready, type SnapshotRef } from '../../../src/raft/types.ts';
import { chain } from './hash.ts';

/** The replicated state of the simulation: a hash over every applied entry, so that two equal states had equal histories. */
export interface MachineState {
  readonly index: Index;
  readonly hash: number;
}

export interface StoredSnapshot {
  readonly ref: SnapshotRef;
  readonly machine: MachineState;
  /** Hash of the log up to the snapshot. For the checkers; a real snapshot has no such thing. */
  readonly logHash: number;
}

export const emptyMachine: MachineState = { index: 0, hash: 0 };

/** What survives a crash. A batch is written whole or not at all: the store uses one synced transaction. */
export class Platter {
  hardState: HardState = { term: 0, votedFor: null };
  snapshot: StoredSnapshot | null = null;
  firstIndex: Index = 1;
  entries: Entry[] = [];
  /** hashes[i] is the hash of the log up to entries[i]. */
  hashes: number[] = [];
  baseHash = 0;
  machine: MachineState = emptyMachine;

  get lastIndex(): Index {
    return this.firstIndex + this.entries.length - 1;
  }
  reader(): LogReader {
    const platter = this;
    return {
      get firstIndex() {
        return platter.firstIndex;
      },
      get lastIndex() {
        return platter.lastIndex;
      },
      termAt: (index) => platter.entries[index - platter.firstIndex]?.term,
      slice: (from, to) => platter.entries.slice(from - platter.firstIndex, to - platter.firstIndex + 1),
    };
  }
  /** Hash of the log up to an index; undefined where the log does not say. */
  hashAt(index: Index): number | undefined {
    return index === this.firstIndex - 1 ? this.baseHash : this.hashes[index - this.firstIndex];
  }
  write(ready: Ready, installed: StoredSnapshot | null): void {
    if (ready.hardState) this.hardState = ready.hardState;
    if (installed) this.#install(installed);
    if (ready.truncateFrom !== null) this.entries.length = this.hashes.length = Math.max(0, ready.truncateFrom - this.firstIndex);
    let hash = this.hashes.at(-1) ?? this.baseHash;
    for (const entry of ready.append) {
      hash = chain(hash, entry);
      this.entries.push(entry);
      this.hashes.push(hash);
    }
  }
  #install(snapshot: StoredSnapshot): void {
    this.snapshot = snapshot;
    this.machine = snapshot.machine;
    this.firstIndex = snapshot.ref.index + 1;
    this.entries = [];
    this.hashes = [];
    this.baseHash = snapshot.logHash;
  }
  compact(keepFrom: Index): void {
    const drop = keepFrom - this.firstIndex;
    if (drop <= 0) return;
    this.baseHash = this.hashes[drop - 1] as number;
    this.entries.splice(0, drop);
    this.hashes.splice(0, drop);
    this.firstIndex = keepFrom;
  }
}

export const encodeConfiguration = (configuration: Configuration): Uint8Array => new TextEncoder().encode(JSON.stringify(configuration));
export const decodeConfiguration = (data: Uint8Array): Configuration => JSON.parse(new TextDecoder().decode(data)) as Configuration;
