import { abortError, isAbort } from '../../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { asFailure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import type { NodeClient, TunnelClient } from '../ports.ts';

const againMs = 150;

/** The newest view of the node process on this machine; null while there is none. Follows it through restarts. */
export function followReplica({ helper, node, clock, log }: { helper: Pick<TunnelClient, 'report'>; node: NodeClient; clock: Clock; log: Log }): { readonly replica: ReadCell<WatchReplicaResponse | null>; close(): void } {
  const replica: Cell<WatchReplicaResponse | null> = cell<WatchReplicaResponse | null>(null);
  let present = '';
  let running = new AbortController();

  const look = (): void => {
    const state = helper.report.get()?.node;
    const next = state?.running && state.socketPath !== '' ? `${state.socketPath}#${state.pid}` : '';
    if (next === present) return;
    present = next;
    running.abort(abortError());
    running = new AbortController();
    replica.set(null);
    if (state && next !== '') void follow(state.socketPath, running.signal);
  };

  async function follow(socketPath: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const view of node.watchReplica(socketPath, signal)) {
          if (signal.aborted) return;
          replica.set(view);
        }
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        log.debug('replica-stream-ended', { code: asFailure(error).code });
      }
      if (signal.aborted) return;
      replica.set(null);
      await sleep(clock, againMs, signal).catch(() => {}); // Aborted: the loop ends by itself.
    }
  }

  const stop = helper.report.subscribe(look);
  look();
  return {
    replica,
    close: () => {
      stop();
      running.abort(abortError());
    },
  };
}

/** Milliseconds without a word from a leader after which the control plane counts as lost. */
export const leaderSilenceMs = 6_000;

/** True when this replica leads a quorum or heard from a leader lately. */
export function hearsLeader(view: WatchReplicaResponse | null): boolean {
  const raft = view?.raft;
  if (!raft) return false;
  if (raft.role === 'leader') return raft.quorum;
  return raft.leaderId !== '' && raft.leaderContactAgeMs >= 0n && raft.leaderContactAgeMs < BigInt(leaderSilenceMs);
}

/** Milliseconds since this replica led or heard its leader, as it said; 0 when it never heard one. */
export function contactAgeMs({ raft }: WatchReplicaResponse): number {
  return raft && raft.role !== 'leader' ? Math.max(0, Number(raft.leaderContactAgeMs)) : 0;
}

/** True when everything that this replica knows to be decided is in its rows. */
export function caughtUp(view: WatchReplicaResponse): boolean {
  return view.raft !== undefined && view.raft.appliedIndex > 0n && view.raft.appliedIndex >= view.raft.commitIndex;
}
