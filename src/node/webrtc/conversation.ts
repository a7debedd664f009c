import { type Clock } from '../../base/clock.ts';
import { RpcError, status } from '../../base/rpc.ts';

/** Both sides of a call whose messages come and go independently. */
export interface Conversation<In, Out> {
  /** The next message; null when the other side has said everything. Throws deadlineExceeded when `withinMs` passed. One at a time. */
  next(withinMs?: number): Promise<In | null>;
  /** Queues an answer; more than a few that nobody takes end the call (resourceExhausted). */
  say(message: Out): void;
}

const saidMax = 256;

/**
 * Runs `talk` beside the stream of what it says. The answers end when it returns, and fail with what it throws; when the caller leaves, the
 * requests throw and so does `next`.
 */
export async function* converse<In, Out>(requests: AsyncIterable<In>, clock: Clock, talk: (conversation: Conversation<In, Out>) => Promise<void>): AsyncGenerator<Out> {
  const said: Out[] = [];
  let wake = Promise.withResolvers<void>();
  let end: { readonly error: unknown } | null | undefined;
  const finish = (how: { readonly error: unknown } | null): void => {
    end ??= how;
    wake.resolve();
  };
  const incoming = requests[Symbol.asyncIterator]();
  const say = (message: Out): void => {
    if (said.length >= saidMax) return finish({ error: new RpcError(status.resourceExhausted, 'answers are not taken') });
    said.push(message);
    wake.resolve();
  };
  talk({ say, next: (withinMs) => nextOf(incoming, clock, withinMs) }).then(() => finish(null), (error: unknown) => finish({ error }));
  try {
    for (;;) {
      await wake.promise;
      wake = Promise.withResolvers<void>();
      yield* said.splice(0);
      if (said.length > 0 || end === undefined) continue;
      if (end) throw end.error;
      return;
    }
  } finally {
    // Not awaited: a request that never comes would hold the end of the call.
    void Promise.resolve(incoming.return?.()).catch(() => {});
  }
}

async function nextOf<In>(incoming: AsyncIterator<In>, clock: Clock, withinMs: number | undefined): Promise<In | null> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    if (withinMs !== undefined) cancel = clock.after(withinMs, () => reject(new RpcError(status.deadlineExceeded, `nothing came for ${Math.round(withinMs / 1_000)} s`)));
  });
  try {
    const step = await Promise.race([incoming.next(), late]);
    return step.done ? null : step.value;
  } finally {
    cancel();
  }
}
