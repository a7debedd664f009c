import { withDeadline } from '../../base/abort.ts';
import { type Clock } from '../../base/clock.ts';
import { isFailure } from '../../base/failure.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { RaftApplyResponse, type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { encodeEntry } from '../consensus/entry.ts';
import { type Consensus } from '../ports.ts';

/** A statement that the database refused, on every replica alike. */
export class Refused extends Error {
  override name = 'Refused';
}

export function requireLeader(consensus: Pick<Consensus, 'view'>): void {
  if (consensus.view.get().role !== 'leader') throw new RpcError(status.failedPrecondition, 'not leader');
}

/** Puts one entry through the log. Resolves when it was applied here; throws Refused when its SQL failed. */
export async function submit(consensus: Consensus, entry: RaftLogEntry, signal: AbortSignal): Promise<void> {
  const { response } = await consensus.propose(encodeEntry(entry), signal);
  const { error, execResult, queryResult } = RaftApplyResponse.decode(response);
  const problem = error || execResult?.error || queryResult?.error;
  if (problem) throw new Refused(problem);
}

const deadlineDefaultMs = 20_000;
const queueMax = 256;

/** Runs works one after another: those that read what they then write. */
export interface Serialiser {
  run<T>(call: Pick<Call, 'signal' | 'deadlineMs'>, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * Each work gets the caller's deadline, or 20 s, and a caller that is gone is answered at once. The next work waits for the work
 * itself all the same: what was begun may still change what the next one reads. When 256 wait, more are refused with resourceExhausted.
 */
export function createSerialiser(clock: Clock): Serialiser {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    waiting++;
    last = turn.then(() => {}, () => {}).finally(() => waiting--);
    return turn;
  }

  return {
    run: async (call, what, work) => {
      if (waiting >= queueMax) throw new RpcError(status.resourceExhausted, 'too much is waiting');
      try {
        return await withDeadline(clock, call.deadlineMs ?? deadlineDefaultMs, what, call.signal, (signal) => untilAborted(signal, enqueue(async () => {
          signal.throwIfAborted();
          return work(signal);
        })));
      } catch (error) {
        throw isFailure(error) && error.code === 'mesh.timeout' ? new RpcError(status.deadlineExceeded, `${what} took too long`, error) : error;
      }
    },
  };
}

function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
