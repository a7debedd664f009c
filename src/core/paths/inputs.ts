import type { PathPeer, SetPathInputsRequest } from '../../gen/webmesh/local/v1/local.ts';
import type { RosterNode } from '../mesh/roster.ts';
import type { OwnAddress } from '../ports.ts';
import type { Lease } from '../session/state.ts';
import { realAddresses } from '../tunnel/endpoints.ts';
import { advertisedEndpoints } from '../tunnel/spec.ts';

export interface InputsOf {
  readonly nodeId: string;
  /** Who must answer at the doors of the invite: they serve the public whatever their rows say. */
  readonly doors: readonly string[];
  readonly lease: Lease;
  readonly nodes: readonly RosterNode[];
  readonly own: readonly OwnAddress[];
  readonly online: boolean;
  readonly moves: bigint;
  readonly listenPort: number;
  readonly publicKey: string;
}

/** Everything that the path finder needs to know of us, as one value. Pure. */
export function pathInputs(of: InputsOf): Omit<SetPathInputsRequest, 'retry'> {
  const { nodeId, lease, nodes, own, online, moves, listenPort, publicKey } = of;
  return {
    online, moves, listenPort, publicKey,
    ownAddresses: realAddresses(own, lease).map(({ address, bits }) => `${address}/${bits}`),
    peers: nodes.filter((node) => node.id !== nodeId && node.publicKey !== publicKey).map((node) => peerOf(node, of)),
  };
}

function peerOf(node: RosterNode, { doors, lease, own, listenPort }: InputsOf): PathPeer {
  return {
    id: node.id, publicKey: node.publicKey, ipv4: node.ipv4 ?? '', ipv6: node.ipv6 ?? '',
    endpoints: [...advertisedEndpoints(node, { lease, own, listenPort })],
    primary: node.primary ?? '', grpcPort: node.grpcPort,
    serves: node.primary !== null && (node.role === 'leader' || node.role === 'voter' || doors.includes(node.id)),
  };
}
