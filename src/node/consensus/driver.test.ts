import { expect, test } from 'vitest';
import { type Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { seeded } from '../../base/random.ts';
import { openDatabase } from '../../platform/sqlite.ts';
import { bootstrapEntry, createRaft } from '../../raft/raft.ts';
import { type Entry, type Message, type Unanswered } from '../../raft/types.ts';
import { type Database, type StateMachine } from '../ports.ts';
import { decodeConfiguration, encodeConfiguration } from './codec.ts';
import { createDriver, type Driver, driverDefaults, type DriverOptions } from './driver.ts';
import { openStore, type Store } from './store.ts';
import { type Transport, type TransportEvents } from './transport.ts';

const text = new TextEncoder();
const live = new AbortController().signal;

/** A list of texts as state: the answer to a command is the list's length after it. */
function listMachine(): StateMachine & { readonly list: string[] } {
  let [index, term, list]: [number, number, string[]] = [0, 0, []];
  return {
    get list() { return list; },
    appliedIndex: () => index,
    appliedTerm: () => term,
    apply: (entries: readonly Entry[]) => entries.map((entry) => {
      if (entry.index <= index) return null;
      [index, term] = [entry.index, entry.term];
      return entry.type === 0 ? text.encode(String(list.push(new TextDecoder().decode(entry.data)))) : null;
    }),
    snapshot: () => text.encode(JSON.stringify(list)),
    restore: (bytes, at, of) => {
      list = JSON.parse(new TextDecoder().decode(bytes)) as string[];
      [index, term] = [at, of];
    },
  };
}

/** Time that moves when told, shared by all nodes of a world, and a network of queues between them. */
function world() {
  let now = 0;
  const timers: { at: number; run: () => void }[] = [];
  const queue: (() => void)[] = [];
  const nodes = new Map<string, TransportEvents>();
  let watch = (_: Message): void => {};
  const sent = (message: Message): undefined => void watch(message);
  const clock: Clock = {
    nowMs: () => now,
    monotonicMs: () => now,
    after: (delayMs, run) => {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
  };
  /** Lets everything happen that is due up to `ms` from now. */
  const pass = async (ms: number): Promise<void> => {
    const until = now + ms;
    for (;;) {
      for (let work = queue.shift(); work; work = queue.shift()) work();
      await Promise.resolve();
      if (queue.length > 0) continue;
      const next = timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      now = Math.max(now, next.at);
      timers.splice(timers.indexOf(next), 1);
      next.run();
    }
    now = until;
  };
  const transport = (id: string): ((events: TransportEvents) => Transport) => (events) => {
    nodes.set(id, events);
    return {
      listen: async () => {},
      listening: () => [],
      setConfiguration: () => {},
      recheck: () => {},
      send: (message: Message, bytes) => sent(message) || queue.push(() => {
        const to = nodes.get(message.to);
        if (to) return to.receive(message, bytes ?? null);
        const request = { to: message.to, kind: message.kind, requestTerm: message.term } as Unanswered;
        if (['append', 'heartbeat', 'vote', 'snapshot'].includes(message.kind)) events.unanswered(request);
      }),
      close: () => void nodes.delete(id),
    };
  };
  return { clock, pass, defer: (run: () => void) => void queue.push(run), transport, nodes, onSend: (see: (message: Message) => void) => void (watch = see) };
}

type World = ReturnType<typeof world>;

function open(store: Store, id: string, { clock, defer, transport }: World, options: Partial<DriverOptions> = {}) {
  const machine = listMachine();
  if (store.snapshot) machine.restore(store.snapshotBytes(), store.snapshot.index, store.snapshot.term, store.snapshot.configuration);
  const raft = createRaft({ id, hardState: store.hardState, log: store, snapshot: store.snapshot, appliedIndex: machine.appliedIndex(), random: seeded(id.charCodeAt(0)), encodeConfiguration, decodeConfiguration });
  const broken: unknown[] = [];
  const driver = createDriver({ raft, store, stateMachine: machine, connect: transport(id), clock, log: silentLog, defer, checkSnapshot: (bytes) => void JSON.parse(new TextDecoder().decode(bytes)), onBroken: (error) => broken.push(error) }, { ...driverDefaults, ...options });
  driver.start();
  return { driver, machine, broken, store };
}

function memoryStore(database: Database = openDatabase({ path: ':memory:', durability: 'normal' })): Store {
  return openStore(() => database);
}

function founded(store: Store, id: string): Store {
  const entry = bootstrapEntry({ servers: [{ id, address: `${id}:1`, voter: true }] }, encodeConfiguration);
  store.save({ hardState: { term: 1, votedFor: null }, append: [entry], truncateFrom: null, install: null }, null);
  return store;
}

const say = async (driver: Driver, word: string): Promise<string> => new TextDecoder().decode((await driver.propose(text.encode(word), live)).response);
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.then((value) => value, (error: unknown) => (error instanceof Error ? error.message : error));

test('a sole voter leads, commits and answers; proposals of one turn share one sync', async () => {
  const w = world();
  let transactions = 0;
  const inner = openDatabase({ path: ':memory:', durability: 'normal' });
  const { driver, machine } = open(founded(memoryStore({ ...inner, transaction: (work) => (transactions++, inner.transaction(work)) }), 'a'), 'a', w);
  await w.pass(5000);
  expect(driver.view.get()).toMatchObject({ role: 'leader', leader: 'a', configurationCommitted: true });
  const before = transactions;
  const said = Promise.all(['x', 'y', 'z'].map((word) => say(driver, word)));
  await w.pass(0);
  expect([await said, machine.list, transactions - before]).toEqual([['1', '2', '3'], ['x', 'y', 'z'], 1]);
  expect(driver.appliedIndex.get()).toBe(driver.view.get().commitIndex);
  const read = outcome(driver.linearizable(live));
  await w.pass(0);
  expect(await read).toBe(undefined);
});

test('who votes alone, and a member without a vote, wake up twice a second, and both count every tick', async () => {
  const w = world();
  const wakes = { a: 0, b: 0 };
  const counting = (id: keyof typeof wakes): World => ({ ...w, clock: { ...w.clock, after: (delayMs, run) => w.clock.after(delayMs, () => (wakes[id]++, run())) } });
  const a = open(founded(memoryStore(), 'a'), 'a', counting('a'));
  await w.pass(2_000);
  const b = open(memoryStore(), 'b', counting('b'));
  await Promise.all([a.driver.change({ kind: 'add-observer', id: 'b', address: 'b:1' }, live), w.pass(2_000)]);
  expect(b.driver.view.get()).toMatchObject({ role: 'follower', leader: 'a' });
  const contact = (): number | null => b.driver.view.get().leaderContactTicks;
  Object.assign(wakes, { a: 0, b: 0 });
  await w.pass(10_000);
  expect([wakes.a, wakes.b, (contact() ?? 99) <= 10]).toEqual([20, 20, true]);
  a.driver.close();
  const before = contact() ?? 0;
  await w.pass(4_000);
  expect((contact() ?? 0) - before).toBe(40);
});

test('refuses in the words of the API: no leader, too large, too many, aborted, nobody to hand over to', async () => {
  const w = world();
  const lonely = open(memoryStore(), 'b', w);
  const refused = [outcome(say(lonely.driver, 'x')), outcome(lonely.driver.linearizable(live)), outcome(lonely.driver.transferLeadership(live))];
  await w.pass(0);
  expect(await Promise.all(refused)).toEqual(['not leader', 'not leader', 'not leader']);
  const { driver } = open(founded(memoryStore(), 'a'), 'a', w, { waitingMax: 2, entryBytesMax: 10 });
  await w.pass(5000);
  const gone = new AbortController();
  const asked = [say(driver, 'one'), driver.propose(text.encode('two'), gone.signal), say(driver, 'three'), say(driver, 'far too long'), driver.change({ kind: 'promote', id: 'nobody' }, AbortSignal.abort('given up'))].map(outcome);
  gone.abort('gone');
  await w.pass(0);
  expect(await Promise.all(asked)).toEqual(['1', 'gone', 'too much is waiting', 'an entry of 12 bytes is too large', 'given up']);
  const alone = outcome(driver.transferLeadership(live));
  await w.pass(0);
  expect(await alone).toBe('no other voter can lead');
});

test('an observer is added, follows, gets a snapshot when the log is gone, and becomes the leader by promotion and hand-over', async () => {
  const w = world();
  const a = open(founded(memoryStore(), 'a'), 'a', w, { snapshotEntries: 10, trailingEntries: 2 });
  await w.pass(5000);
  for (let i = 0; i < 40; i++) {
    const said = say(a.driver, `word ${i}`);
    await w.pass(0);
    await said;
  }
  expect(a.store.firstIndex).toBeGreaterThan(20);
  const b = open(memoryStore(), 'b', w);
  const added = a.driver.change({ kind: 'add-observer', id: 'b', address: 'b:1' }, live);
  await w.pass(2000);
  await added;
  expect([b.machine.list, b.store.snapshot?.index !== undefined, b.driver.view.get().leader]).toEqual([a.machine.list, true, 'a']);
  const promoted = a.driver.change({ kind: 'promote', id: 'b' }, live);
  await w.pass(1000);
  await promoted;
  const handed = outcome(a.driver.transferLeadership(live));
  await w.pass(3000);
  expect([await handed, b.driver.view.get().role, a.driver.view.get().leader]).toEqual([undefined, 'leader', 'b']);
  const last = say(b.driver, 'from b');
  await w.pass(1000);
  expect([await last, a.machine.list.at(-1)]).toEqual(['41', 'from b']);
});

test('who waits on a leader that loses its majority learns that the outcome is unknown', async () => {
  const w = world();
  const a = open(founded(memoryStore(), 'a'), 'a', w);
  const b = open(memoryStore(), 'b', w);
  await w.pass(5000);
  for (const change of [{ kind: 'add-observer', id: 'b', address: 'b:1' }, { kind: 'promote', id: 'b' }] as const) {
    const changed = a.driver.change(change, live);
    await w.pass(1000);
    await changed;
  }
  b.driver.close();
  const lost = [outcome(say(a.driver, 'x')), outcome(a.driver.linearizable(live)), outcome(b.driver.linearizable(live))];
  await w.pass(10_000);
  const message = 'leadership lost before the outcome was known';
  expect([await Promise.all(lost), a.driver.view.get().role === 'leader']).toEqual([[message, message, 'this node is stopping'], false]);
});

test('a disk that refuses stops the driver for good, and nothing is said after it', async () => {
  const w = world();
  const inner = openDatabase({ path: ':memory:', durability: 'normal' });
  let failing = false;
  let tries = 0;
  const { driver, machine, broken } = open(founded(memoryStore({
    ...inner,
    transaction: (work) => {
      if (!failing) return inner.transaction(work);
      tries++;
      throw new Error('EIO');
    },
  }), 'a'), 'a', w);
  await w.pass(5000);
  failing = true;
  const refused = [outcome(say(driver, 'x')), outcome(say(driver, 'y'))];
  await w.pass(5000);
  const later = outcome(say(driver, 'z'));
  await w.pass(5000);
  const stopping = 'this node is stopping';
  expect([await Promise.all(refused), await later, broken.map(String), tries, machine.list]).toEqual([[stopping, stopping], stopping, ['Error: EIO'], 1, []]);
});

test('after a restart the state machine that lags is brought back from snapshot and log', async () => {
  const w = world();
  const database = openDatabase({ path: ':memory:', durability: 'normal' });
  const first = open(founded(memoryStore(database), 'a'), 'a', w, { snapshotEntries: 5, trailingEntries: 1 });
  await w.pass(5000);
  for (const word of 'abcdefgh') {
    const said = say(first.driver, word);
    await w.pass(0);
    await said;
  }
  first.driver.close();
  const second = open(memoryStore(database), 'a', w);
  await w.pass(5000);
  expect([second.machine.list.join(''), second.driver.view.get().role]).toEqual(['abcdefgh', 'leader']);
});

test('a snapshot that cannot be read is refused before anything is given up for it', async () => {
  const w = world();
  const b = open(memoryStore(), 'b', w);
  const answers: Message[] = [];
  w.nodes.set('a', { receive: (message) => answers.push(message), unanswered: () => {} });
  const snapshot = { index: 7, term: 2, configuration: { servers: [{ id: 'a', address: 'a:1', voter: true }] }, configurationIndex: 1 };
  const offer = { kind: 'snapshot', from: 'a', to: 'b', term: 2, snapshot } as const;
  w.nodes.get('b')?.receive(offer, text.encode('["torn'));
  await w.pass(0);
  expect([answers, b.machine.appliedIndex(), b.store.snapshot, b.broken]).toEqual([[{ kind: 'installed', from: 'b', to: 'a', term: 0, requestTerm: 2, success: false, index: 7 }], 0, null, []]);
  w.nodes.get('b')?.receive(offer, text.encode('["whole"]'));
  await w.pass(0);
  expect([answers.slice(1).map((message) => ('success' in message ? message.success : null)), b.machine.list, b.store.snapshot?.index, b.store.snapshotBytes()]).toEqual([[true], ['whole'], 7, text.encode('["whole"]')]);
});

test('what grants or acknowledges leaves after the sync, and the state changes after both', async () => {
  const w = world();
  const order: string[] = [];
  const inner = openDatabase({ path: ':memory:', durability: 'normal' });
  const store = memoryStore({ ...inner, transaction: (work) => (order.push('sync'), inner.transaction(work)) });
  const b = open(founded(store, 'a'), 'b', w);
  const apply = b.machine.apply;
  b.machine.apply = (entries) => (order.push(`apply ${entries.map(({ index }) => index).join()}`), apply(entries));
  w.onSend((message) => order.push(message.kind));
  await w.pass(0);
  order.length = 0;
  const vote = { kind: 'vote', from: 'a', to: 'b', term: 5, lastIndex: 9, lastTerm: 4, transfer: false, pre: false } as const;
  const entry: Entry = { index: 2, term: 5, type: 0, data: text.encode('x'), extensions: null, appendedAt: null };
  w.nodes.get('b')?.receive({ kind: 'append', from: 'a', to: 'b', term: 5, prevIndex: 1, prevTerm: 1, entries: [entry], commit: 2 }, null);
  await w.pass(0);
  w.nodes.get('b')?.receive({ ...vote, term: 6, transfer: true }, null);
  await w.pass(0);
  expect(order).toEqual(['sync', 'appended', 'apply 1,2', 'sync', 'voted']);
});
