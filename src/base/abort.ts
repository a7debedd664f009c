import { type Cancel, type Clock } from './clock.ts';
import { failure } from './failure.ts';

/** True when an error is a cancellation. Cancellation is neither a Failure nor a bug: pass it through untouched. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

export function abortError(message = 'cancelled'): Error {
  const error = new Error(message);
  error.name = 'AbortError';
  return error;
}

/**
 * Runs `work` with a deadline on the given clock. When the deadline passes, the work's own signal is aborted
 * and the call fails with mesh.timeout; when the outer signal aborts, the abort passes through.
 */
export async function withDeadline<T>(clock: Clock, deadlineMs: number, what: string, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const inner = new AbortController();
  let stop: Cancel = () => {};
  const pass = (): void => inner.abort(outer?.reason ?? abortError());
  outer?.addEventListener('abort', pass, { once: true });
  if (outer?.aborted) pass();
  const late = new Promise<never>((_, reject) => {
    stop = clock.after(deadlineMs, () => {
      reject(failure('mesh.timeout', { what, deadlineMs }));
      inner.abort(abortError(`${what} took longer than ${deadlineMs} ms`));
    });
  });
  try {
    return await Promise.race([work(inner.signal), late]);
  } finally {
    stop();
    outer?.removeEventListener('abort', pass);
  }
}

/**
 * The promise, or the rejection with the signal's reason, whatever comes first. Where one signal outlives many promises this leaves nothing behind;
 * a race against one promise that never settles would keep each of them for ever.
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
