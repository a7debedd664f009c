import { abortError } from '../../../src/base/abort.ts';
import { type Clock } from '../../../src/base/clock.ts';
import { failure, isFailure } from '../../../src/base/failure.ts';
import { type Identity } from '../../../src/base/identity.ts';
import { silentLog } from '../../../src/base/log.ts';
import { type Pki } from '../../../src/base/pki.ts';
import { type Random } from '../../../src/base/random.ts';
import { type Call } from '../../../src/base/rpc.ts';
import { decodeConfiguration, encodeConfiguration } from '../../../src/node/consensus/codec.ts';
import { createDriver, type Driver, driverDefaults } from '../../../src/node/consensus/driver.ts';
import { openStore, type Store } from '../../../src/node/consensus/store.ts';
import { type Transport, type TransportEvents } from '../../../src/node/consensus/transport.ts';
import { type Consensus, type Database, type RemoteCaller } from '../../../src/node/ports.ts';
import { createSerialiser, requireLeader, type Serialiser } from '../../../src/node/rpc/submit.ts';
import { type TrustPorts } from '../../../src/node/rpc/trust.ts';
import { createMeshState, type MeshState } from '../../../src/node/state/mesh-state.ts';
import { decodeSnapshot } from '../../../src/node/state/snapshot.ts';
import { openDatabase } from '../../../src/platform/sqlite.ts';
import { bootstrapEntry, createRaft } from '../../../src/raft/raft.ts';
import { type Configuration, type Message } from '../../../src/raft/types.ts';
import { type Call as Wire, type Network, type Request, type Station } from '../cluster/network.ts';
import { type Checks } from './checks.ts';
import { type Mutation } from './mutants.ts';
import { type Plan, tickMs } from './plan.ts';

/** Where a member dies: around a transaction of one of its two files. */
export const dooms = ['raft before', 'raft after', 'mesh before', 'mesh after'] as const;
export type Doom = (typeof dooms)[number];

export interface MemberPorts {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly network: Network;
  readonly random: Random;
  readonly pki: Pki;
  readonly identity: Identity;
  readonly configuration: Configuration;
  readonly remote: RemoteCaller;
  readonly mutation: Mutation;
  readonly checks: Checks;
  /** The bytes of snapshots, which travel beside their messages. */
  readonly cargo: WeakMap<Message, Uint8Array>;
}

/** One life of a member, between two crashes. */
interface Life {
  readonly driver: Driver;
  readonly state: MeshState;
  readonly trust: TrustPorts;
  readonly ended: AbortController;
}

/** A node with its real consensus driver, stores, replicated state and trust services; network, time and files are simulated. */
export class Member implements Station {
  readonly id: string;
  readonly paused = false;
  readonly #ports: MemberPorts;
  readonly #raftDb = openDatabase({ path: ':memory:', durability: 'normal' });
  #meshDb = openDatabase({ path: ':memory:', durability: 'normal' });
  life = 0;
  up = false;
  doom: Doom | null = null;
  #now: Life | null = null;
  #events: TransportEvents | null = null;
  #inbound = new Map<string, Wire[]>();

  constructor(id: string, ports: MemberPorts) {
    this.id = id;
    this.#ports = ports;
  }

  get driver(): Driver | null {
    return this.#now?.driver ?? null;
  }
  get state(): MeshState | null {
    return this.#now?.state ?? null;
  }
  get trust(): TrustPorts | null {
    return this.#now?.trust ?? null;
  }
  get database(): Database {
    return this.#meshDb;
  }

