import { expect, test } from 'vitest';
import { type Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { type AnswerMessage, encodeAnswer, type RequestMessage } from './codec.ts';
import { type Lane, openLane } from './outbound.ts';
import { type Connection, type Sockets } from '../ports.ts';
import { entryType } from '../../raft/types.ts';

/** Time that moves only when it is told to. */
function handClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    after: (delayMs, run) => {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((t) => t !== timer);
      };
    },
    advance: (ms) => {
      const end = now + ms;
      for (let next = timers.sort((a, b) => a.at - b.at)[0]; next && next.at <= end; next = timers.sort((a, b) => a.at - b.at)[0]) {
        now = next.at;
        timers = timers.filter((t) => t !== next);
        next.run();
      }
      now = end;
    },
  };
}

/** A peer whose every connection the test plays. */
function peer(reachable = true) {
  const clock = handClock();
  const received: AnswerMessage[] = [];
  const lost: { request: RequestMessage; atMs: number }[] = [];
  const open: { events: Parameters<Connection['listen']>[0]; written: number; destroyed: boolean }[] = [];
  const world = { reachable, dials: 0, encoded: 0, windowBytes: Number.POSITIVE_INFINITY };
  const sockets: Sockets = {
    listen: () => Promise.reject(new Error('not here')),
    connect: (_host, _port, expectId, signal) => {
      expect(expectId).toBe('b');
      world.dials++;
      if (!world.reachable) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      const line = { events: { data: () => {}, drained: () => {}, closed: () => {} } as Parameters<Connection['listen']>[0], written: 0, destroyed: false };
      open.push(line);
      return Promise.resolve({
        remote: 'peer', provenId: undefined, fingerprint: undefined, pause: () => {}, resume: () => {}, end: () => {},
        listen: (events) => void (line.events = events),
        write: (bytes) => (line.written += bytes.length) < world.windowBytes,
        destroy: () => void (line.destroyed = true),
      });
    },
  };
  const lane = (inFlightMax: number): Lane =>
    openLane('peer', 1, {
      sockets, expectId: 'b', clock, log: silentLog,
      // Each frame asks for it once.
      address: () => (world.encoded++, 'a:1'),
      events: { receive: (message) => void received.push(message as AnswerMessage), unanswered: (request) => void lost.push({ request, atMs: clock.monotonicMs() }) },
    }, inFlightMax);
  const answer = (line = open.at(-1)): void => line?.events.data(encodeAnswer({ kind: 'heard', from: 'b', to: 'a', term: 1, requestTerm: 1, success: true }, 'b:1'));
  return { clock, received, lost, open, world, lane, answer };
}

const beat: RequestMessage = { kind: 'heartbeat', from: 'a', to: 'b', term: 1 };
const snapshot: RequestMessage = {
  kind: 'snapshot', from: 'a', to: 'b', term: 1,
  snapshot: { index: 5, term: 1, configurationIndex: 1, configuration: { servers: [{ id: 'a', address: 'a:1', voter: true }] } },
};
const nothing = new Uint8Array();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the oldest request has two seconds; an answer gives the next one its own two', async () => {
  const { clock, lost, received, lane, answer } = peer();
  const log = lane(8);
  for (let i = 0; i < 3; i++) log.send(beat, nothing);
  await turn();
  clock.advance(1900);
  answer();
  clock.advance(1900);
  answer();
  expect([received.length, lost]).toEqual([2, []]);
  clock.advance(1999);
  expect(lost).toEqual([]);
  clock.advance(1);
  expect(lost).toEqual([{ request: beat, atMs: 5800 }]);
});

test('a dial has two seconds', async () => {
  const { clock, lost, lane } = peer(false);
  lane(8).send(beat, nothing);
  clock.advance(1999);
  await turn();
  expect(lost).toEqual([]);
  clock.advance(1);
  await turn();
  expect(lost.length).toBe(1);
});

test('what waits for a machine that is off is not encoded, and is bounded all the same', async () => {
  const { clock, world, lane, open } = peer(false);
  const append: RequestMessage = {
    kind: 'append', from: 'a', to: 'b', term: 1, prevIndex: 0, prevTerm: 0, commit: 0,
    entries: [{ index: 1, term: 1, type: entryType.command, data: new Uint8Array(8 << 20), extensions: null, appendedAt: null }],
  };
  const log = lane(64);
  const taken = [1, 2, 3, 4, 5].map(() => log.send(append, nothing));
  clock.advance(2_000);
  await turn();
  expect([taken, world.encoded]).toEqual([[true, true, true, false, false], 0]);
  world.reachable = true;
  clock.advance(1_000);
  log.send(append, nothing);
  await turn();
  expect([world.encoded, (open[0]?.written ?? 0) > 8 << 20]).toEqual([1, true]);
});

test('back-off doubles from 50 ms to 1 s while nothing is answered, and starts over after an answer', async () => {
  const { clock, open, lane, answer } = peer();
  const log = lane(8);
  const waits: number[] = [];
  const fail = async (): Promise<void> => {
    let waited = 0;
    for (; !log.send(beat, nothing); waited += 10) clock.advance(10);
    waits.push(waited);
    await turn();
    open.at(-1)?.events.closed(undefined);
  };
  for (let i = 0; i < 8; i++) await fail();
  expect(waits).toEqual([0, 50, 100, 200, 400, 800, 1000, 1000]);
  clock.advance(1000);
  log.send(beat, nothing);
  await turn();
  answer();
  waits.length = 0;
  for (let i = 0; i < 3; i++) await fail();
  expect(waits).toEqual([0, 50, 100]);
});

test('a kept connection that ends while nothing is asked is no failure', async () => {
  const { open, world, lost, lane, answer } = peer();
  const log = lane(8);
  log.send(beat, nothing);
  await turn();
  answer();
  open[0]?.events.closed(undefined);
  expect(log.send(beat, nothing)).toBe(true);
  await turn();
  expect([world.dials, lost]).toEqual([2, []]);
});

test('a snapshot has two seconds, and more for each further 256 KiB; its connection ends with its answer', async () => {
  const timeOf = async (bytes: number): Promise<number | undefined> => {
    const { clock, lost, lane } = peer();
    lane(1).send(snapshot, new Uint8Array(bytes));
    await turn();
    clock.advance(60_000);
    return lost[0]?.atMs;
  };
  expect([await timeOf(10), await timeOf(262_144), await timeOf(5 * 262_144 + 100)]).toEqual([2_000, 2_000, 10_000]);
  const { open, received, lane } = peer();
  const snapshots = lane(1);
  snapshots.send(snapshot, new Uint8Array(10));
  expect(snapshots.send(snapshot, nothing)).toBe(false);
  await turn();
  open[0]?.events.data(encodeAnswer({ kind: 'installed', from: 'b', to: 'a', term: 1, requestTerm: 1, success: true, index: 5 }, 'b:1'));
  expect([received.length, open[0]?.destroyed, snapshots.send(snapshot, nothing)]).toEqual([1, true, true]);
});

test('a snapshot is written as fast as the connection drains', async () => {
  const { open, world, lane } = peer();
  world.windowBytes = 0;
  lane(1).send(snapshot, new Uint8Array(200_000));
  await turn();
  const line = open[0];
  const steps = [line?.written ?? 0];
  for (let i = 0; i < 4; i++) {
    line?.events.drained();
    steps.push(line?.written ?? 0);
  }
  expect(steps.map((written, i) => written - (steps[i - 1] ?? written))).toEqual([0, 65_536, 65_536, 3_392, 0]);
});
