import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { abortError, isAbort, orAborted, withDeadline } from './abort.ts';
import { type Clock, sleep } from './clock.ts';

/** Time that moves only when it is told to. */
function handClock(): Clock & { advance(ms: number): void; readonly waiting: number } {
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
      now += ms;
      const due = timers.filter((t) => t.at <= now);
      timers = timers.filter((t) => t.at > now);
      for (const timer of due) timer.run();
    },
    get waiting() {
      return timers.length;
    },
  };
}

const forever = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('a deadline', () => {
  test('lets work through that ends in time, and leaves no timer', async () => {
    const clock = handClock();
    expect(await withDeadline(clock, 100, 'work', undefined, async () => 7)).toBe(7);
    expect(clock.waiting).toBe(0);
  });
  test('fails with mesh.timeout and aborts the work', async () => {
    const clock = handClock();
    let inner: AbortSignal | undefined;
    const result = withDeadline(clock, 100, 'work', undefined, (signal) => forever((inner = signal)));
    clock.advance(99);
    expect(inner?.aborted).toBe(false);
    clock.advance(1);
    await expect(result).rejects.toMatchObject({ code: 'mesh.timeout', detail: { what: 'work', deadlineMs: 100 } });
    expect([inner?.aborted, isAbort(inner?.reason)]).toEqual([true, true]);
  });
  test('passes an outer abort on untouched', async () => {
    const clock = handClock();
    const outer = new AbortController();
    const reason = abortError('enough');
    const result = withDeadline(clock, 100, 'work', outer.signal, forever);
    outer.abort(reason);
    await expect(result).rejects.toBe(reason);
    expect(clock.waiting).toBe(0);
  });
  test('does not wait when it was aborted before', async () => {
    const reason = abortError();
    const aborted = AbortSignal.abort(reason);
    const work = (signal: AbortSignal): Promise<never> => (signal.aborted ? Promise.reject(signal.reason) : forever(signal));
    await expect(withDeadline(handClock(), 100, 'work', aborted, work)).rejects.toBe(reason);
  });
  test('passes the work\'s own error on', async () => {
    await expect(withDeadline(handClock(), 100, 'work', undefined, () => Promise.reject(new Error('own')))).rejects.toThrow('own');
  });
});

describe('sleep', () => {
  test('ends when its time has come', async () => {
    const clock = handClock();
    let woke = false;
    const slept = sleep(clock, 50).then(() => (woke = true));
    clock.advance(49);
    await Promise.resolve();
    expect(woke).toBe(false);
    clock.advance(1);
    expect(await slept).toBe(true);
  });
  test('ends with the reason of an abort, before or during it, and leaves no timer', async () => {
    const clock = handClock();
    const reason = abortError();
    await expect(sleep(clock, 50, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const slept = sleep(clock, 50, controller.signal);
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
    expect(clock.waiting).toBe(0);
  });
});

test('only a cancellation is one', () => {
  expect([abortError(), new DOMException('x', 'AbortError'), new Error('AbortError'), 'AbortError', null].map(isAbort)).toEqual([true, true, false, false, false]);
});

test('waiting beside a signal that outlives it leaves nothing on the signal, and an abort ends the waiting', async () => {
  const controller = new AbortController();
  const results: unknown[] = [];
  for (let i = 0; i < 3; i++) results.push(await orAborted(Promise.resolve(i), controller.signal));
  results.push(await orAborted(Promise.reject(new Error('no')), controller.signal).catch(String));
  expect([results, getEventListeners(controller.signal, 'abort').length]).toEqual([[0, 1, 2, 'Error: no'], 0]);
  const waiting = orAborted(new Promise(() => {}), controller.signal);
  controller.abort(abortError('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toThrow('gone');
});
