import { between, chance, type Random } from '../../../src/base/random.ts';
import { createRaft } from '../../../src/raft/raft.ts';
import { rules, type Rules } from '../../../src/raft/rules.ts';
import { type Change, type Entry, type Index, type Message, type NodeId, type Raft, type Ready, type SnapshotRef } from '../../../src/raft/types.ts';
import { type Checks } from './checks.ts';
import { decodeConfiguration, emptyMachine, encodeConfiguration, type MachineState, Platter, type StoredSnapshot } from './disk.ts';
import { chain } from './hash.ts';
import { type Timeline } from './heap.ts';
import { type Call, type Network, type Request, type Station } from './network.ts';
import { type Plan, tickMs } from './plan.ts';

/** Wrong habits of a driver. None in a normal run; each is a mutant that some checker must catch. */
export interface DriverFaults {
  /** Grants and acknowledgements leave before they are stored. */
  readonly speaksBeforeStoring?: 'votes' | 'acknowledgements';
  readonly forgetsVoteAtRestart?: boolean;
  /** Goes on after a failed sync as if it had worked. */
  readonly ignoresSyncFailure?: boolean;
  /** The applied index reaches the disk without the change it stands for. */
  readonly appliedIndexAlone?: boolean;
  readonly snapshotIndexOff?: number;
  readonly snapshotTakesUncommitted?: boolean;
  readonly appliesTwiceAfterRestart?: boolean;
}

interface MemberPorts {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly checks: Checks;
  /** The member's own dice: raft draws from `raft`, disk and driver from `driver`. */
  readonly dice: { readonly raft: Random; readonly driver: Random };
  readonly rules: Partial<Rules>;
  readonly faults: DriverFaults;
}

interface Write {
  readonly id: number;
  readonly term: number;
}

/** Where a driver may die between two steps of its loop. */
export const boundaries = ['before-store', 'after-store', 'after-send', 'after-apply'] as const;
export type Boundary = (typeof boundaries)[number];

/** One machine: raft core, disk, state machine and the driver's loop around them, with everything that may happen to a machine. */
export class Member implements Station {
  readonly id: NodeId;
  readonly platter = new Platter();
  readonly #ports: MemberPorts;
  up = false;
  paused = false;
  life = 0;
  ticks = 0;
  raft: Raft | null = null;
  machine: MachineState = emptyMachine;
  /** Dies at this boundary of its loop. */
  doom: Boundary | null = null;
  slowDisk = false;
  #driftedTickMs = tickMs;
  #busy = false;
  #mailbox: (() => void)[] = [];
  #inbound = new Map<string, Call[]>();
  #received: StoredSnapshot[] = [];
  readonly #writes = new Map<Index, Write>();
  readonly #reads = new Map<number, Index>();
  #waitingReads: { readonly id: number; readonly index: Index }[] = [];

  constructor(id: NodeId, ports: MemberPorts) {
    this.id = id;
    this.#ports = ports;
    this.#driftedTickMs = tickMs * (0.9 + 0.2 * ports.dice.driver.next());
  }

  start(): void {
    const { plan, dice, faults } = this.#ports;
    const { platter } = this;
    this.up = true;
    this.life++;
    if (platter.snapshot && platter.machine.index < platter.snapshot.machine.index) platter.machine = platter.snapshot.machine;
    this.machine = platter.machine;
    const { limits, ...ticks } = limitsOf(plan);
    const applied = plan.tellsApplied ? { appliedIndex: this.machine.index } : {};
    this.raft = createRaft({
      id: this.id, log: platter.reader(), snapshot: platter.snapshot?.ref ?? null, random: dice.raft, rules: this.#watched(this.#ports.rules), limits, ...ticks, ...applied, encodeConfiguration, decodeConfiguration,
      hardState: faults.forgetsVoteAtRestart ? { ...platter.hardState, votedFor: null } : platter.hardState,
    });
    this.#ports.checks.started(this);
    this.#scheduleTick(dice.driver.next() * tickMs);
  }

