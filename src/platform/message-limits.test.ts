import { expect, test } from 'vitest';
import { limited, messageLimits, meter, refusal, tooMany } from './message-limits.ts';

function clockAt() {
  let nowMs = 0;
  return { monotonicMs: () => nowMs, pass: (ms: number) => void (nowMs += ms) };
}

test('a burst is taken, more is refused, and time brings room back at the stated rate', () => {
  const clock = clockAt();
  const admit = meter(clock);
  const count = (times: number): number => Array.from({ length: times }, admit).filter((verdict) => verdict === 'take').length;
  expect(count(messageLimits.atOnce + 300)).toBe(messageLimits.atOnce);
  clock.pass(100);
  expect(count(messageLimits.atOnce)).toBe(messageLimits.perSecond / 10);
  clock.pass(3_600_000);
  expect(count(messageLimits.atOnce * 2)).toBe(messageLimits.atOnce);
});

test('past the limit a call hears a Failure, other messages nothing, and who goes on is cut off', () => {
  const sent: unknown[] = [];
  const seen: unknown[] = [];
  let receive: (message: unknown) => void = () => {};
  let closed = false;
  const port = limited({ send: (message) => void sent.push(message), onMessage: (take) => void (receive = take), onClose: () => {}, close: () => void (closed = true) }, clockAt());
  port.onMessage((message) => void seen.push(message));
  for (let id = 0; id < messageLimits.atOnce; id++) receive({ kind: 'call', id, name: 'app.quit' });
  for (const message of [{ kind: 'call', id: 7, name: 'app.quit' }, { kind: 'cancel', id: 7 }, null, 'x', { kind: 'call', id: 'no' }]) receive(message);
  expect([seen.length, sent]).toEqual([messageLimits.atOnce, [{ kind: 'reply', id: 7, ok: false, failure: { code: 'app.busy', retry: 'after-user', detail: { problem: 'too many messages at once' } } }]]);
  expect(closed).toBe(false);
  for (let i = 0; i < messageLimits.refusedMax; i++) receive(null);
  expect(closed).toBe(true);
});

test('only a call with an id that can be answered is answered', () => {
  const messages = [undefined, 1, {}, { kind: 'call' }, { kind: 'call', id: 1.5 }, { kind: 'call', id: Number.NaN }, { kind: 'reply', id: 1 }, { kind: 'call', id: -3 }];
  expect(messages.map((message) => refusal(message, tooMany())?.kind)).toEqual([...Array(7).fill(undefined), 'reply']);
});
