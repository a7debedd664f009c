import { assert, present } from '../../base/assert.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type Change, type Index, type Message, type Raft, type RaftView, type Ready, type SnapshotRef } from '../../raft/types.ts';
import { type Consensus, type StateMachine } from '../ports.ts';
import { goBinaryTimeFromMs } from './go-time.ts';
import { createMailbox, type DriverEvent } from './mailbox.ts';
import { createProposals, leadershipLost, type Outcome, refusal, type Waiter, waiter } from './proposals.ts';
import { type Store } from './store.ts';
import { type Transport, type TransportEvents } from './transport.ts';

export interface DriverPorts {
  readonly raft: Raft;
  readonly store: Store;
  readonly stateMachine: StateMachine;
  /** Makes the transport, given where its messages go. */
  readonly connect: (events: TransportEvents) => Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs the loop's next turn soon, after the I/O that is ready now: what gathers proposals into one sync. */
  readonly defer: (run: () => void) => void;
  /** Throws when the bytes are no snapshot that the state machine can restore. */
  readonly checkSnapshot: (bytes: Uint8Array) => void;
  /** The driver broke: the disk refused, or an invariant of ours does not hold. It has stopped; the process must end. */
  readonly onBroken: (error: unknown) => void;
}

export interface DriverOptions {
  readonly tickMs: number;
  /** A snapshot is taken when this many entries, or this many bytes of them, were applied since the last one. */
  readonly snapshotEntries: number;
  readonly snapshotBytes: number;
  /** Entries kept before a snapshot's index, so that a slow follower seldom needs the snapshot. */
  readonly trailingEntries: number;
  readonly waitingMax: number;
  readonly entryBytesMax: number;
  /** Ticks after which a hand-over of leadership that did not happen is given up. */
  readonly transferTicks: number;
}

export const driverDefaults: DriverOptions = {
  tickMs: 100, snapshotEntries: 8192, snapshotBytes: 16 << 20, trailingEntries: 10_240, waitingMax: 1024,
  // What an entry's limit of 1 MiB can become in a snappy block.
  entryBytesMax: 1_300_000, transferTicks: 40,
};

/** A turn that takes longer goes on in the next one. */
const turnMs = 50;

export interface Driver extends Consensus {
  readonly transport: Transport;
  /** The last applied index, set after each turn that applied something. */
  readonly appliedIndex: ReadCell<Index>;
  start(): void;
  /** A hint that a member is there again: see `Raft.expect`. */
  expect(id: string): void;
  /** Stops after the present turn. Whoever waits gets unavailable. Closes the transport, not the store. */
  close(): void;
}

/**
 * The loop around the pure core, always in one order: take what waits → raft → ready → store in one synced transaction → stored →
 * send → apply → answer. All that arrives between two turns shares one sync (group commit).
 */
