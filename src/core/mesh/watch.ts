import { abortError, isAbort } from '../../base/abort.ts';
import { type Cell, type ReadCell } from '../../base/cell.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, failure, toData } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import { lookEvery } from '../../base/looks.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import { DeviceState } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import type { MeshClient } from '../ports.ts';
import type { Profile } from '../profiles.ts';
import type { Seen } from '../session/driver.ts';
import type { Lease } from '../session/state.ts';
import type { Door } from './door.ts';
import { atLeader } from './join.ts';
import { poll } from './poll.ts';
import { caughtUp, contactAgeMs, hearsLeader, leaderSilenceMs } from './replica.ts';
import { fromMeshNodes, type RosterNode } from './roster.ts';

/** Who is in the mesh, and how we know. */
export interface Roster {
  readonly source: 'replica' | 'polling' | 'stored' | 'none';
  readonly nodes: readonly RosterNode[];
}

export interface WatchInput {
  readonly profile: Profile;
  readonly lease: Lease;
  readonly replica: ReadCell<WatchReplicaResponse | null>;
  readonly roster: Cell<Roster>;
  readonly door: () => Promise<Door>;
  /** Of our tunnel, now; the mesh must know the same one. */
  readonly publicKey: () => string | undefined;
}

export interface WatchPorts {
  readonly clock: Clock;
  readonly mesh: MeshClient;
  readonly log: Log;
}

/** How long a fresh member waits for the mesh's log before it asks for lists instead. */
const patienceMs = 8_000;
const pollEveryMs = 5_000;
const lookEveryMs = 1_000;
/** After so much silence a secured mesh is asked whether it cut us off. Longer than the node here takes to tell of its leader again. */
const doubt = { afterMs: 3_500, againMs: 5_000 } as const;
/** How often a Join is repeated where it is the only way to learn of new peers. Rarely: an old mesh moves us to another address each time. */
const joinAgainMs = 600_000;
/** Rows may lag behind our own Join for a moment; and a Join that does not help is not repeated at once. */
const evicted = { afterMs: 2_000, againMs: 15_000 } as const;

/**
 * Watches the mesh while connected: keeps the roster, and tells whether the control plane is heard, polled or lost.
 * A mesh whose log reached us once is never polled: a node that lost its quorum would still answer lists.
 */
