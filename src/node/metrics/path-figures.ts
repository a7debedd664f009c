import { type PathTier } from '../../base/path-reasons.ts';
import { type CarrierCounters } from '../path-ports.ts';
import { counter, type Family, gauge, type Row } from './families.ts';

/** What the path finder tells of each peer. */
export interface PathMetrics {
  readonly peers: readonly PathMetric[];
}

export interface PathMetric {
  /** Node id. */
  readonly peer: string;
  /** Null: no path. */
  readonly tier: PathTier | null;
  /** As in PathView: the node that relays, or the kinds of the candidates. */
  readonly via: string;
  /** Since this process started. */
  readonly switches: number;
  readonly latencyMs: number | null;
  /** Of the carrier in use; null where the tunnel sends by itself. */
  readonly carrier: CarrierCounters | null;
}

/** What this node carries for others. */
export interface RelayMetric {
  readonly kind: 'turn' | 'stream';
  readonly bytes: number;
  /** Allocations, or streams that are joined. */
  readonly open: number;
  readonly refused: number;
}

export function pathFigures({ peers: all }: PathMetrics, peersMax: number): readonly Family[] {
  const peers = all.slice(0, peersMax);
  const rows = (value: (metric: PathMetric) => number | null): readonly Row[] => peers.map((metric): Row => [{ peer: metric.peer }, value(metric)]);
  const carried = (value: (counters: CarrierCounters) => number): readonly Row[] => peers.flatMap(({ peer, tier, carrier }): readonly Row[] => (carrier ? [[{ peer, tier: tier ?? 'none' }, value(carrier)]] : []));
  return [
    gauge('webmesh_path_info', 'How a peer is reached: the tier, and through which node or pair of candidates.', ...peers.map(({ peer, tier, via }): Row => [{ peer, tier: tier ?? 'none', via }, 1])),
    counter('webmesh_path_switches_total', 'Changes of the path to a peer.', ...rows(({ switches }) => switches)),
    gauge('webmesh_path_latency_seconds', 'Last round trip to a peer through the tunnel; absent while unknown.', ...rows(({ latencyMs }) => (latencyMs === null ? null : latencyMs / 1000))),
    counter('webmesh_path_carrier_receive_bytes_total', 'Datagrams of a peer that the present carrier brought.', ...carried(({ receivedBytes }) => receivedBytes)),
    counter('webmesh_path_carrier_transmit_bytes_total', 'Datagrams to a peer that the present carrier took.', ...carried(({ sentBytes }) => sentBytes)),
    counter('webmesh_path_carrier_dropped_datagrams_total', 'Datagrams that the present carrier had no room for.', ...carried(({ droppedDatagrams }) => droppedDatagrams)),
  ];
}

export function relayFigures(relays: readonly RelayMetric[]): readonly Family[] {
  const rows = (value: (metric: RelayMetric) => number): readonly Row[] => relays.map((metric): Row => [{ kind: metric.kind }, value(metric)]);
  return [
    counter('webmesh_relay_bytes_total', 'Relayed for others, both directions together.', ...rows(({ bytes }) => bytes)),
    gauge('webmesh_relay_allocations', 'Relays that others have here.', ...rows(({ open }) => open)),
    counter('webmesh_relay_refused_total', 'Relays that were asked for and refused.', ...rows(({ refused }) => refused)),
  ];
}
