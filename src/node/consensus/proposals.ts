import { assert } from '../../base/assert.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type Entry, type Index, type NotLeader, type Term } from '../../raft/types.ts';

/** One caller who waits. Settles once; an abort of its signal settles it too, and what arrives later is ignored. */
export interface Waiter<T> {
  readonly settled: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** What a committed entry gave: its index, and the state machine's answer when it was a command. */
export interface Outcome {
  readonly index: Index;
  readonly response: Uint8Array | null;
}

/** Who waits for which log entry. Bounded by the driver, which admits no more than its limit. */
export interface Proposals {
  readonly size: number;
  add(index: Index, term: Term, waiter: Waiter<Outcome>): void;
  /** The entry at this index was applied: its waiter learns the outcome, or that another leader's entry took the place. */
  applied(entry: Entry, response: Uint8Array | null): void;
  /** Nobody can know any more what becomes of the rest. */
  failAll(error: unknown): void;
}

export function createProposals(): Proposals {
  const waiting = new Map<Index, { readonly term: Term; readonly waiter: Waiter<Outcome> }>();
  return {
    get size() { return waiting.size; },
    add: (index, term, waiter) => {
      assert(!waiting.has(index), `index ${index} has one proposer`);
      waiting.set(index, { term, waiter });
    },
    applied: ({ index, term }, response) => {
      const found = waiting.get(index);
      if (!found) return;
      waiting.delete(index);
      if (found.term === term) found.waiter.resolve({ index, response });
      else found.waiter.reject(leadershipLost());
    },
    failAll: (error) => {
      for (const { waiter } of waiting.values()) waiter.reject(error);
      waiting.clear();
    },
  };
}

/** A promise and the handle that settles it. */
export function waiter<T>(signal: AbortSignal): { promise: Promise<T>; handle: Waiter<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let settled = false;
  const abort = (): void => settle(() => reject(signal.reason));
  const settle = (how: () => void): void => {
    if (settled) return;
    settled = true;
    signal.removeEventListener('abort', abort);
    how();
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return {
    promise,
    handle: {
      get settled() { return settled; },
      resolve: (value) => settle(() => resolve(value)),
      reject: (error) => settle(() => reject(error)),
    },
  };
}

/** The outcome is unknown: the entry may yet be committed by the next leader. */
export function leadershipLost(): RpcError {
  return new RpcError(status.unavailable, 'leadership lost before the outcome was known');
}

/** A refusal of the core in the words of the v1 API. Nothing was written to the log. */
export function refusal({ reason }: NotLeader): RpcError {
  switch (reason) {
    case 'not-leader': return new RpcError(status.failedPrecondition, 'not leader');
    case 'busy': return new RpcError(status.resourceExhausted, 'too much is waiting');
    case 'transferring': return new RpcError(status.unavailable, 'leadership is being handed over');
    case 'change-pending': return new RpcError(status.aborted, 'another membership change is pending');
    case 'invalid': return new RpcError(status.invalidArgument, 'invalid membership change');
  }
}
