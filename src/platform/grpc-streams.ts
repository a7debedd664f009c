import type * as grpc from '@grpc/grpc-js';
import { orAborted } from '../base/abort.ts';

/** The sending side of a call. */
interface Answers {
  write(value: unknown): boolean;
  once(event: 'drain', see: () => void): unknown;
}

/** Writes every value; waits while the transport is full; ends the iterator when the caller is gone. */
export async function pump(call: Answers, signal: AbortSignal, start: () => AsyncIterable<unknown>): Promise<void> {
  const values = start()[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await orAborted(values.next(), signal);
      if (step.done) return;
      if (!call.write(step.value)) await orAborted(drained(call), signal);
    }
  } finally {
    // Not awaited: a generator that waits for something else returns when its own signal wakes it.
    void Promise.resolve(values.return?.()).catch(() => {});
  }
}

/**
 * What the caller sends, read only as fast as it is asked for: the rest waits at the caller. Ends when the caller half-closes; throws the
 * signal's reason when it is gone. Leaving the loop does not end the call, because the answers go on.
 */
export async function* requestsOf(call: grpc.ServerDuplexStream<unknown, unknown>, signal: AbortSignal): AsyncGenerator<unknown> {
  const values = call.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const step = await values.next();
      // A call that is cut ends its stream first, as if by itself, and is told as cut in the same turn of the loop.
      if (step.done) await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      if (step.done) return;
      yield step.value;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    void values.return?.();
  }
}

function drained(call: Answers): Promise<void> {
  return new Promise((resolve) => call.once('drain', resolve));
}
