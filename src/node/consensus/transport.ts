import { type Configuration, type Message, type NodeId, type Unanswered } from '../../raft/types.ts';
import { type Connection } from '../ports.ts';

/**
 * Carries Raft messages between members over the framing of hashicorp/raft. The driver gives every message of `Ready` to `send`,
 * requests and answers alike, and puts every message that `receive` brings into its mailbox: like a network that may lose and delay,
 * never duplicate, and that keeps the order of one peer's appends. Built by `createTransport` in `tcp-transport.ts`.
 *
 * A request that left ends in exactly one of two ways: its answer comes through `receive` (with `requestTerm` and `matched` filled in),
 * or `unanswered` tells that none will come. `timeout-now` has no answer message: only its failure is told.
 * A request that came in must be answered by `send` with the matching `requestTerm` (and `matched`); the transport finds the connection.
 * An answer for which no request waits any more is dropped.
 */
export interface Transport {
  /**
   * Makes the listeners exactly these `host:port` (IPv6 bracketed). Resolves when each is bound or waits for its address to appear
   * on this machine (tried every 250 ms). Rejects with Failure `node.port-in-use` or `node.start-failed`; the others stay as they were asked.
   */
  listen(addresses: readonly string[]): Promise<void>;
  /** The addresses that are bound now. */
  listening(): readonly string[];
  /** Where members are dialled. Connections to members that left or moved are closed. */
  setConfiguration(configuration: Configuration): void;
  /**
   * Never blocks and never throws. `bytes` belong to a `snapshot` and are streamed after it. A message to an unknown member,
   * or one more than may be in flight, is reported as unanswered in a later turn.
   */
  send(message: Message, bytes?: Uint8Array): void;
  /** Ends the connections, either way, to whoever was cut off meanwhile. */
  recheck(): void;
  /** Closes listeners and connections; what is in flight stays unreported. */
  close(): void;
}

export interface TransportEvents {
  /** A request or an answer. `bytes`: the whole content of a `snapshot`, otherwise null. Called in the order of one connection. */
  receive(message: Message, bytes: Uint8Array | null): void;
  unanswered(request: Unanswered): void;
}

/** Who this node is and whom it hears. */
export interface TransportIdentity {
  readonly id: NodeId;
  /** The unique advertised raft address `ip:port` of this node now. Goes into every header. */
  address(): string;
  /** Whether requests of this id are heard, over a connection whose other end proved this. Asked for every request. */
  hears(id: NodeId, proof: Proof): boolean;
  /** Whether what was dialled for this id may be spoken to, by what it proved. Left out: it may. */
  trusts?(id: NodeId, proof: Proof): boolean;
  /** Whether this id was cut off for ever: nothing is asked of it and nothing heard. Left out: nobody was. */
  cutOff?(id: NodeId): boolean;
}

/** What the other end of a connection proved by its certificate; nothing in clear text. */
export type Proof = Pick<Connection, 'provenId' | 'fingerprint' | 'expired'>;
