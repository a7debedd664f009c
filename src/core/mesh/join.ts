import { isAbort, withDeadline } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, type Failure, failure } from '../../base/failure.ts';
import type { JoinRequest } from '../../gen/v1/node_messages.ts';
import type { MeshClient, MeshConnection } from '../ports.ts';
import type { Lease } from '../session/state.ts';
import { leaseFrom } from './lease.ts';
import { fromJoinPeers, fromMeshNodes, nodesMax, publicApi, type RosterNode } from './roster.ts';

export interface JoinPorts {
  readonly mesh: MeshClient;
  readonly clock: Clock;
}

/** Where to knock: addresses in the order of trying, and whether clear text was asked for by name. */
export interface Door {
  readonly addresses: readonly string[];
  readonly insecure: boolean;
}

export interface Joined {
  readonly lease: Lease;
  readonly peers: readonly RosterNode[];
}

const callMs = 8_000;
const hopsMax = 4;
const addressesMax = 3;

/** Joins through the first address that answers, following a node that is not the leader to the one that is. */
export async function join(request: JoinRequest, door: Door, ports: JoinPorts, signal: AbortSignal): Promise<Joined> {
  const response = await atLeader(door, ports, 'join', (mesh, inner) => mesh.join(request, inner), signal);
  if (response.peers.length > nodesMax) throw failure('mesh.incompatible', { problem: 'too many peers', peers: response.peers.length });
  return { lease: leaseFrom(response), peers: fromJoinPeers(response.peers) };
}

/** Gives our membership back. */
export async function leave(id: string, door: Door, ports: JoinPorts, signal: AbortSignal): Promise<void> {
  await atLeader(door, ports, 'leave', (mesh, inner) => mesh.leave(id, inner), signal);
}

async function atLeader<T>(door: Door, { mesh, clock }: JoinPorts, what: string, call: (mesh: MeshConnection, signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  let first: Failure | undefined;
  const queue = door.addresses.slice(0, addressesMax);
  const seen = new Set<string>();
  for (let hops = 0; hops < hopsMax; hops++) {
    const address = queue.shift();
    if (address === undefined) break;
    seen.add(address);
    const connection = mesh.dial(address, { insecure: door.insecure });
    try {
      return await withDeadline(clock, callMs, what, signal, (inner) => call(connection, inner));
    } catch (error) {
      if (isAbort(error)) throw error;
      const problem = withAddress(asFailure(error), address);
      first ??= problem;
      if (problem.retry !== 'later') throw problem;
      if (problem.code !== 'mesh.not-leader') continue;
      const leader = await withDeadline(clock, callMs, 'find the leader', signal, (inner) => leaderOf(connection, inner));
      if (leader !== undefined && !seen.has(leader)) queue.unshift(leader);
    } finally {
      connection.close();
    }
  }
  throw first ?? failure('mesh.unreachable', { address: door.addresses[0] ?? '' });
}

/** Words about trouble should name whom we asked. */
function withAddress(problem: Failure, address: string): Failure {
  return 'address' in problem.detail ? problem : failure(problem.code, { ...problem.detail, address }, problem);
}

/** The public address of the leader, as a node that is not the leader knows it. Undefined when it does not say. */
export async function leaderOf(mesh: MeshConnection, signal: AbortSignal): Promise<string | undefined> {
  const tries = [
    async () => {
      const { currentLeader } = await mesh.getStatus('', signal);
      const nodes = currentLeader === '' ? [] : fromMeshNodes(await mesh.listNodes(signal));
      const leader = nodes.find((node) => node.id === currentLeader);
      return leader && publicApi(leader);
    },
    async () => (await mesh.listPeers(signal)).find((peer) => peer.leader)?.address || undefined,
  ];
  for (const ask of tries) {
    try {
      const address = await ask();
      if (address !== undefined) return address;
    } catch (error) {
      if (isAbort(error)) throw error;
      // A node may not serve this list; the next way is tried.
    }
  }
  return undefined;
}
