import { expect, test } from 'vitest';
import { failure } from '../../../src/base/failure.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seeded } from '../../../src/base/random.ts';
import { type Actions, createDriver, type Driver, type Seen } from '../../../src/core/session/driver.ts';
import { initial } from '../../../src/core/session/state.ts';
import { step } from '../../../src/core/session/step.ts';
import { settle, virtualClock } from '../../sim/session/clock.ts';
import { leaseOf } from './notation.ts';

/** A driver whose effects wait until the test answers them. */
function bench() {
  const clock = virtualClock();
  const asked: { what: string; signal: AbortSignal; answer: (value?: unknown) => void; fail: (error: unknown) => void }[] = [];
  let see: (seen: Seen) => void = () => {};
  let watches = 0;
  const ask = (what: string, signal: AbortSignal) => new Promise<never>((resolve, reject) => {
    asked.push({ what, signal, answer: (value) => resolve(value as never), fail: reject });
  });
  const actions: Actions = {
    authorise: (_effect, signal) => ask('authorise', signal),
    join: (_effect, signal) => ask('join', signal),
    configure: (_effect, signal) => ask('configure', signal),
    apply: ({ revision }, signal) => ask(`apply ${revision}`, signal),
    refresh: (_effect, signal) => ask('refresh', signal),
    clear: (_effect, signal) => ask('clear', signal),
    watch: (_effect, tell) => {
      see = tell;
      watches++;
      return () => {
        watches--;
      };
    },
    store: () => {},
  };
  const driver: Driver = createDriver({ step, actions, clock, random: seeded(1), log: silentLog, initial });
  const newest = () => asked.at(-1) ?? expect.fail('nothing was asked');
  return {
    clock, driver, asked, newest,
    see: (seen: Seen) => see(seen),
    watches: () => watches,
    phase: () => driver.view.get().state.phase.name,
    answer: async (value?: unknown) => {
      newest().answer(value);
      await settle();
    },
    fail: async (error: unknown) => {
      newest().fail(error);
      await settle();
    },
    connect: async function () {
      driver.send({ kind: 'helper', up: true, fence: 0 });
      driver.send({ kind: 'connect', profile: 'home', stored: null });
      await this.answer();
      await this.answer(leaseOf('10.0.0.7'));
      await this.answer();
    },
  };
}

test('the first transition is there when send returns', () => {
  const b = bench();
  b.driver.send({ kind: 'connect', profile: 'home', stored: null });
  expect(b.phase()).toBe('authorising');
});

test('back-off doubles, with up to a third on top, and the view says when it ends', async () => {
  const b = bench();
  b.driver.send({ kind: 'connect', profile: 'home', stored: null });
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    await b.fail(failure('mesh.unreachable'));
    const { retryAtMs } = b.driver.view.get();
    waits.push((retryAtMs ?? 0) - b.clock.nowMs());
    b.clock.next(Number.MAX_SAFE_INTEGER);
    await settle();
  }
  const bases = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
  for (const [i, base] of bases.entries()) expect({ i, ok: (waits[i] ?? 0) >= base && (waits[i] ?? 0) <= (base * 4) / 3 }).toEqual({ i, ok: true });
});

test('one order at a time goes to the helper, and of those that wait only the newest', async () => {
  const b = bench();
  await b.connect();
  for (let i = 0; i < 5; i++) b.see({ kind: 'peers' });
  expect(b.asked.filter(({ what }) => what.startsWith('apply')).map(({ what }) => what)).toEqual(['apply 1']);
  await b.answer();
  expect(b.newest().what).toBe('apply 5');
  await b.answer();
  expect(b.asked.filter(({ what }) => what.startsWith('apply'))).toHaveLength(2);
});

test('leaving a phase aborts what runs, ends the watch, and ignores what still answers', async () => {
  const b = bench();
  await b.connect();
  b.see({ kind: 'peers' });
  const apply = b.newest();
  expect(b.watches()).toBe(1);
  b.driver.send({ kind: 'disconnect' });
  expect({ aborted: apply.signal.aborted, watches: b.watches(), phase: b.phase() }).toEqual({ aborted: true, watches: 0, phase: 'disconnecting' });
  apply.fail(failure('helper.lost'));
  await settle();
  expect(b.phase()).toBe('disconnecting');
  await b.answer();
  expect(b.phase()).toBe('disconnected');
});

test('a helper that never confirms a clear holds nobody longer than five seconds', async () => {
  const b = bench();
  await b.connect();
  b.driver.send({ kind: 'disconnect' });
  b.clock.next(4_999);
  expect(b.phase()).toBe('disconnecting');
  b.clock.next(5_000);
  expect(b.phase()).toBe('disconnected');
});

test('a closed driver is silent', async () => {
  const b = bench();
  b.driver.send({ kind: 'connect', profile: 'home', stored: null });
  b.driver.close();
  expect(b.newest().signal.aborted).toBe(true);
  await b.answer();
  expect(b.phase()).toBe('authorising');
});
