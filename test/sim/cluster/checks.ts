import { type Entry, entryType, type Index, type Message, type NodeId, type Proposed, type Ready, type Server, type Term } from '../../../src/raft/types.ts';
import { decodeConfiguration, type StoredSnapshot } from './disk.ts';
import { chain, hashText, mix } from './hash.ts';
import { type Member } from './member.ts';

/** A rule of Raft was broken. `rule` is what the seed is remembered by. */
export class Violation extends Error {
  override name = 'Violation';
  readonly rule: string;
  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.rule = rule;
  }
}

function must(condition: boolean, rule: string, message: () => string): void {
  if (!condition) throw new Violation(rule, message());
}

interface Committed {
  readonly term: Term;
  readonly hash: number;
  readonly entry: Entry;
}

export interface Figures {
  messages: number;
  elections: number;
  commits: number;
  truncations: number;
  snapshots: number;
  installs: number;
  changes: number;
  transfers: number;
  crashes: number;
  restarts: number;
  partitions: number;
  pauses: number;
  accepted: number;
  acknowledged: number;
  readsServed: number;
}

export const noFigures = (): Figures => ({
  messages: 0, elections: 0, commits: 0, truncations: 0, snapshots: 0, installs: 0, changes: 0, transfers: 0, crashes: 0, restarts: 0, partitions: 0, pauses: 0,
  accepted: 0, acknowledged: 0, readsServed: 0,
});

/**
 * The observer that sees everything at once. It tells nodes apart by their identity in the simulation, looks at platters instead of
 * trusting what nodes say of themselves, and compares entries by content.
 */
export class Checks {
  readonly figures = noFigures();
  readonly members: ReadonlyMap<NodeId, Member>;
  readonly trace: string[] | null;
  traceHash = 0;
  calm = false;
  readonly #now: () => number;
  readonly #leaders = new Map<Term, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  /** For each index, the hash of the log up to it for each term seen there. */
  readonly #logs: Map<Term, number>[] = [];
  readonly committed: Committed[] = [];
  readonly #machineHashes: number[] = [0];
  #machineHash = 0;
  /** Configurations in the committed log. */
  readonly #configurations: { readonly index: Index; readonly servers: readonly Server[] }[] = [{ index: 0, servers: [] }];
  /** What some leader decided to commit; handing it out comes later. */
  #committedTo: Index = 1;
  readonly #committedTerms = new Set<Term>();
  readonly #lastTerm = new Map<NodeId, Term>();
  readonly #appliedTo = new Map<NodeId, { readonly life: number; index: Index }>();
  readonly #writes = new Map<number, 'open' | 'refused' | 'replaced' | 'acknowledged'>();
  #acknowledgedIndex: Index = 0;
  readonly #handovers = new Map<NodeId, { readonly term: Term; readonly until: number }>();

  constructor(members: ReadonlyMap<NodeId, Member>, bootstrap: Entry, now: () => number, verbose: boolean) {
    this.members = members;
    this.#now = now;
    this.trace = verbose ? [] : null;
    this.#note(1, bootstrap.term, chain(0, bootstrap));
  }

