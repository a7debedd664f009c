import { withDeadline } from '../base/abort.ts';
import { type Clock } from '../base/clock.ts';
import { failure } from '../base/failure.ts';
import { type Client } from './client.ts';
import { type AppState, type TopicName } from './state.ts';

/** The present value of a topic. Rejects with app.not-running when the core goes away first. */
export function present<K extends TopicName>(client: Client, name: K, signal?: AbortSignal): Promise<AppState[K]> {
  return firstWhere(client, name, () => true, signal);
}

/**
 * The first value of a topic, from the present one on, that fulfils the condition.
 * Rejects with the signal's reason when it aborts first, and with app.not-running when the core goes away.
 */
export function firstWhere<K extends TopicName>(client: Client, name: K, wanted: (value: AppState[K]) => boolean, signal?: AbortSignal): Promise<AppState[K]> {
  return new Promise((resolve, reject) => {
    let stop = (): void => {};
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      signal?.removeEventListener('abort', abort);
      finish();
      queueMicrotask(() => stop()); // watch may call back before it has returned what ends it
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    client.onClose(() => settle(() => reject(failure('app.not-running'))));
    stop = client.watch(name, (value) => {
      if (wanted(value)) settle(() => resolve(value));
    });
  });
}

/** How long ending an app waits for its tunnel to be taken down. */
export const disconnectMsMax = 8_000;

/** Asks for a disconnect of all networks and waits for it. Rejects with mesh.timeout when it takes too long. */
export function disconnected(client: Client, clock: Clock): Promise<void> {
  return withDeadline(clock, disconnectMsMax, 'disconnecting', undefined, async (signal) => {
    await client.call('session.disconnect', { all: true }, signal);
    await firstWhere(client, 'profiles', ({ list }) => list.every(({ session: { phase } }) => phase === 'disconnected' || phase === 'blocked'), signal);
  });
}
