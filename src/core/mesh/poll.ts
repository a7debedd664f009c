import { withDeadline } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, failure } from '../../base/failure.ts';
import type { MeshClient } from '../ports.ts';
import type { Door } from './door.ts';
import { fromMeshNodes, type RosterNode } from './roster.ts';

const callMs = 4_000;

/** Null: the node answers, has a leader, and does not serve lists. */
export type Polled = readonly RosterNode[] | null;

/** Asks the first node of a mesh that does not replicate to us for its members. Rejects when the node is away or has no leader. */
export async function poll({ places: [place], security }: Door, { mesh, clock }: { mesh: MeshClient; clock: Clock }, signal: AbortSignal): Promise<Polled> {
  if (place === undefined) throw failure('mesh.unreachable');
  const connection = mesh.dial(place.address, security(place.nodeId));
  try {
    const { currentLeader } = await withDeadline(clock, callMs, 'GetStatus', signal, (inner) => connection.getStatus('', inner));
    if (currentLeader === '') throw failure('mesh.no-leader');
    return fromMeshNodes(await withDeadline(clock, callMs, 'ListNodes', signal, (inner) => connection.listNodes(inner)));
  } catch (error) {
    if (asFailure(error).code === 'mesh.incompatible') return null;
    throw error;
  } finally {
    connection.close();
  }
}
