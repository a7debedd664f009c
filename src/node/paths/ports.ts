import { type Cell, type ReadCell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type PathTier } from '../../base/path-reasons.ts';
import { type Random } from '../../base/random.ts';
import { type TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { type PathView, type PingPeerRequest, type PingPeerResponse, type SetPathInputsRequest } from '../../gen/webmesh/local/v1/local.ts';
import { type NatReport, type ObserveResponse, type Proposal, type RelayServer } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type NodeConfig } from '../config.ts';
import { type Part } from '../parts.ts';
import { type CarrierCounters, type CarrierKind, type EchoPort, type PortMapper, type StunProbe } from '../path-ports.ts';

/** What the path finder needs of the world. */
export interface PathsPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly config: NodeConfig;
  /**
   * PathService.Negotiate with the node `to`: at its mesh address when a path works, else through a node that reaches it. Resolves with its answer.
   * Rejects with a CarrierError: `peer-cannot` when that node itself does not know the call (UNIMPLEMENTED), `cannot-negotiate` in every other case.
   */
  readonly signal: (to: string, offer: Proposal, signal: AbortSignal) => Promise<Proposal>;
  /** PathService.Observe of a node that serves: at its public API or its mesh address. Rejects when it does not answer. */
  readonly observe: (node: string, signal: AbortSignal) => Promise<ObserveResponse>;
  readonly stun: Pick<StunProbe, 'ask'>;
  /** Null where no router is to be asked. */
  readonly mapper: PortMapper | null;
  readonly echo: EchoPort;
  readonly carriers: readonly CarrierKind[];
  /** The finder writes what Observe tells of STUN and TURN servers here, nearest first; carriers and netcheck read it. Made by who wires. */
  readonly servers: Cell<readonly MeasuredServer[]>;
  /** Stops (and lets go again) what passes through a carrier's loopback port, both ways. See `createHolds`. */
  readonly hold: (localEndpoint: string, held: boolean) => void;
}

/** A member's relay as this machine knows it. */
export interface MeasuredServer {
  readonly server: RelayServer;
  /** Null: its STUN port did not answer. */
  readonly roundTripMs: number | null;
}

export interface PathsView {
  readonly nat: NatReport;
  readonly paths: readonly PathView[];
}

/** The path finder of one node: decides for each peer where the tunnel sends, and says why. */
export interface Paths extends Part {
  /** Whole values, at most twenty a second; a change of where to send is told at once. */
  readonly view: ReadCell<PathsView>;
  setInputs(inputs: SetPathInputsRequest): void;
  /** What the tunnel reports of its peers, about once a second; `update` passes on what the configuration holds. */
  tunnel(state: TunnelState | null): void;
  /** Answers an offer of the member `from`, whose id was proven. Never rejects but for the signal: what cannot be is a refusal. */
  answer(offer: Proposal, from: string, signal: AbortSignal): Promise<Proposal>;
  /** Round trips path by path, as they come in. An unknown peer ends at once with one reason. */
  ping(request: PingPeerRequest, signal: AbortSignal): AsyncIterable<PingPeerResponse>;
  /** For the metrics: each peer's path now. */
  counters(): readonly PathCounters[];
  /** What this node can see of its own NAT at this moment. */
  nat(): NatReport;
}

export interface PathCounters {
  readonly id: string;
  readonly publicKey: string;
  readonly tier: PathTier | null;
  readonly up: boolean;
  /** Since this process started. */
  readonly switches: number;
  readonly attempts: number;
  readonly failures: number;
  readonly latencyMs: number | null;
  /** Of the carrier in use; null where WireGuard needs none. */
  readonly carrier: CarrierCounters | null;
}
