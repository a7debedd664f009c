import { type PeerState, TunnelPhase, type TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { counter, type Family, gauge, type Labels, noLabels, type Row } from './families.ts';

/** The tunnel as its engine counts it, from zero after a peer was made anew: readers of counters expect that, and `wg show` says the same. `nameOf` gives the node that has a public key; a peer that is no node goes by its key. */
export function tunnelFigures(tunnel: TunnelState | null, nameOf: (publicKey: string) => string | undefined, peersMax: number): readonly Family[] {
  const all = tunnel?.peers ?? [];
  const peers = all.slice(0, peersMax).map((state) => ({ state, labels: { peer: nameOf(state.publicKey) ?? state.publicKey } }));
  const rows = (value: (peer: PeerState) => bigint | number | null): readonly Row[] => peers.map(({ state, labels }): Row => [labels, value(state)]);
  return [
    gauge('webmesh_wireguard_up', '1 while there is a tunnel.', [noLabels, Number(tunnel?.phase === TunnelPhase.TUNNEL_PHASE_UP)]),
    gauge('webmesh_wireguard_peers', 'Peers of the tunnel.', [noLabels, all.length]),
    counter('webmesh_wireguard_receive_bytes_total', "Received from a peer, WireGuard's own messages included.", ...rows(({ receiveBytes, forgottenReceiveBytes = 0n }) => receiveBytes - forgottenReceiveBytes)),
    counter('webmesh_wireguard_transmit_bytes_total', "Sent to a peer, WireGuard's own messages included.", ...rows(({ transmitBytes, forgottenTransmitBytes = 0n }) => transmitBytes - forgottenTransmitBytes)),
    gauge('webmesh_wireguard_last_handshake_timestamp_seconds', 'When a peer last shook hands, since 1970; absent before the first time.', ...rows(({ lastHandshakeMs }) => (lastHandshakeMs === 0n ? null : Number(lastHandshakeMs) / 1000))),
    gauge('webmesh_wireguard_peer_info', 'Which key a peer has.', ...peers.map(({ state, labels }): Row => [{ ...labels, public_key: state.publicKey } satisfies Labels, 1])),
  ];
}