  start(): void {
    const { clock, random, configuration, checks, plan, mutation } = this.#ports;
    const { id } = this;
    this.up = true;
    this.life++;
    const store = openStore(() => this.#mortal(this.#raftDb, 'raft'));
    const meshDb = mutation.database?.(this.#meshDb, id) ?? this.#meshDb;
    const state = createMeshState(this.#mortal(meshDb, 'mesh'));
    if (store.lastIndex === 0 && store.hardState.term === 0) {
      store.save({ hardState: { term: 1, votedFor: null }, truncateFrom: null, append: [bootstrapEntry(configuration, encodeConfiguration)], install: null }, null);
    }
    if (store.snapshot && state.appliedIndex() < store.snapshot.index) this.#restore(store, state);
    const raft = createRaft({
      id, hardState: store.hardState, log: store, snapshot: store.snapshot, appliedIndex: state.appliedIndex(), random, electionTicks: plan.electionTicks, encodeConfiguration, decodeConfiguration,
    });
    const driver = createDriver({
      raft, store, clock, log: silentLog, checkSnapshot: decodeSnapshot,
      stateMachine: {
        ...state,
        apply: (entries) => checks.applied(id, entries, state.apply(entries)),
        restore: (...restored) => {
          state.restore(...restored);
          mutation.restored?.(this.#meshDb);
        },
      },
      defer: (run) => void clock.after(0, run),
      onBroken: (error) => this.#broke(error),
      connect: (events) => this.#connect(events),
    }, { ...driverDefaults, tickMs, snapshotEntries: plan.snapshotEntries, trailingEntries: plan.trailingEntries });
    this.#now = { driver, state, trust: this.#trustPorts(driver, state), ended: new AbortController() };
    driver.start();
  }

  #restore(store: Store, state: MeshState): void {
    const { index, term, configuration } = store.snapshot ?? { index: 0, term: 0, configuration: { servers: [] } };
    state.restore(store.snapshotBytes(), index, term, configuration);
    this.#ports.mutation.restored?.(this.#meshDb);
  }

  /** Everything in memory is gone, and whoever waits for an answer waits in vain. */
  crash(losesState = false): void {
    if (!this.up) return;
    this.up = false;
    this.doom = null;
    const life = this.#now;
    this.#now = null;
    this.#events = null;
    for (const calls of this.#inbound.values()) for (const call of calls) this.#ports.network.giveUp(call, 5);
    this.#inbound.clear();
    life?.ended.abort(abortError('the node died'));
    life?.driver.close();
    if (losesState) this.#meshDb = openDatabase({ path: ':memory:', durability: 'normal' });
  }

  /** Frees what this member holds, for good. */
  close(): void {
    this.crash();
    this.#raftDb.close();
    this.#meshDb.close();
  }

  /** Serves one call as the leader; rejects like the policy when this is none. */
  async serve<T>(work: (ports: TrustPorts, call: Call) => Promise<T>): Promise<T> {
    const life = this.#now;
    if (!life) throw new Error('down');
    requireLeader(life.driver);
    return work(life.trust, { caller: { kind: 'anonymous' }, metadata: {}, peer: '192.0.2.1:1', signal: life.ended.signal, deadlineMs: this.#ports.plan.patienceMs });
  }

  #trustPorts(driver: Driver, state: MeshState): TrustPorts {
    const { plan, clock, pki, identity, remote, random, mutation } = this.#ports;
    const careful: Consensus = driver;
    const consensus: Consensus = plan.careless ? { ...careful, linearizable: async () => {} } : careful;
    const everybodyAtOnce: Serialiser = { run: (call, _what, work) => work(call.signal) };
    return {
      nodeId: this.id, identity: () => identity, pki, clock, random, remote, log: silentLog,
      consensus: mutation.consensus?.(consensus) ?? consensus,
      reads: mutation.reads?.(state) ?? state,
      serialiser: plan.careless ? everybodyAtOnce : createSerialiser(clock),
    };
  }

  // What the network brings.

  receive(call: Wire): void {
    const { request } = call;
    if (request.kind === 'timeout-now') this.#ports.network.giveUp(call, 0);
    else {
      const key = `${request.from} ${answerKind[request.kind]}`;
      this.#inbound.set(key, [...(this.#inbound.get(key) ?? []), call]);
    }
    this.#events?.receive(request, this.#ports.cargo.get(request) ?? null);
  }

  settle(call: Wire, answer: Exclude<Message, Request> | null): void {
    if (answer) this.#events?.receive(answer, null);
    else if (call.request.kind !== 'timeout-now') this.#events?.unanswered({ to: call.request.to, kind: call.request.kind, requestTerm: call.request.term });
  }

  #connect(events: TransportEvents): Transport {
    this.#events = events;
    return {
      listen: async () => {},
      listening: () => [],
      setConfiguration: () => {},
      recheck: () => {},
      close: () => {},
      send: (message, bytes) => {
        const { network, cargo } = this.#ports;
        if (isRequest(message)) {
          if (bytes) cargo.set(message, bytes);
          network.send(this, message, null);
          return;
        }
        const call = this.#inbound.get(`${message.to} ${message.kind}`)?.shift();
        if (call) network.answer(this, call, message);
      },
    };
  }

  /** The file of a process that may end at any transaction. It outlives the process. */
  #mortal(db: Database, file: 'raft' | 'mesh'): Database {
    const dies = (when: 'before' | 'after'): void => {
      if (this.doom !== `${file} ${when}`) return;
      this.doom = null;
      throw failure('internal.storage', { problem: 'the process ended' });
    };
    return {
      ...db,
      transaction: (work) => {
        dies('before');
        const value = db.transaction(work);
        dies('after');
        return value;
      },
      close: () => {},
    };
  }

  #broke(error: unknown): void {
    if (!isFailure(error) || error.code !== 'internal.storage') this.#ports.checks.broken(this.id, error);
    this.crash();
  }
}

const answerKind = { append: 'appended', heartbeat: 'heard', vote: 'voted', snapshot: 'installed' } as const;

function isRequest(message: Message): message is Request {
  return message.kind in answerKind || message.kind === 'timeout-now';
}