export function createDriver(ports: DriverPorts, options: DriverOptions = driverDefaults): Driver {
  const { raft, store, stateMachine, clock, log } = ports;
  const proposals = createProposals();
  const reads = new Map<number, { readonly waiter: Waiter<void>; index: Index | null }>();
  const transfers = new Set<{ readonly waiter: Waiter<void>; readonly term: number; ticks: number }>();
  const mailbox = createMailbox(options.waitingMax);
  const view: Cell<RaftView> = cell(raft.view());
  const appliedIndex: Cell<Index> = cell(stateMachine.appliedIndex());
  /** Snapshots that arrived in this turn: more than one when a leader and its successor both send theirs. */
  let received: { readonly ref: SnapshotRef; readonly bytes: Uint8Array }[] = [];
  let [scheduled, closed, lastRead] = [false, false, 0];
  let cancelTick: Cancel = () => {};

  const schedule = (): void => {
    if (!scheduled) ports.defer(turn);
    scheduled = true;
  };
  const post = (event: DriverEvent): void => {
    if (!closed && mailbox.add(event)) schedule();
  };
  const transport = ports.connect({
    receive: (message, bytes) => post({ kind: 'message', message, bytes }),
    unanswered: (request) => post({ kind: 'unanswered', request }),
  });
  transport.setConfiguration(view.get().configuration);

  function turn(): void {
    scheduled = false;
    if (closed) return;
    try {
      for (const event of mailbox.take()) take(event);
      advance();
    } catch (error) {
      stop(error);
      ports.onBroken(error);
    }
  }

  function take(event: DriverEvent): void {
    switch (event.kind) {
      case 'tick': return raft.tick();
      case 'message':
        return event.message.kind === 'snapshot' ? takeSnapshot(event.message, event.bytes) : raft.step(event.message);
      case 'unanswered': return raft.unanswered(event.request);
      case 'expect': return raft.expect(event.id);
      case 'propose': return enter(event.waiter, () => raft.propose(event.data, goBinaryTimeFromMs(clock.nowMs())));
      case 'change': return enter(event.waiter, () => raft.change(event.change, goBinaryTimeFromMs(clock.nowMs())));
      case 'read': return read(event.waiter);
      case 'transfer': return transfer(event.waiter);
    }
  }

  /** A snapshot is read before the core may take it: once it is stored, the log it replaces is gone. */
  function takeSnapshot(message: Extract<Message, { kind: 'snapshot' }>, bytes: Uint8Array | null): void {
    try {
      ports.checkSnapshot(present(bytes, 'the bytes of a snapshot'));
    } catch (error) {
      log.error('snapshot-refused', { from: message.from, index: message.snapshot.index, error });
      const { id, term } = raft.view();
      return transport.send({ kind: 'installed', from: id, to: message.from, term, requestTerm: message.term, success: false, index: message.snapshot.index });
    }
    if (bytes) received.push({ ref: message.snapshot, bytes });
    raft.step(message);
  }

  function enter(who: Waiter<Outcome>, propose: () => ReturnType<Raft['propose']>): void {
    if (who.settled) return;
    const answer = propose();
    if (answer.ok) proposals.add(answer.index, answer.term, who);
    else who.reject(refusal(answer));
  }

  function read(who: Waiter<void>): void {
    if (who.settled) return;
    const id = ++lastRead;
    const answer = raft.read(id);
    if (answer.ok) reads.set(id, { waiter: who, index: null });
    else who.reject(refusal(answer));
  }

  function transfer(who: Waiter<void>): void {
    if (who.settled) return;
    const { role, term } = raft.view();
    if (role !== 'leader') return who.reject(refusal({ ok: false, reason: 'not-leader', leader: null }));
    if (!raft.transfer(null)) return who.reject(new RpcError(status.failedPrecondition, 'no other voter can lead'));
    transfers.add({ waiter: who, term, ticks: options.transferTicks });
  }

  /** Does what the core asks until it asks for nothing more, then shows the new state. */
  function advance(): void {
    const startedMs = clock.monotonicMs();
    while (raft.hasReady()) {
      perform(raft.ready());
      // A long replay lets heartbeats and callers in between.
      if (clock.monotonicMs() - startedMs > turnMs) schedule();
      if (scheduled) break;
    }
    received = [];
    snapshotIfDue();
    const [before, now] = [view.get(), raft.view()];
    settle(before, now);
    publish(before, now);
  }

  function perform(ready: Ready): void {
    for (const message of ready.sendNow) send(message);
    if (ready.hardState || ready.install || ready.truncateFrom !== null || ready.append.length > 0) {
      store.save(ready, ready.install ? bytesOf(ready.install) : null);
    }
    raft.stored(store.lastIndex);
    for (const message of ready.send) send(message);
    if (ready.install) install(ready.install);
    if (ready.commit.length > 0) apply(ready);
    for (const { id, index } of ready.reads) {
      const entry = reads.get(id);
      if (entry) entry.index = index;
    }
  }

  function send(message: Message): void {
    transport.send(message, message.kind === 'snapshot' ? store.snapshotBytes() : undefined);
  }

  function bytesOf(ref: SnapshotRef): Uint8Array {
    const held = received.find((candidate) => candidate.ref.index === ref.index && candidate.ref.term === ref.term);
    return present(held, 'the snapshot to install, received in this turn').bytes;
  }

  function install(ref: SnapshotRef): void {
    stateMachine.restore(bytesOf(ref), ref.index, ref.term, ref.configuration);
    raft.applied(ref.index);
    log.info('snapshot-installed', { index: ref.index, term: ref.term });
  }

  function apply({ commit }: Ready): void {
    const responses = stateMachine.apply(commit);
    const last = present(commit[commit.length - 1], 'the last committed entry');
    assert(stateMachine.appliedIndex() >= last.index, 'the state machine holds what was applied');
    raft.applied(last.index);
    commit.forEach((entry, i) => proposals.applied(entry, responses[i] ?? null));
  }

  function snapshotIfDue(): void {
    const index = stateMachine.appliedIndex();
    const since = index - (store.snapshot?.index ?? 0);
    if (since < 1 || (since < options.snapshotEntries && store.bytesSinceSnapshot < options.snapshotBytes)) return;
    const ref = present(raft.snapshotAt(index), 'what a snapshot at the applied index must say');
    const bytes = stateMachine.snapshot();
    const keepFrom = Math.max(store.firstIndex, index - options.trailingEntries + 1);
    store.compact(ref, bytes, keepFrom);
    raft.compacted(ref, keepFrom);
    log.info('snapshot-taken', { index, term: ref.term, bytes: bytes.length, keepFrom });
  }

  /** Answers reads that are ripe, and everybody who waited for a leadership that has ended. */
  function settle(before: RaftView, now: RaftView): void {
    const applied = stateMachine.appliedIndex();
    for (const [id, { waiter: who, index }] of reads) {
      if (who.settled || (index !== null && applied >= index)) {
        who.resolve();
        reads.delete(id);
      }
    }
    if (before.role === 'leader' && (now.role !== 'leader' || now.term !== before.term)) {
      proposals.failAll(leadershipLost());
      for (const { waiter: who } of reads.values()) who.reject(leadershipLost());
      reads.clear();
    }
    for (const hope of transfers) {
      if (now.role !== 'leader' || now.term !== hope.term) hope.waiter.resolve();
      else if (hope.ticks < 0) hope.waiter.reject(new RpcError(status.unavailable, 'no other voter took over in time'));
      if (hope.waiter.settled) transfers.delete(hope);
    }
  }

  function publish(before: RaftView, now: RaftView): void {
    if ((now.violations ?? 0) > (before.violations ?? 0)) log.error('rules-broken-by-a-member', { term: now.term, leader: now.leader, violations: now.violations });
    if (now.configuration !== before.configuration) transport.setConfiguration(now.configuration);
    if (now.role !== before.role || now.term !== before.term || now.leader !== before.leader) log.info('role', { role: now.role, term: now.term, leader: now.leader });
    view.set(now);
    appliedIndex.set(stateMachine.appliedIndex());
  }

  function tickLater(): void {
    // One tick a wake-up, however late: a burst after a pause would look like silence of the leader. Where nobody elects, nothing can look so.
    const ticks = ticksAtOnce(view.get());
    cancelTick = clock.after(ticks * options.tickMs, () => {
      for (const hope of transfers) hope.ticks -= ticks;
      tickLater();
      for (let i = 0; i < ticks; i++) mailbox.add({ kind: 'tick' });
      // Most ticks find nothing to do: where no turn is waited for, this is one, and the process sleeps on.
      if (!scheduled) turn();
    });
  }

  function stop(reason: unknown): void {
    closed = true;
    cancelTick();
    const error = new RpcError(status.unavailable, 'this node is stopping', reason);
    proposals.failAll(error);
    for (const { waiter: who } of reads.values()) who.reject(error);
    for (const { waiter: who } of transfers) who.reject(error);
    mailbox.failAll(error);
    transport.close();
  }

  function ask<T>(signal: AbortSignal, event: (handle: Waiter<T>) => DriverEvent): Promise<T> {
    const { promise, handle } = waiter<T>(signal);
    if (closed) handle.reject(new RpcError(status.unavailable, 'this node is stopping'));
    else if (mailbox.asked + proposals.size + reads.size >= options.waitingMax) handle.reject(new RpcError(status.resourceExhausted, 'too much is waiting'));
    else post(event(handle));
    return promise;
  }

  return {
    view,
    appliedIndex,
    transport,
    start: () => {
      // The first tick at once: a sole voter need not wait for anybody.
      post({ kind: 'tick' });
      tickLater();
    },
    expect: (id) => post({ kind: 'expect', id }),
    propose: async (data, signal) => {
      if (data.length > options.entryBytesMax) throw new RpcError(status.resourceExhausted, `an entry of ${data.length} bytes is too large`);
      const { index, response } = await ask<Outcome>(signal, (handle) => ({ kind: 'propose', data, waiter: handle }));
      return { index, response: present(response, 'the answer to a command') };
    },
    change: async (change: Change, signal) => {
      await ask<Outcome>(signal, (handle) => ({ kind: 'change', change, waiter: handle }));
    },
    linearizable: (signal) => ask<void>(signal, (handle) => ({ kind: 'read', waiter: handle })),
    transferLeadership: (signal) => ask<void>(signal, (handle) => ({ kind: 'transfer', waiter: handle })),
    close: () => {
      if (!closed) stop(new Error('closed'));
    },
  };
}

/**
 * Where nobody elects, half an election timeout: who has no vote counts the time since it heard a leader, and nothing else; who votes alone only
 * tells members that it is there, twice an election timeout.
 */
function ticksAtOnce({ id, configuration: { servers } }: RaftView): number {
  const voters = servers.filter(({ voter }) => voter);
  return voters.length > 1 && voters.some((server) => server.id === id) ? 1 : 5;
}
