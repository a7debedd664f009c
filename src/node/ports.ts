import { type ReadCell } from '../base/cell.ts';
import { type Change, type Configuration, type Entry, type RaftView } from '../raft/types.ts';

/** What the RPC services ask of consensus. Implemented by consensus/driver; faked in tests. */
export interface Consensus {
  readonly view: ReadCell<RaftView>;
  /**
   * Proposes one RaftLogEntry (encoded, see statements/entry) and resolves when it was applied here.
   * Rejects with RpcError failedPrecondition `not leader`, unavailable when leadership was lost before the outcome was known,
   * resourceExhausted when too much is waiting, or the abort of the signal.
   */
  propose(entry: Uint8Array, signal: AbortSignal): Promise<Applied>;
  /** Proposes one membership change and resolves when it was committed. Same refusals. */
  change(change: Change, signal: AbortSignal): Promise<void>;
  /** Resolves once this leader's leadership was confirmed and everything committed before the call was applied. */
  linearizable(signal: AbortSignal): Promise<void>;
  transferLeadership(signal: AbortSignal): Promise<void>;
}

export interface Applied {
  readonly index: number;
  /** Encoded v1.RaftApplyResponse. A statement's refusal is inside, equal on all replicas. */
  readonly response: Uint8Array;
}

/** What consensus asks of the replicated state. Implemented by state/; a simpler model stands in for it in simulation. */
export interface StateMachine {
  /** The last entry whose effect is in the database, written in the same transaction as the effect. */
  appliedIndex(): number;
  appliedTerm(): number;
  /** Applies committed entries in order, each in one transaction with its index. Entries at or below appliedIndex are skipped. */
  apply(entries: readonly Entry[]): readonly (Uint8Array | null)[];
  /** The whole state as bytes, at appliedIndex. */
  snapshot(): Uint8Array;
  /** Replaces the whole state. Atomic: on error the old state stays. */
  restore(bytes: Uint8Array, index: number, term: number, configuration: Configuration): void;
}

/** A synchronous SQLite connection: the one file platform/sqlite knows the driver. */
export interface Database {
  /** Runs one or more statements without parameters. */
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** Runs `work` in BEGIN IMMEDIATE … COMMIT; rolls back and rethrows when it throws. */
  transaction<T>(work: () => T): T;
  /** Limits what SQL text may do from here until `work` returns: see platform/sqlite. */
  restricted<T>(tables: ReadonlySet<string>, work: () => T): T;
  close(): void;
}

export type SqlValue = null | number | bigint | string | Uint8Array;

export interface Statement {
  /** Declared column types and names of the result; empty for statements without one. */
  readonly columns: readonly { readonly name: string; readonly declaredType: string | null }[];
  all(...values: SqlValue[]): readonly SqlValue[][];
  run(...values: SqlValue[]): { readonly changes: bigint; readonly lastInsertRowid: bigint };
}