  /** The same rules, with an ear at the decision to commit: later the moment cannot be told from outside. */
  #watched(given: Partial<Rules>): Rules {
    const all = { ...rules, ...given };
    let index: Index = 0;
    return {
      ...all,
      committable: (servers, matchOf) => (index = all.committable(servers, matchOf)),
      mayCommit: (entryTerm, ownTerm) => {
        const may = all.mayCommit(entryTerm, ownTerm);
        if (may) this.#ports.checks.committing(this, index);
        return may;
      },
    };
  }

  /** Everything that was not synced is gone, and so are the connections. The state machine's database may lag behind. */
  crash(): void {
    if (!this.up) return;
    const { network, checks, dice } = this.#ports;
    this.up = false;
    this.raft = null;
    this.paused = false;
    this.doom = null;
    this.#busy = false;
    this.#mailbox = [];
    this.#received = [];
    for (const calls of this.#inbound.values()) for (const call of calls) network.giveUp(call, between(dice.driver, 1, 20));
    this.#inbound.clear();
    for (const write of this.#writes.values()) checks.writeUnknown(write.id);
    this.#writes.clear();
    this.#reads.clear();
    this.#waitingReads = [];
  }

  pause(): void {
    this.paused = true;
  }
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#drain();
  }

  // What clients ask.

  propose(id: number, data: Uint8Array): boolean {
    const result = this.raft?.propose(data, null);
    if (!this.raft || !result?.ok) return false;
    this.#ports.checks.accepted(this, id, result);
    this.#writes.set(result.index, { id, term: result.term });
    this.#pump();
    return true;
  }
  change(change: Change): boolean {
    const result = this.raft?.change(change, null);
    this.#pump();
    return result?.ok === true;
  }
  transfer(to: NodeId | null): boolean {
    const started = this.raft?.transfer(to) ?? false;
    if (started) this.#ports.checks.transferStarted(this);
    this.#pump();
    return started;
  }
  read(id: number): boolean {
    const ok = this.raft?.read(id).ok === true;
    if (ok) this.#reads.set(id, this.#ports.checks.readStarted());
    this.#pump();
    return ok;
  }
  takeSnapshot(): void {
    if (this.up && !this.#busy) this.#snapshot();
  }

  // What the network brings.

  receive(call: Call): void {
    this.#post(() => {
      const { request } = call;
      this.#ports.checks.happened(this, 'recv', request);
      if (request.kind !== 'timeout-now') {
        const key = `${request.from} ${answerKind[request.kind]}`;
        const queue = this.#inbound.get(key);
        if (queue) queue.push(call);
        else this.#inbound.set(key, [call]);
      }
      if (call.payload) this.#received.push(call.payload);
      this.raft?.step(request);
      if (request.kind === 'timeout-now') this.#ports.network.giveUp(call, 0);
    });
  }

  settle(call: Call, answer: Exclude<Message, Request> | null): void {
    this.#post(() => {
      if (answer) {
        this.#ports.checks.happened(this, 'answer', answer);
        this.raft?.step(answer);
      } else if (call.request.kind !== 'timeout-now') {
        this.raft?.unanswered({ to: call.request.to, kind: call.request.kind, requestTerm: call.request.term });
      }
    });
  }

  // The driver's loop.

  #scheduleTick(delayMs: number): void {
    const { life } = this;
    this.#ports.timeline.after(delayMs, () => {
      if (this.life !== life || !this.up) return;
      this.#scheduleTick(this.#driftedTickMs);
      if (this.paused) return;
      this.#post(() => {
        this.ticks++;
        this.raft?.tick();
      });
    });
  }

  #post(work: () => void): void {
    if (!this.up) return;
    if (this.paused || (this.#busy && !this.#ports.plan.concurrentDisk)) this.#mailbox.push(work);
    else {
      work();
      this.#pump();
    }
  }

  #drain(): void {
    const work = this.#mailbox;
    this.#mailbox = [];
    for (const one of work) one();
    this.#pump();
  }

  #pump(): void {
    while (this.up && !this.#busy && this.raft?.hasReady()) this.#begin(this.raft.ready());
  }

  #begin(ready: Ready): void {
    const { checks, faults, timeline } = this.#ports;
    checks.took(this, ready);
    this.#send(ready.sendNow);
    const early = ready.send.filter((m) => speaksEarly(m, faults));
    this.#send(early);
    const rest = early.length > 0 ? { ...ready, send: ready.send.filter((m) => !speaksEarly(m, faults)) } : ready;
    if (this.#dies('before-store')) return;
    const mustStore = ready.hardState !== null || ready.truncateFrom !== null || ready.append.length > 0 || ready.install !== null;
    if (!mustStore) return this.#finish(rest);
    const delay = this.#syncMs();
    if (delay === 0) return this.#store(rest);
    this.#busy = true;
    const { life } = this;
    timeline.after(delay, () => {
      if (this.life !== life || !this.up) return;
      this.#busy = false;
      this.#store(rest);
      if (!this.paused) this.#drain();
    });
  }

  #syncMs(): number {
    const { plan, dice, checks } = this.#ports;
    const mean = this.slowDisk ? 400 : checks.calm ? Math.min(1, plan.syncMeanMs) : plan.syncMeanMs;
    return mean === 0 ? 0 : -mean * Math.log(1 - dice.driver.next());
  }

  #store(ready: Ready): void {
    const { plan, dice, faults, checks } = this.#ports;
    const { platter } = this;
    const failed = plan.syncFailure > 0 && !this.#ports.checks.calm && chance(dice.driver, plan.syncFailure);
    if (failed && !faults.ignoresSyncFailure) return this.#die();
    const installed = ready.install ? this.#receivedFor(ready.install) : null;
    if (!failed) platter.write(ready, installed);
    if (installed) this.machine = installed.machine;
    checks.stored(this, ready);
    if (this.#dies('after-store')) return;
    this.raft?.stored(platter.lastIndex);
    this.#finish(ready);
  }

  #receivedFor(ref: SnapshotRef): StoredSnapshot {
    const found = this.#received.find((one) => one.ref.index === ref.index && one.ref.term === ref.term);
    if (!found) throw new Error(`no bytes for snapshot ${ref.index}`);
    this.#received = this.#received.filter((one) => one.ref.index > ref.index);
    this.#ports.checks.installed(this, found);
    return found;
  }

  #finish(ready: Ready): void {
    this.#send(ready.send);
    if (this.#dies('after-send')) return;
    this.#apply(ready.commit);
    if (this.#dies('after-apply')) return;
    this.#confirm(ready.reads);
    const { plan } = this.#ports;
    if (plan.snapshotEvery > 0 && this.machine.index - (this.platter.snapshot?.ref.index ?? 0) >= plan.snapshotEvery) this.#snapshot();
  }

  #send(messages: readonly Message[]): void {
    const { network, checks } = this.#ports;
    for (const message of messages) {
      checks.sends(this, message);
      if (message.kind === 'snapshot') this.#sendSnapshot(message);
      else if (isRequest(message)) network.send(this, message, null);
      else {
        const call = this.#inbound.get(`${message.to} ${message.kind}`)?.shift();
        if (call) network.answer(this, call, message);
      }
    }
  }

  /** A newer snapshot may have been taken since the core spoke: what is there is sent, under its own name. */
  #sendSnapshot(message: Extract<Message, { kind: 'snapshot' }>): void {
    const { snapshot } = this.platter;
    if (snapshot) this.#ports.network.send(this, { ...message, snapshot: snapshot.ref }, snapshot);
  }

  #apply(entries: readonly Entry[]): void {
    const { checks, plan, dice, faults } = this.#ports;
    for (const entry of entries) {
      if (entry.index < this.machine.index || (entry.index === this.machine.index && !faults.appliesTwiceAfterRestart)) continue;
      this.machine = { index: entry.index, hash: chain(this.machine.hash, entry) };
      checks.applied(this, entry);
      const write = this.#writes.get(entry.index);
      if (!write) continue;
      this.#writes.delete(entry.index);
      if (write.term === entry.term) checks.acknowledged(write.id, entry);
      else checks.replaced(write.id);
    }
    this.raft?.applied(this.machine.index);
    const lag = this.machine.index - this.platter.machine.index;
    if (lag > plan.applyLag || (lag > 0 && chance(dice.driver, 0.2))) this.platter.machine = this.machine;
    else if (faults.appliedIndexAlone && lag > 0) this.platter.machine = { ...this.platter.machine, index: this.machine.index };
  }

  #confirm(reads: Ready['reads']): void {
    if (reads.length > 0) this.#waitingReads.push(...reads);
    if (this.#waitingReads.length === 0) return;
    this.#waitingReads = this.#waitingReads.filter(({ id, index }) => {
      if (index > this.machine.index) return true;
      this.#ports.checks.readServed(this, this.#reads.get(id) ?? 0, index);
      this.#reads.delete(id);
      return false;
    });
  }

  #snapshot(): void {
    const { checks, plan, faults } = this.#ports;
    const { platter, raft, machine } = this;
    const taken = raft?.snapshotAt(machine.index);
    if (!raft || !taken || machine.index <= (platter.snapshot?.ref.index ?? 0)) return;
    const logHash = platter.hashAt(taken.index);
    if (logHash === undefined) return;
    const configuration = faults.snapshotTakesUncommitted ? raft.view().configuration : taken.configuration;
    const ref = { ...taken, configuration, index: taken.index + (faults.snapshotIndexOff ?? 0) };
    const snapshot = { ref, machine, logHash };
    checks.snapshotTaken(this, snapshot);
    platter.snapshot = snapshot;
    platter.machine = machine;
    const keepFrom = Math.max(platter.firstIndex, ref.index + 1 - plan.keepEntries);
    platter.compact(keepFrom);
    raft.compacted(ref, keepFrom);
  }

  #dies(boundary: Boundary): boolean {
    if (this.doom !== boundary) return false;
    this.#die();
    return true;
  }
  #die(): void {
    this.crash();
    this.#ports.checks.died(this);
  }
}

const answerKind = { append: 'appended', heartbeat: 'heard', vote: 'voted', snapshot: 'installed' } as const;

function isRequest(message: Message): message is Request {
  return message.kind in answerKind || message.kind === 'timeout-now';
}

function speaksEarly(message: Message, faults: DriverFaults): boolean {
  if (faults.speaksBeforeStoring === 'votes') return message.kind === 'voted';
  return faults.speaksBeforeStoring === 'acknowledgements' && message.kind === 'appended';
}

function limitsOf(plan: Plan) {
  const { electionTicks, heartbeatTicks, inFlightMax, appendEntriesMax, batchBytesMax, uncommittedEntriesMax } = plan;
  return { electionTicks, heartbeatTicks, limits: { inFlightMax, appendEntriesMax, batchBytesMax, uncommittedEntriesMax } };
}