export function watchMesh({ profile, lease, replica, roster, door, publicKey }: WatchInput, { clock, mesh, log }: WatchPorts, see: (seen: Seen) => void): () => void {
  const stopping = new AbortController();
  const startedMs = clock.monotonicMs();
  let heardMs: number | null = null;
  let newest: WatchReplicaResponse | null = null;
  let doubtedMs = Number.NEGATIVE_INFINITY;
  let polledMs: number | null = null;
  let pollStarted = false;
  let told: 'replica' | 'polling' | 'lost' | null = null;
  let missingSinceMs: number | null = null;
  let rowsKey = '';
  let joinedMs = startedMs;

  function tell(state: 'replica' | 'polling' | 'lost'): void {
    if (state === told) return;
    told = state;
    log.info('control-plane', { state });
    see({ kind: 'controlPlane', state });
  }

  function look(): void {
    const view = replica.get();
    const nowMs = clock.monotonicMs();
    if (view && isRevoked(view, profile.nodeId)) see({ kind: 'refused', failure: toData(failure('auth.revoked', { network: profile.name })) });
    if (view && hearsLeader(view)) {
      // When the leader was heard, not when we were told: silence counts from there, so that it is noticed within seconds.
      if (view !== newest) heardMs = nowMs - contactAgeMs(view);
      newest = view;
      tell('replica');
      if (caughtUp(view)) takeRows(view);
      return;
    }
    if (heardMs !== null) {
      if (nowMs - heardMs >= leaderSilenceMs) tell('lost');
      return;
    }
    if (nowMs - startedMs < patienceMs) return;
    if (profile.kind === 'host') return tell('lost');
    if (!pollStarted) {
      pollStarted = true;
      void pollOn();
    } else if (polledMs !== null && nowMs - polledMs < 3 * pollEveryMs) tell('polling');
  }

  function takeRows(view: WatchReplicaResponse): void {
    const raft = view.raft;
    const key = `${raft?.appliedIndex}/${raft?.leaderId}/${raft?.term}/${raft?.servers.map(({ id, voter }) => `${id}${voter ? '+' : ''}`).join()}`;
    const nodes = key === rowsKey ? roster.get().nodes : fromMeshNodes(view.nodes);
    if (!checkOwnRow(nodes) || key === rowsKey) return;
    rowsKey = key;
    roster.set({ source: 'replica', nodes });
  }

  /** True when the mesh lists us as we are. */
  function checkOwnRow(nodes: readonly RosterNode[]): boolean {
    const own = nodes.find((node) => node.id === profile.nodeId);
    const nowMs = clock.monotonicMs();
    const key = publicKey();
    if (own && own.ipv4 === lease.ipv4 && (own.ipv6 === lease.ipv6 || own.ipv6 === null) && (key === undefined || own.publicKey === key)) {
      missingSinceMs = null;
      return true;
    }
    missingSinceMs ??= nowMs;
    if (nowMs - missingSinceMs >= evicted.afterMs) {
      missingSinceMs = nowMs + evicted.againMs - evicted.afterMs;
      log.warn('not-listed', { listed: own !== undefined });
      see({ kind: 'evicted' });
    }
    return false;
  }

  /** Who was cut off hears nothing more of the log. Our own node cannot know, so others are asked. */
  async function askWhetherCutOff(): Promise<void> {
    try {
      const known = await door();
      const places = known.places.filter(({ nodeId }) => nodeId !== profile.nodeId);
      if (places.length > 0) await atLeader({ ...known, places }, { mesh, clock }, 'GetStatus', (connection, inner) => connection.getStatus('', inner), stopping.signal);
    } catch (error) {
      if (isAbort(error) || stopping.signal.aborted) return;
      const problem = asFailure(error);
      // Everything else is the silence that we know of.
      if (problem.code === 'auth.revoked') see({ kind: 'refused', failure: toData(problem) });
    }
  }

  function askInDoubt(): void {
    const nowMs = clock.monotonicMs();
    if (profile.trust === 'clear-text' || nowMs - (heardMs ?? startedMs) < doubt.afterMs || nowMs - doubtedMs < doubt.againMs) return;
    doubtedMs = nowMs;
    void askWhetherCutOff();
  }

  async function pollOn(): Promise<void> {
    const { signal } = stopping;
    try {
      const nodes = await poll(await door(), { mesh, clock }, signal);
      if (heardMs !== null || signal.aborted) return;
      polledMs = clock.monotonicMs();
      tell('polling');
      if (nodes !== null && checkOwnRow(nodes)) roster.set({ source: 'polling', nodes });
      else if (nodes === null) withoutLists();
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      log.debug('poll-failed', { code: asFailure(error).code });
      if (heardMs === null && (polledMs === null || clock.monotonicMs() - polledMs >= 3 * pollEveryMs)) tell('lost');
    }
    if (heardMs === null) cancelPoll = clock.after(pollEveryMs, () => void pollOn());
  }

  /** The peers of the Join are all that this mesh tells. */
  function withoutLists(): void {
    if (roster.get().source !== 'polling') roster.set({ source: 'polling', nodes: roster.get().nodes });
    if (clock.monotonicMs() - joinedMs < joinAgainMs) return;
    joinedMs = clock.monotonicMs();
    see({ kind: 'evicted' });
  }

  let cancelPoll = (): void => {};
  const endLooks = lookEvery(clock, lookEveryMs, () => {
    look();
    askInDoubt();
  });
  const unsubscribe = replica.subscribe(look);
  look();
  return () => {
    stopping.abort(abortError());
    unsubscribe();
    endLooks();
    cancelPoll();
  };
}

/** The log says so, if it still reaches us. */
function isRevoked({ trust }: WatchReplicaResponse, nodeId: string): boolean {
  return trust?.devices.some(({ id, state }) => id === nodeId && state === DeviceState.DEVICE_STATE_REVOKED) ?? false;
}
