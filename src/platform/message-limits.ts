import { type Clock } from '../base/clock.ts';
import { failure, toData, type Failure } from '../base/failure.ts';
import { type Answer, type Port } from '../contract/client.ts';

/**
 * How much one end may ask. A person at a window makes a few messages a second, a script a few hundred. Whoever goes on past the limit
 * hears a Failure for a while and is then cut off.
 */
export const messageLimits = { atOnce: 1_000, perSecond: 500, refusedMax: 5_000 } as const;

export type Admission = 'take' | 'refuse' | 'cut';

/** Counts the messages of one end, by the clock's monotonic time. */
export function meter(clock: Pick<Clock, 'monotonicMs'>): () => Admission {
  let left: number = messageLimits.atOnce;
  let lastMs = clock.monotonicMs();
  let refused = 0;
  return () => {
    const nowMs = clock.monotonicMs();
    left = Math.min(messageLimits.atOnce, left + ((nowMs - lastMs) / 1000) * messageLimits.perSecond);
    lastMs = nowMs;
    if (left >= 1) {
      left -= 1;
      // Whoever goes on asking is let in now and then; only a pause is forgiven.
      if (left >= messageLimits.atOnce / 2) refused = 0;
      return 'take';
    }
    refused += 1;
    return refused > messageLimits.refusedMax ? 'cut' : 'refuse';
  };
}

/** The answer to a call that was not looked at; undefined when the message is no call that somebody waits for. */
export function refusal(message: unknown, why: Failure): Answer | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message) || message.kind !== 'call') return undefined;
  if (!('id' in message) || typeof message.id !== 'number' || !Number.isSafeInteger(message.id)) return undefined;
  return { kind: 'reply', id: message.id, ok: false, failure: toData(why) };
}

export function tooMany(): Failure {
  return failure('app.busy', { problem: 'too many messages at once' });
}

/** The port, with what comes in kept within the limits. */
export function limited(port: Port, clock: Pick<Clock, 'monotonicMs'>): Port {
  const admit = meter(clock);
  return {
    ...port,
    onMessage: (receive) =>
      port.onMessage((message) => {
        switch (admit()) {
          case 'take':
            return receive(message);
          case 'refuse': {
            const answer = refusal(message, tooMany());
            return answer && port.send(answer);
          }
          case 'cut':
            return port.close();
        }
      }),
  };
}
