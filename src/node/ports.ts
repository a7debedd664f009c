import { type ReadCell } from '../base/cell.ts';
import { type Identity } from '../base/identity.ts';
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

/**
 * A synchronous SQLite connection: the one file platform/sqlite knows the driver.
 * Faults of the machine or the file are Failures (node.data-damaged, node.disk-full, internal.storage); faults of the SQL text are plain errors.
 * Integers are read as bigint, reals as number; a number is bound as real and becomes an integer again through the column's affinity.
 */
export interface Database {
  /** Runs one or more statements without parameters. */
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** Runs `work` in BEGIN IMMEDIATE … COMMIT; rolls back and rethrows when it throws. */
  transaction<T>(work: () => T): T;
  /** Limits what SQL text may do from here until `work` returns: see platform/sqlite. Rows of `appendOnly` tables are neither changed nor deleted. */
  restricted<T>(tables: ReadonlySet<string>, work: () => T, appendOnly?: ReadonlySet<string>): T;
  close(): void;
}

export type SqlValue = null | number | bigint | string | Uint8Array;

export interface Statement {
  /** Declared column types and names of the result; empty for statements without one. */
  readonly columns: readonly { readonly name: string; readonly declaredType: string | null }[];
  all(...values: SqlValue[]): readonly SqlValue[][];
  run(...values: SqlValue[]): { readonly changes: bigint; readonly lastInsertRowid: bigint };
}

/** One two-way byte stream, plain TCP or TLS over it. Events come only after the listener was given; after `closed` nothing comes. */
export interface Connection {
  /** `ip:port` of the other end, for logs at debug. */
  readonly remote: string;
  /** Whom a certificate proved the other end to be, and which certificate (SHA-256, hex); undefined in clear text. */
  readonly provenId: string | undefined;
  readonly fingerprint: string | undefined;
  /** The certificate ended before the connection was made. Left out: it did not. */
  readonly expired?: boolean;
  listen(events: { data(bytes: Uint8Array): void; drained(): void; closed(error: Error | undefined): void }): void;
  /** Queues bytes. False: the queue is full, wait for `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Stops and resumes reading: back-pressure towards the sender. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once; what is queued is lost. */
  destroy(): void;
}

/** Why a listener could not be opened: somebody else has the port, this machine does not have the address, or another reason. */
export type ListenProblem = 'in-use' | 'no-such-address' | 'not-permitted' | 'other';

/** TCP as consensus uses it. `platform/sockets` is the real one; a TLS one with the same shape proves ids. */
export interface Sockets {
  /** Listens on one bare address. Port 0 picks a free one. `accept` gets each connection. */
  listen(host: string, port: number, accept: (connection: Connection) => void): Promise<{ readonly ok: true; readonly port: number; close(): void } | { readonly ok: false; readonly problem: ListenProblem; readonly message: string }>;
  /** Dials. Rejects when it cannot, when another than `expectId` proves itself there, or with the signal's reason. */
  connect(host: string, port: number, expectId: string, signal: AbortSignal): Promise<Connection>;
}

/** Calls one unary method of another node, with messages already encoded. One hop, no retry. Implemented by platform/grpc-call. */
export interface RemoteCaller {
  /**
   * `address` is host:port. Rejects with the RpcError that the other node answered, unavailable when it cannot be reached,
   * deadlineExceeded, or the abort of the signal.
   */
  unary(address: string, path: string, request: Uint8Array, options: RemoteCallOptions): Promise<Uint8Array>;
  /** A method whose both sides stream. It lives until either side ends it or the signal aborts; `deadlineMs` bounds only the time to the first message. */
  duplex(address: string, path: string, options: RemoteCallOptions): RemoteStream;
}

/** Encoded messages both ways. `messages` ends when the other side ended well and throws the RpcError otherwise. */
export interface RemoteStream {
  readonly messages: AsyncIterable<Uint8Array>;
  /** False: the transport is full; `drained` resolves when it is not. What is written all the same is kept. */
  write(message: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Half-closes: nothing more will be written. */
  end(): void;
  cancel(): void;
}

export interface RemoteCallOptions {
  readonly metadata: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** The node that must answer there; ignored in clear text. */
  readonly expectId: string;
}

/**
 * What the node's listeners and dials prove themselves with, read anew at every handshake: a renewal needs no restart.
 * Null: clear text, asked for by name.
 */
export type IdentitySource = () => Identity | null;

/** This machine at one moment, in plain units. Implemented by platform/host-metrics. */
export interface HostSample {
  readonly atMs: number;
  readonly hostname: string;
  /** As the kernel names it: `x86_64`, `aarch64`. */
  readonly architecture: string;
  readonly kernel: string;
  readonly containerized: boolean;
  readonly timezone: string;
  readonly bootTimeMs: number;
  /** `address/bits` of every interface. */
  readonly addresses: readonly string[];
  readonly macs: readonly string[];
  readonly os: {
    /** linux, macos, windows. */
    readonly type: string;
    readonly family: string;
    readonly platform: string;
    readonly name: string;
    readonly version: string;
    readonly build: string;
    readonly codename: string;
  };
  readonly processors: number;
  /** Time since boot over all processors, in milliseconds; null where the system does not say. */
  readonly cpuMs: Readonly<Record<'user' | 'nice' | 'system' | 'idle' | 'ioWait' | 'irq' | 'softIrq' | 'steal', number | null>>;
  readonly load: readonly [number, number, number];
  /** Bytes. */
  readonly memory: { readonly total: number; readonly available: number; readonly free: number; readonly swapTotal: number; readonly swapFree: number };
  readonly disks: readonly DiskSample[];
}

export interface DiskSample {
  readonly path: string;
  readonly device: string;
  /** Bytes; `free` is what an unprivileged process may still use. */
  readonly total: number;
  readonly free: number;
  readonly used: number;
  readonly inodesTotal: number;
  readonly inodesFree: number;
}