  happened(member: Member, what: string, message: Message): void {
    const hash = mix(this.traceHash, Math.round(this.#now() * 1000));
    this.traceHash = mix(hashText(hash, message.kind), message.term * 31 + member.id.charCodeAt(1));
    this.trace?.push(`${this.#now().toFixed(1).padStart(9)} ${member.id} ${what} ${show(message)}`);
  }
  say(text: string): void {
    this.traceHash = hashText(this.traceHash, text);
    this.trace?.push(`${this.#now().toFixed(1).padStart(9)} ${text}`);
  }

  started(member: Member): void {
    this.say(`${member.id} starts life ${member.life}`);
    if (member.life > 1) this.figures.restarts++;
    this.#appliedTo.set(member.id, { life: member.life, index: member.machine.index });
    this.#checkMachine(member);
  }
  died(member: Member): void {
    this.figures.crashes++;
    this.say(`${member.id} dies`);
  }

  // Speaking (persist before speak, election safety, one vote).

  sends(member: Member, message: Message): void {
    this.figures.messages++;
    const { hardState } = member.platter;
    this.trace?.push(`${this.#now().toFixed(1).padStart(9)} ${member.id} send ${show(message)}`);
    const spoken = message.kind === 'vote' && message.pre ? message.term - 1 : message.term;
    must(spoken <= hardState.term, 'persist-before-speak', () => `${member.id} speaks of term ${spoken}, its disk knows ${hardState.term}`);
    switch (message.kind) {
      case 'append':
      case 'heartbeat':
      case 'snapshot':
      case 'timeout-now':
        this.#leads(member, message.term);
        if (message.kind === 'timeout-now') this.figures.transfers++;
        return;
      case 'vote':
        return message.pre ? undefined : this.#votesFor(member, message.term, member.id);
      case 'voted':
        return message.pre || !message.granted ? undefined : this.#votesFor(member, message.requestTerm, message.to);
      case 'appended':
        return message.success ? this.#acknowledges(member, message) : undefined;
      default:
    }
  }
  #leads(member: Member, term: Term): void {
    const known = this.#leaders.get(term);
    must(known === undefined || known === member.id, 'election-safety', () => `${known} and ${member.id} both lead term ${term}`);
    if (known === undefined) this.#leaders.set(term, member.id);
  }
  #votesFor(member: Member, term: Term, candidate: NodeId): void {
    const { hardState } = member.platter;
    const saved = hardState.term > term || (hardState.term === term && hardState.votedFor === candidate);
    must(saved, 'persist-before-speak', () => `${member.id} votes for ${candidate} in ${term}, its disk says ${hardState.votedFor} in ${hardState.term}`);
    const key = `${term} ${member.id}`;
    const known = this.#votes.get(key);
    must(known === undefined || known === candidate, 'one-vote', () => `${member.id} votes for ${known} and ${candidate} in term ${term}`);
    this.#votes.set(key, candidate);
  }
  #acknowledges(member: Member, message: Extract<Message, { kind: 'appended' }>): void {
    const { platter } = member;
    if (platter.hardState.term > message.requestTerm) return;
    must(platter.lastIndex >= message.matched, 'persist-before-speak', () => `${member.id} acknowledges ${message.matched}, its disk ends at ${platter.lastIndex}`);
  }

  // Logs.

  /** The core handed out work: here a leader shows itself, and what it appends is judged. */
  took(member: Member, ready: Ready): void {
    const noop = ready.append.find((entry) => entry.type === entryType.noop && this.#leaders.get(entry.term) === undefined);
    if (noop && member.raft?.view().role === 'leader' && member.raft.view().term === noop.term) this.#elected(member, noop, ready);
    if (ready.truncateFrom !== null) {
      this.figures.truncations++;
      const { term } = ready.hardState ?? member.platter.hardState;
      const own = this.#leaders.get(term) === member.id && member.platter.entries[ready.truncateFrom - member.platter.firstIndex]?.term === term;
      must(!own, 'leader-append-only', () => `${member.id} truncates its own entries of term ${term} from ${ready.truncateFrom}`);
    }
    const kept = this.#logBefore(member, ready);
    for (const entry of ready.append) if (entry.type === entryType.configuration && this.#leaders.get(entry.term) === member.id) this.#proposesConfiguration(member, entry, kept, ready);
    if (ready.commit.length > 0) this.#commits(member, ready);
  }
  /** The member's log as it was, without what this batch truncates. */
  #logBefore(member: Member, ready: Ready): readonly Entry[] {
    const { entries, firstIndex } = member.platter;
    return ready.truncateFrom === null ? entries : entries.slice(0, Math.max(0, ready.truncateFrom - firstIndex));
  }
  #elected(member: Member, noop: Entry, ready: Ready): void {
    this.figures.elections++;
    this.say(`${member.id} leads term ${noop.term}`);
    this.#leads(member, noop.term);
    const last = this.committed.length;
    if (last === 0) return;
    const entry = this.committed[last - 1] as Committed;
    const holds = this.#hashIn(member, ready, last) === entry.hash || last < member.platter.firstIndex - 1;
    must(holds, 'leader-completeness', () => `${member.id} leads term ${noop.term} without committed entry ${last}/${entry.term}`);
  }
  #hashIn(member: Member, ready: Ready, index: Index): number | undefined {
    const { platter } = member;
    const appendedFrom = ready.append[0]?.index ?? Number.MAX_SAFE_INTEGER;
    if (index < appendedFrom) return ready.truncateFrom !== null && index >= ready.truncateFrom ? undefined : platter.hashAt(index);
    let hash = platter.hashAt(appendedFrom - 1);
    for (const entry of ready.append) if (entry.index <= index && hash !== undefined) hash = chain(hash, entry);
    return hash;
  }
  #proposesConfiguration(member: Member, entry: Entry, kept: readonly Entry[], ready: Ready): void {
    this.figures.changes++;
    const { servers } = decodeConfiguration(entry.data);
    const before = [...kept, ...ready.append].findLast((one) => one.type === entryType.configuration && one.index < entry.index);
    if (before) must(before.index <= this.#committedTo, 'one-change', () => `${member.id} changes the configuration at ${entry.index} while ${before.index} is open`);
    const old = before ? decodeConfiguration(before.data).servers : this.configurationAt(entry.index - 1);
    const voters = (list: readonly Server[]): Set<NodeId> => new Set(list.filter((one) => one.voter).map((one) => one.id));
    const [had, has] = [voters(old), voters(servers)];
    const distance = [...had].filter((id) => !has.has(id)).length + [...has].filter((id) => !had.has(id)).length;
    must(distance <= 1, 'one-change', () => `${member.id} changes ${distance} voters at once at ${entry.index}`);
    must(this.#committedTerms.has(entry.term), 'one-change', () => `${member.id} changes the configuration before it committed anything in term ${entry.term}`);
  }
  configurationAt(index: Index): readonly Server[] {
    return this.#configurations.findLast((one) => one.index <= index)?.servers ?? [];
  }

  stored(member: Member, ready: Ready): void {
    const { platter, id } = member;
    const { term } = platter.hardState;
    must(term >= (this.#lastTerm.get(id) ?? 0), 'term-monotonic', () => `${id} stores term ${term} after ${this.#lastTerm.get(id)}`);
    this.#lastTerm.set(id, term);
    for (const entry of ready.append) {
      const hash = platter.hashAt(entry.index);
      if (hash !== undefined) this.#note(entry.index, entry.term, hash);
    }
    if (ready.truncateFrom !== null || ready.append.length > 0) this.#checkCommittedKept(member);
  }
  /** Log matching: one (index, term), one log up to there, by content. */
  #note(index: Index, term: Term, hash: number): void {
    const seen = (this.#logs[index] ??= new Map<Term, number>());
    const known = seen.get(term);
    must(known === undefined || known === hash, 'log-matching', () => `two different logs have an entry ${index}/${term}`);
    seen.set(term, hash);
  }
  #checkCommittedKept(member: Member): void {
    const applied = Math.min(member.machine.index, this.committed.length);
    if (applied === 0 || applied < member.platter.firstIndex) return;
    const kept = member.platter.hashAt(applied);
    must(kept === this.committed[applied - 1]?.hash, 'committed-forever', () => `${member.id} overwrote what it had applied up to ${applied}`);
  }

  // Committing and applying.

  #commits(member: Member, ready: Ready): void {
    for (const entry of ready.commit) {
      const hash = this.#hashIn(member, ready, entry.index);
      const known = this.committed[entry.index - 1];
      if (known) must(known.term === entry.term && (hash === undefined || known.hash === hash), 'committed-forever', () => `${member.id} commits ${entry.index}/${entry.term}, another ${known.term} was committed there`);
      else this.#commitsFirst(member, entry, hash);
    }
  }
  #commitsFirst(member: Member, entry: Entry, hash: number | undefined): void {
    const { index } = entry;
    must(index === this.committed.length + 1 && hash !== undefined, 'commit-order', () => `${member.id} commits ${index} after ${this.committed.length}`);
    this.figures.commits++;
    this.committed.push({ term: entry.term, hash: hash as number, entry });
    this.#machineHash = chain(this.#machineHash, entry);
    this.#machineHashes.push(this.#machineHash);
    if (entry.type === entryType.configuration) this.#configurations.push({ index, servers: decodeConfiguration(entry.data).servers });
    if (entry.type !== entryType.command) return;
    const id = commandId(entry);
    must(this.#writes.get(id) !== 'refused' && this.#writes.get(id) !== 'replaced', 'refused-never-applied', () => `write ${id} was refused and yet committed at ${index}`);
  }
  /** A leader is about to commit up to an index: its entry must be of the leader's term, and on the disks of a majority of the configuration in force. */
  committing(member: Member, index: Index): void {
    const view = member.raft?.view();
    if (!view) return;
    this.#committedTo = Math.max(this.#committedTo, index);
    this.#committedTerms.add(view.term);
    const hash = this.#logs[index]?.get(view.term);
    must(hash !== undefined, 'commit-rule', () => `${member.id} commits ${index}, where no disk has an entry of its term ${view.term}`);
    const voters = view.configuration.servers.filter((one) => one.voter);
    const compacted = this.committed[index - 1]?.hash;
    const hashOn = (id: NodeId): number | undefined => {
      const platter = this.members.get(id)?.platter;
      return platter && platter.firstIndex > index + 1 ? compacted : platter?.hashAt(index);
    };
    const holders = voters.filter((one) => hashOn(one.id) === hash);
    must(holders.length * 2 > voters.length, 'commit-rule', () => `${member.id} commits ${index}, held by ${holders.length} of ${voters.length} voters`);
  }

  applied(member: Member, entry: Entry): void {
    const state = this.#appliedTo.get(member.id);
    must(state !== undefined && state.life === member.life && entry.index === state.index + 1, 'apply-order', () => `${member.id} applies ${entry.index} after ${state?.index}`);
    if (state) state.index = entry.index;
    must(entry.index <= this.committed.length, 'state-machine-safety', () => `${member.id} applies ${entry.index}, which is not committed`);
    this.#checkMachine(member);
  }
  #checkMachine(member: Member): void {
    const { index, hash } = member.machine;
    must(hash === this.#machineHashes[index], 'state-machine-safety', () => `${member.id} has another state than the committed log gives at ${index}`);
  }

  snapshotTaken(member: Member, snapshot: StoredSnapshot): void {
    this.figures.snapshots++;
    this.#checkSnapshot(member, snapshot);
  }
  installed(member: Member, snapshot: StoredSnapshot): void {
    this.figures.installs++;
    this.#checkSnapshot(member, snapshot);
    const state = this.#appliedTo.get(member.id);
    if (state) state.index = snapshot.machine.index;
  }
  #checkSnapshot(member: Member, { ref, machine, logHash }: StoredSnapshot): void {
    const known = this.committed[ref.index - 1];
    const same = known !== undefined && known.term === ref.term && known.hash === logHash && machine.index === ref.index && machine.hash === this.#machineHashes[ref.index];
    must(same, 'snapshot', () => `${member.id}'s snapshot at ${ref.index}/${ref.term} is not the committed state`);
    const right = this.#configurations.findLast((one) => one.index <= ref.index);
    must(right?.index === ref.configurationIndex && JSON.stringify(right.servers) === JSON.stringify(ref.configuration.servers), 'snapshot-configuration', () => `${member.id}'s snapshot at ${ref.index} names the wrong configuration`);
  }

  // Clients.

  accepted(member: Member, id: number, proposed: Proposed): void {
    this.figures.accepted++;
    this.#writes.set(id, 'open');
    const handover = this.#handovers.get(member.id);
    const handing = handover !== undefined && handover.term === proposed.term && member.ticks < handover.until;
    must(!handing, 'transfer', () => `${member.id} takes a proposal while it hands over term ${proposed.term}`);
  }
  refused(id: number): void {
    this.#writes.set(id, 'refused');
  }
  replaced(id: number): void {
    this.#writes.set(id, 'replaced');
  }
  writeUnknown(id: number): void {
    this.#writes.delete(id);
  }
  acknowledged(id: number, entry: Entry): void {
    this.figures.acknowledged++;
    this.#writes.set(id, 'acknowledged');
    const known = this.committed[entry.index - 1];
    must(known?.entry.type === entryType.command && commandId(known.entry) === id, 'acknowledged-is-committed', () => `write ${id} was acknowledged at ${entry.index}, where another entry is`);
    this.#acknowledgedIndex = Math.max(this.#acknowledgedIndex, entry.index);
  }
  /** What a linearizable read that begins now must see at least. */
  readStarted(): Index {
    return this.#acknowledgedIndex;
  }
  readServed(member: Member, least: Index, index: Index): void {
    this.figures.readsServed++;
    must(index >= least && member.machine.index >= least, 'linearizable-read', () => `${member.id} serves a read at ${index} that began after ${least} was acknowledged`);
  }
  transferStarted(member: Member): void {
    const term = member.platter.hardState.term;
    this.#handovers.set(member.id, { term, until: member.ticks + 5 });
  }
}

/** The id a client gave its write; unique in a run. */
export function commandId(entry: Entry): number {
  return new DataView(entry.data.buffer, entry.data.byteOffset).getUint32(0);
}

function show(message: Message): string {
  const { kind, from, to, ...rest } = message;
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${key === 'entries' ? list(value as readonly Entry[]) : typeof value === 'object' ? JSON.stringify(value) : value}`);
  return `${from}→${to} ${kind} ${fields.join(' ')}`;
}
const list = (entries: readonly Entry[]): string => `[${entries.map((one) => `${one.index}/${one.term}:${one.type}`).join(' ')}]`;
