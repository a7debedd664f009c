import { seeded } from '../../src/base/random.ts';
import { type RaftOptions } from '../../src/raft/options.ts';
import { bootstrapEntry, createRaft } from '../../src/raft/raft.ts';
import { type Configuration, type Entry, type HardState, type Index, type LogReader, type Message, type NodeId, type Raft, type Server, type SnapshotRef, entryType } from '../../src/raft/types.ts';

/** What a member's disk holds. Synchronous and always synced: for unit tests and scenarios; the simulator has one that forgets. */
export class MemoryDisk {
  hardState: HardState = { term: 0, votedFor: null };
  snapshot: SnapshotRef | null = null;
  entries: Entry[] = [];
  firstIndex: Index = 1;

  reader(): LogReader {
    const disk = this;
    return {
      get firstIndex() {
        return disk.firstIndex;
      },
      get lastIndex() {
        return disk.firstIndex + disk.entries.length - 1;
      },
      termAt: (index) => disk.entries[index - disk.firstIndex]?.term,
      slice: (from, to) => disk.entries.slice(from - disk.firstIndex, to - disk.firstIndex + 1),
    };
  }
  truncate(from: Index): void {
    this.entries.length = from - this.firstIndex;
  }
  compact(snapshot: SnapshotRef, keepFrom: Index): void {
    this.snapshot = snapshot;
    this.entries.splice(0, Math.max(0, keepFrom - this.firstIndex));
    this.firstIndex = Math.max(this.firstIndex, keepFrom);
  }
  install(snapshot: SnapshotRef): void {
    this.snapshot = snapshot;
    this.entries = [];
    this.firstIndex = snapshot.index + 1;
  }
}

export const encodeConfiguration = (configuration: Configuration): Uint8Array => new TextEncoder().encode(JSON.stringify(configuration));
export const decodeConfiguration = (data: Uint8Array): Configuration => JSON.parse(new TextDecoder().decode(data)) as Configuration;
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const voter = (id: NodeId): Server => ({ id, address: `${id}:1`, voter: true });
export const observer = (id: NodeId): Server => ({ id, address: `${id}:1`, voter: false });

/** One member with its disk; `applied` is its state machine. */
export class Member {
  readonly id: NodeId;
  readonly disk = new MemoryDisk();
  readonly applied: Entry[] = [];
  readonly reads: { readonly id: number; readonly index: Index }[] = [];
  #options: Partial<RaftOptions>;
  raft: Raft;

  constructor(id: NodeId, options: Partial<RaftOptions> = {}, configuration?: Configuration) {
    this.id = id;
    this.#options = options;
    if (configuration) {
      this.disk.entries.push(bootstrapEntry(configuration, encodeConfiguration));
      this.disk.hardState = { term: 1, votedFor: null };
    }
    this.raft = this.#create();
  }
  #create(): Raft {
    const seed = [...this.id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
    return createRaft({
      id: this.id, hardState: this.disk.hardState, log: this.disk.reader(), snapshot: this.disk.snapshot, random: seeded(seed),
      encodeConfiguration, decodeConfiguration, ...this.#options,
    });
  }
  /** A crash and a new life from the disk. The state machine starts anew too. */
  restart(): void {
    this.applied.length = 0;
    this.raft = this.#create();
  }
  /** One turn of the driver's loop; returns what leaves the machine. */
  turn(): readonly Message[] {
    const { disk, raft } = this;
    const ready = raft.ready();
    if (ready.hardState) disk.hardState = ready.hardState;
    if (ready.install) disk.install(ready.install);
    if (ready.truncateFrom !== null) disk.truncate(ready.truncateFrom);
    disk.entries.push(...ready.append);
    raft.stored(disk.reader().lastIndex);
    this.applied.push(...ready.commit);
    raft.applied(ready.commit.at(-1)?.index ?? 0);
    this.reads.push(...ready.reads);
    return [...ready.sendNow, ...ready.send];
  }
  /** Snapshot at everything applied, keeping `keep` entries before it. */
  compact(keep = 0): void {
    const at = this.applied.at(-1)?.index ?? 0;
    const snapshot = this.raft.snapshotAt(at);
    if (!snapshot) throw new Error(`no snapshot at ${at}`);
    this.disk.compact(snapshot, at + 1 - keep);
    this.raft.compacted(snapshot, at + 1 - keep);
  }
}

