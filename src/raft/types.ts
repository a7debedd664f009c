/** The vocabulary of consensus. Indexes and terms are safe integers; times are ticks; nothing here knows sockets, files or clocks. */
export type NodeId = string;
export type Index = number;
export type Term = number;

/** Numbers as on the wire (hashicorp/raft LogType). 2 and 3 are never made. */
export const entryType = { command: 0, noop: 1, barrier: 4, configuration: 5 } as const;
export type EntryType = (typeof entryType)[keyof typeof entryType];

/** One log entry. `appendedAt` and `extensions` are opaque bytes that travel unchanged. */
export interface Entry {
  readonly index: Index;
  readonly term: Term;
  readonly type: EntryType;
  readonly data: Uint8Array;
  readonly extensions: Uint8Array | null;
  readonly appendedAt: Uint8Array | null;
}

export interface Server {
  readonly id: NodeId;
  readonly address: string;
  readonly voter: boolean;
}

/** Members in a fixed order. Valid: unique ids and addresses, none empty, at least one voter. */
export interface Configuration {
  readonly servers: readonly Server[];
}

/** What must survive a crash before anything is said: one atomic, synced write. */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | null;
}

/** The newest snapshot: everything up to `index` is in it. The bytes stay with the driver. */
export interface SnapshotRef {
  readonly index: Index;
  readonly term: Term;
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/**
 * Messages between members. The wire pairs requests with answers on one connection, so an answer need not repeat its request;
 * the transport puts back `requestTerm` and `matched` from the request it sent.
 */
export type Message =
  | { readonly kind: 'append'; readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly prevIndex: Index; readonly prevTerm: Term; readonly entries: readonly Entry[]; readonly commit: Index }
  /** A bare sign of life: no log position, no commit index (the fast path of hashicorp/raft). */
  | { readonly kind: 'heartbeat'; readonly from: NodeId; readonly to: NodeId; readonly term: Term }
  /** `matched`: prevIndex + entries of the request that is answered. `lastIndex`: the follower's last index before the append. */
  | { readonly kind: 'appended'; readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly requestTerm: Term; readonly success: boolean; readonly matched: Index; readonly lastIndex: Index }
  | { readonly kind: 'heard'; readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly requestTerm: Term; readonly success: boolean }
  | { readonly kind: 'vote'; readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly lastIndex: Index; readonly lastTerm: Term; readonly transfer: boolean; readonly pre: boolean }
  | { readonly kind: 'voted'; readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly requestTerm: Term; readonly granted: boolean; readonly pre: boolean }
  /** The transport streams the bytes of the snapshot that `snapshot` names, or of a newer one under that one's own reference. */
  | { readonly kind: 'snapshot'; readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly snapshot: SnapshotRef }
  | { readonly kind: 'installed'; readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly requestTerm: Term; readonly success: boolean; readonly index: Index }
  | { readonly kind: 'timeout-now'; readonly from: NodeId; readonly to: NodeId; readonly term: Term };

/** A request that got no answer (dial, write, read or deadline). Tells the core to stop waiting for it. */
export interface Unanswered {
  readonly to: NodeId;
  readonly kind: 'append' | 'heartbeat' | 'vote' | 'snapshot' | 'timeout-now';
  readonly requestTerm: Term;
}

export type Proposed = { readonly ok: true; readonly index: Index; readonly term: Term };
export type NotLeader = { readonly ok: false; readonly reason: 'not-leader' | 'busy' | 'transferring' | 'change-pending' | 'invalid'; readonly leader: NodeId | null };

/**
 * What the driver must do now, in this order: store hardState, truncation, entries and snapshot in one synced transaction;
 * call `stored(upTo)`; send; apply; and only then answer whoever waits.
 * `sendNow` may leave before storing (it promises nothing that must survive a crash); `send` may not.
 */
export interface Ready {
  readonly hardState: HardState | null;
  readonly truncateFrom: Index | null;
  readonly append: readonly Entry[];
  /** A snapshot that was received and must replace log and state up to its index. */
  readonly install: SnapshotRef | null;
  readonly sendNow: readonly Message[];
  readonly send: readonly Message[];
  /** Committed entries, in order, gap-free, each once in this life. */
  readonly commit: readonly Entry[];
  /** Linearizable reads that were confirmed: ids given to `read()`, with the index that must be applied first. */
  readonly reads: readonly { readonly id: number; readonly index: Index }[];
}

export interface RaftView {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly leader: NodeId | null;
  readonly lastIndex: Index;
  readonly commitIndex: Index;
  readonly configuration: Configuration;
  readonly configurationCommitted: boolean;
  /** Ticks since a leader was heard; null when none was in this life. 0 on the leader. */
  readonly leaderContactTicks: number | null;
  readonly quorumActive: boolean;
  /** Leader only: what each other member is known to hold, and whether a snapshot is on its way. */
  /** Requests refused because somebody broke the rules: a second leader of one term, or entries that contradict committed ones. */
  readonly violations?: number;
  readonly progress: ReadonlyMap<NodeId, { readonly match: Index; readonly snapshotting: boolean; readonly active: boolean }>;
}

/** The log as the core reads it back: the driver's store behind a synchronous, cached face. */
export interface LogReader {
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  termAt(index: Index): Term | undefined;
  /** Entries in [from, to], at most about `bytesMax` of data but at least one. */
  slice(from: Index, to: Index, bytesMax: number): readonly Entry[];
}

/** Pure consensus: the caller owns time, disk and network. */
export interface Raft {
  tick(): void;
  step(message: Message): void;
  unanswered(request: Unanswered): void;
  propose(data: Uint8Array, appendedAt: Uint8Array | null): Proposed | NotLeader;
  /** One change at a time: add-observer, promote, demote, remove, or a new address. */
  change(change: Change, appendedAt: Uint8Array | null): Proposed | NotLeader;
  transfer(to: NodeId | null): boolean;
  /** A hint that a member, silent for long, is there again: a leader looks for it at once. */
  expect(id: NodeId): void;
  /** Asks for a linearizable read: confirmed through `Ready.reads` after a heartbeat round. */
  read(id: number): NotLeader | { readonly ok: true };
  /** True when `ready()` has something to do. */
  hasReady(): boolean;
  ready(): Ready;
  /** Everything up to this index, and the last hard state, is on disk. */
  stored(upTo: Index): void;
  /** The state machine holds everything up to this index. */
  applied(upTo: Index): void;
  /** A snapshot was written at an applied index; the log before it may be dropped, keeping a tail. */
  compacted(snapshot: SnapshotRef, keepFrom: Index): void;
  /** What a snapshot of the state machine at this applied index must say of itself; null when the index is not (or no longer) known. */
  snapshotAt(index: Index): SnapshotRef | null;
  view(): RaftView;
}

export type Change =
  | { readonly kind: 'add-observer'; readonly id: NodeId; readonly address: string }
  | { readonly kind: 'promote'; readonly id: NodeId }
  | { readonly kind: 'demote'; readonly id: NodeId }
  | { readonly kind: 'readdress'; readonly id: NodeId; readonly address: string }
  | { readonly kind: 'remove'; readonly id: NodeId };
