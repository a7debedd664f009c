import { isAbort, withDeadline } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, Failure, failure } from '../../base/failure.ts';
import type { JoinRequest } from '../../gen/v1/node_messages.ts';
import type { MeshClient, MeshConnection } from '../ports.ts';
import type { Lease } from '../session/state.ts';
import type { Door, Place } from './door.ts';
import { leaseFrom } from './lease.ts';
import { fromJoinPeers, fromMeshNodes, nodesMax, publicApi, type RosterNode } from './roster.ts';

export interface JoinPorts {
  readonly mesh: MeshClient;
  readonly clock: Clock;
}

export interface Joined {
  readonly lease: Lease;
  readonly peers: readonly RosterNode[];
}

/** For one place, for all of them together, and what each gets when the time of all is over. A stored lease waits behind this. */
const callMs = 8_000;
const allMs = 14_000;
const leastMs = 2_000;
const hopsMax = 5;
const placesMax = 4;
/** Not our mesh: addresses are given to others, and another network's machine may have one of ours. Ours may be elsewhere, or back later. */
const strangers: ReadonlySet<string> = new Set(['auth.wrong-mesh', 'auth.clear-text']);

/** Joins through the first place that answers. */
export async function join(request: JoinRequest, door: Door, ports: JoinPorts, signal: AbortSignal): Promise<Joined> {
  const response = await atLeader(door, ports, 'join', (mesh, inner) => mesh.join(request, inner), signal);
  if (response.peers.length > nodesMax) throw failure('mesh.incompatible', { problem: 'too many peers', peers: response.peers.length });
  return { lease: leaseFrom(response), peers: fromJoinPeers(response.peers) };
}

/** Gives our membership back. */
export async function leave(id: string, door: Door, ports: JoinPorts, signal: AbortSignal): Promise<void> {
  await atLeader(door, ports, 'leave', (mesh, inner) => mesh.leave(id, inner), signal);
}

/**
 * One call to the mesh, at the first place that answers, following a node that is not the leader to the one that is.
 * A refusal is the mesh's word and is not asked elsewhere; silence, and a stranger at the door, are.
 */
export async function atLeader<T>({ places, security }: Door, { mesh, clock }: JoinPorts, what: string, call: (mesh: MeshConnection, signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  let first: Failure | undefined;
  const queue: Place[] = places.slice(0, placesMax);
  const seen = new Set<string>();
  const dueMs = clock.monotonicMs() + allMs;
  for (let hops = 0; hops < hopsMax; hops++) {
    const place = queue.shift();
    if (place === undefined) break;
    seen.add(place.address);
    const connection = mesh.dial(place.address, security(place.nodeId));
    try {
      return await withDeadline(clock, Math.max(leastMs, Math.min(callMs, dueMs - clock.monotonicMs())), what, signal, (inner) => call(connection, inner));
    } catch (error) {
      if (isAbort(error)) throw error;
      const problem = aboutThem(asFailure(error), place.address);
      const stranger = strangers.has(problem.code);
      if (first === undefined || (strangers.has(first.code) && !stranger)) first = problem;
      if (problem.retry !== 'later' && !stranger) throw problem;
      if (problem.code !== 'mesh.not-leader') continue;
      const leader = await withDeadline(clock, callMs, 'find the leader', signal, (inner) => leaderOf(connection, inner));
      if (leader !== undefined && !seen.has(leader.address)) queue.unshift(leader);
    } finally {
      connection.close();
    }
  }
  if (first === undefined) throw failure('mesh.unreachable', { address: places[0]?.address ?? '' });
  throw strangers.has(first.code) ? new Failure({ code: first.code, retry: 'later', detail: first.detail }, first) : first;
}

/**
 * Words about trouble name whom we asked. A handshake that found the other end's certificate to have ended says so with a problem; the
 * mesh's own word about ours has none. Theirs makes them one who cannot be asked.
 */
export function aboutThem(problem: Failure, address: string): Failure {
  if (problem.code === 'auth.expired' && 'problem' in problem.detail) return failure('mesh.unreachable', { address, problem: 'by the clock of this device, its certificate is not good now' }, problem);
  return 'address' in problem.detail ? problem : new Failure({ code: problem.code, retry: problem.retry, detail: { ...problem.detail, address } }, problem);
}

/** Where the leader answers, as a node that is not the leader knows it. Undefined when it does not say. */
export async function leaderOf(mesh: MeshConnection, signal: AbortSignal): Promise<Place | undefined> {
  const tries = [
    async () => {
      const { currentLeader } = await mesh.getStatus('', signal);
      const nodes = currentLeader === '' ? [] : fromMeshNodes(await mesh.listNodes(signal));
      const leader = nodes.find((node) => node.id === currentLeader);
      const address = leader && publicApi(leader);
      return address === undefined ? undefined : { address, nodeId: currentLeader };
    },
    async () => {
      const leader = (await mesh.listPeers(signal)).find((peer) => peer.leader);
      return leader === undefined || leader.address === '' ? undefined : { address: leader.address, nodeId: leader.id };
    },
  ];
  for (const ask of tries) {
    try {
      const place = await ask();
      if (place !== undefined) return place;
    } catch (error) {
      if (isAbort(error)) throw error;
      // A node may not serve this list; the next way is tried.
    }
  }
  return undefined;
}
