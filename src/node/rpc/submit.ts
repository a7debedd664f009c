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
  run<T>(call: Call, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Each work gets the caller's deadline, or 20 s. When 256 wait, more are refused with resourceExhausted. */
export function createSerialiser(clock: Clock): Serialiser {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run: async (call, what, work) => {
      if (waiting >= queueMax) throw new RpcError(status.resourceExhausted, 'too much is waiting');
      waiting++;
      const before = last;
      const turn = (signal: AbortSignal): ReturnType<typeof work> => before.then(() => {
        signal.throwIfAborted();
        return work(signal);
      });
      let running: ReturnType<typeof work> | undefined;
      const outcome = withDeadline(clock, call.deadlineMs ?? deadlineDefaultMs, what, call.signal, (signal) => (running = turn(signal)));
      // The next one waits for the work itself: a caller that went away does not end what was begun.
      last = (running ?? Promise.resolve()).then(() => {}, () => {});
      try {
        return await outcome;
      } catch (error) {
        throw isFailure(error) && error.code === 'mesh.timeout' ? new RpcError(status.deadlineExceeded, `${what} took too long`, error) : error;
      } finally {
        waiting--;
      }
    },
  };
}