/** Members and a network that delivers at once, except to and from those that are cut off. Cut requests are settled as unanswered. */
export class Cluster {
  readonly members = new Map<NodeId, Member>();
  readonly cut = new Set<NodeId>();
  readonly trace: string[] = [];

  constructor(servers: readonly Server[], options: Partial<RaftOptions> = {}) {
    for (const { id } of servers) this.members.set(id, new Member(id, options, { servers }));
  }
  get(id: NodeId): Member {
    const member = this.members.get(id);
    if (!member) throw new Error(`no member ${id}`);
    return member;
  }
  leader(): Member | undefined {
    return [...this.members.values()].find((member) => member.raft.view().role === 'leader' && !this.cut.has(member.id));
  }
  /** Turns and delivers until nothing moves. */
  settle(): void {
    for (let round = 0; round < 1000; round++) {
      let moved = false;
      for (const member of this.members.values()) {
        while (member.raft.hasReady()) {
          moved = true;
          for (const message of member.turn()) this.deliver(message);
        }
      }
      if (!moved) return;
    }
    throw new Error('the cluster does not settle');
  }
  deliver(message: Message): void {
    const to = this.members.get(message.to);
    if (to && !this.cut.has(message.to) && !this.cut.has(message.from)) {
      this.trace.push(brief(message));
      to.raft.step(message);
    } else if (isRequest(message)) {
      this.members.get(message.from)?.raft.unanswered({ to: message.to, kind: message.kind, requestTerm: message.term });
    }
  }
  tick(count = 1): void {
    for (let i = 0; i < count; i++) {
      for (const member of this.members.values()) member.raft.tick();
      this.settle();
    }
  }
  /** Ticks one member alone until it has started an election. */
  campaign(id: NodeId): void {
    const { raft } = this.get(id);
    for (let i = 0; i < 50 && !raft.hasReady(); i++) raft.tick();
    this.settle();
  }
}

function isRequest(message: Message): message is Extract<Message, { kind: 'append' | 'heartbeat' | 'vote' | 'snapshot' | 'timeout-now' }> {
  return ['append', 'heartbeat', 'vote', 'snapshot', 'timeout-now'].includes(message.kind);
}

/** A message on one line, for traces. */
export function brief(m: Message): string {
  const head = `${m.from}→${m.to} ${m.kind} t${m.term}`;
  switch (m.kind) {
    case 'append':
      return `${head} after ${m.prevIndex}/${m.prevTerm} [${m.entries.map(entryBrief).join(' ')}] commit ${m.commit}`;
    case 'appended':
      return `${head} ${m.success ? `ok ${m.matched}` : `refused ${m.matched}, ends at ${m.lastIndex}`}`;
    case 'heartbeat':
    case 'timeout-now':
      return head;
    case 'heard':
      return `${head} ${m.success ? 'ok' : 'refused'}`;
    case 'vote':
      return `${head}${m.pre ? ' pre' : ''}${m.transfer ? ' transfer' : ''} log ${m.lastIndex}/${m.lastTerm}`;
    case 'voted':
      return `${head}${m.pre ? ' pre' : ''} ${m.granted ? 'granted' : 'refused'}`;
    case 'snapshot':
      return `${head} ${m.snapshot.index}/${m.snapshot.term}`;
    case 'installed':
      return `${head} ${m.success ? `ok ${m.index}` : 'refused'}`;
  }
}

export function entryBrief(entry: Entry): string {
  const name = Object.entries(entryType).find(([, value]) => value === entry.type)?.[0] ?? '?';
  return `${entry.index}/${entry.term} ${name === 'command' ? `"${new TextDecoder().decode(entry.data)}"` : name}`;
}
