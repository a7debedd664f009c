import { type ReadCell } from '../base/cell.ts';
import { type PathReasonCode, type PathTier } from '../base/path-reasons.ts';
import { type IceDescription, type NatReport, type Proposal, type RelayServer } from '../gen/webmesh/paths/v1/paths_messages.ts';
import { type ListenProblem, type Sockets } from './ports.ts';

/**
 * A way for WireGuard's datagrams to one peer that runs in this process. WireGuard is told to send to `localEndpoint`, a UDP port on
 * loopback; what comes back is sent from there to WireGuard's port. Whole datagrams, in any order, dropped when full, never queued long.
 */
export interface Carrier {
  readonly tier: Extract<PathTier, 'ice' | 'channel' | 'turn' | 'stream'>;
  /** 127.0.0.1:port */
  readonly localEndpoint: string;
  /** The kinds of both candidates (`srflx-host`), or the id of the node that relays. */
  readonly via: string;
  /** Where the other end's packets come from, `ip:port`, as far as this side can see; empty when it cannot. */
  readonly remote: string;
  counters(): CarrierCounters;
  /** Resolves once, when it ended by itself. */
  readonly ended: Promise<CarrierEnd>;
  close(): void;
}

export interface CarrierCounters {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly droppedDatagrams: number;
}

export interface CarrierEnd {
  readonly code: PathReasonCode;
  readonly problem: string;
}

/** Rejects a carrier that could not be opened. */
export class CarrierError extends Error {
  override name = 'CarrierError';
  readonly code: PathReasonCode;
  constructor(code: PathReasonCode, problem: string, cause?: unknown) {
    super(problem, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** One kind of carrier, as the path finder drives it: the same two steps on both sides, whatever is inside. */
export interface CarrierKind {
  readonly tier: Carrier['tier'];
  /**
   * Begins one attempt. The offering side's `mine` goes out in the offer, the answering side gets that as `theirs` and its own `mine` goes back
   * in the answer; then both proceed. Rejects with a CarrierError when it cannot be on this side: an answerer's code becomes the refusal.
   */
  begin(peer: CarrierPeer, role: 'offering' | 'answering', theirs: Proposal | null, signal: AbortSignal): Promise<CarrierAttempt>;
}

export interface CarrierPeer {
  readonly id: string;
  readonly publicKey: string;
  /** Of this attempt, on both sides. */
  readonly session: Uint8Array;
  /** This machine's tunnel port. */
  readonly wireguardPort: number;
  /** What the peer last said of its network; null for a peer that never did, which may be another implementation. */
  readonly nat: NatReport | null;
  readonly meshIpv4: string;
  readonly meshIpv6: string;
}

export interface CarrierAttempt {
  /** What our message must carry besides session and tier. Null: nothing needs to be negotiated, proceed at once. */
  readonly mine: Pick<Partial<Proposal>, 'ice' | 'turnEndpoint' | 'relayNode' | 'description' | 'candidates'> | null;
  /** Goes on with the other side's message. An `endpoint` instead of a carrier: nothing runs here, the tunnel is to send there. */
  proceed(theirs: Proposal | null, signal: AbortSignal): Promise<Carrier | { readonly endpoint: string; readonly via: string }>;
  cancel(): void;
}

/** Loopback UDP that faces WireGuard: one socket per carrier, connected to the tunnel's port. Implemented by platform/loopback-port. */
export interface LoopbackPorts {
  /** `receive` gets each datagram of WireGuard; it must copy what it keeps. */
  open(wireguardPort: number, receive: (datagram: Uint8Array) => void): Promise<LoopbackPort>;
}

export interface LoopbackPort {
  readonly endpoint: string;
  /** Hands a datagram to WireGuard; dropped when the socket is full. */
  deliver(datagram: Uint8Array): void;
  close(): void;
}

/** Raw ICE (RFC 8445): whole datagrams on the pair that was found, which is never a relayed one: that is a tier of its own. Implemented by platform/ice. */
export interface IceAgents {
  /** Gathers candidates for at most `gatherMs`. The agent is closed by the signal or by `close`. */
  open(options: IceOptions, signal: AbortSignal): Promise<IceAgent>;
}

export interface IceOptions {
  readonly controlling: boolean;
  readonly servers: readonly RelayServer[];
  /** Bare addresses to gather on; every other interface is left alone. */
  readonly hosts: readonly string[];
  readonly gatherMs: number;
}

export interface IceAgent {
  readonly local: IceDescription;
  /** Starts the checks and resolves with the nominated pair. Rejects with a CarrierError. */
  connect(remote: IceDescription, signal: AbortSignal): Promise<{ readonly via: string; readonly remote: string }>;
  /** False: dropped. */
  send(datagram: Uint8Array): boolean;
  onDatagram(receive: (datagram: Uint8Array, from: string) => void): void;
  readonly ended: Promise<CarrierEnd>;
  close(): void;
}

/** TURN as a client (RFC 8656), over UDP or TCP. Implemented by platform/turn-client. */
export interface TurnClients {
  /** Allocates. Rejects with a CarrierError: no-relay, relay-full. */
  allocate(server: RelayServer, options: { readonly transport: 'udp' | 'tcp'; readonly family: 4 | 6 }, signal: AbortSignal): Promise<TurnAllocation>;
}

export interface TurnAllocation {
  /** The relayed address, `ip:port`: what is sent there comes here from whom was permitted. */
  readonly relayed: string;
  /** Lets datagrams from this bare address in (any port), and keeps doing so. */
  permit(address: string): Promise<void>;
  /** To where `send` goes: `ip:port`. Follows the last permitted sender when `null`. */
  target(endpoint: string | null): void;
  /** False: dropped. */
  send(datagram: Uint8Array): boolean;
  onDatagram(receive: (datagram: Uint8Array, from: string) => void): void;
  readonly ended: Promise<CarrierEnd>;
  close(): void;
}

/** STUN binding requests from a fresh socket (RFC 8489). Implemented by platform/stun-client. */
export interface StunProbe {
  /** One socket asks every server once and again; answers what each saw. Never rejects but for the signal. */
  ask(servers: readonly string[], options: { readonly family: 4 | 6; readonly timeoutMs: number }, signal: AbortSignal): Promise<readonly StunAnswer[]>;
  /** Whether the router loops back what goes to its own outside (RFC 4787, section 6), as one server helps to see; null: it did not answer. At most two seconds. */
  hairpin(server: string, signal: AbortSignal): Promise<boolean | null>;
}

export interface StunAnswer {
  readonly server: string;
  /** `ip:port` as the server saw this socket; null: no answer. */
  readonly mapped: string | null;
  readonly roundTripMs: number | null;
  /** Port of the asking socket. */
  readonly localPort: number;
}

/** Asks the router to map the tunnel's port: PCP (RFC 6887), NAT-PMP (RFC 6886), UPnP IGD. Implemented by platform/port-mapper. */
export interface PortMapper {
  /** What is mapped now; null: nothing. */
  readonly mapped: ReadCell<PortMapping | null>;
  /** How each protocol's router answered when it was last asked. */
  readonly answers: ReadCell<Readonly<Record<'pcp' | 'nat-pmp' | 'upnp', string>>>;
  /** Keeps this UDP port mapped from here on, on a network that `moves` numbers; 0 lets go. */
  want(port: number, moves: number): void;
  close(): Promise<void>;
}

export interface PortMapping {
  readonly by: 'pcp' | 'nat-pmp' | 'upnp';
  /** `ip:port` on the router's outside. */
  readonly endpoint: string;
}

/** Tiny datagrams between nodes inside the tunnel, answered by the other node: is a path alive, and how far is it. Implemented by platform/echo. */
export interface EchoPort {
  /** Listens on these bare mesh addresses, port `port`, and answers there; replaces what it listened on before. */
  listen(addresses: readonly string[], port: number): Promise<void>;
  /** Sends one echo of `bytes` (at least 24) to `address:port`; resolves with milliseconds, or null when nothing came back in time. */
  ping(address: string, port: number, options: { readonly bytes: number; readonly timeoutMs: number }, signal: AbortSignal): Promise<number | null>;
  close(): void;
}

/** WebRTC peer connections. Implemented by platform/peer-connections; the only file that knows the library. */
export interface PeerConnections {
  create(options: { readonly iceServers: readonly string[]; readonly hosts: readonly string[] }): PeerConnection;
}

export interface PeerConnection {
  /** Makes the offer. The channels that are wanted must have been created before. */
  offer(): Promise<Description>;
  /** Takes an offer and makes the answer. */
  answer(offer: Description): Promise<Description>;
  accept(answer: Description): void;
  /** Candidates that come before a description was set are kept for later. One that makes no sense is told by false. */
  addCandidate(candidate: string): boolean;
  onCandidate(see: (candidate: string) => void): void;
  readonly state: ReadCell<'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'>;
  /** The nominated pair, once connected. */
  pair(): { readonly via: string; readonly remote: string } | null;
  createChannel(label: string, options: ChannelOptions): DataChannel;
  close(): void;
}

export interface Description {
  readonly type: 'offer' | 'answer';
  readonly sdp: string;
}

export interface ChannelOptions {
  /** Both sides create it with the same number; nothing is announced in band. */
  readonly id: number;
  readonly protocol: string;
  /** Left out: ordered and reliable. */
  readonly lossy?: { readonly lifetimeMs: number };
}

export interface DataChannel {
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
  /** Bytes that wait to be sent. */
  buffered(): number;
  /** False: it is closed. */
  send(bytes: Uint8Array): boolean;
  onMessage(receive: (bytes: Uint8Array) => void): void;
  /** Told when `buffered` has fallen to `low` bytes or fewer. */
  onDrained(low: number, see: () => void): void;
  close(): void;
}

/** Streams and datagrams to and from programs of this machine and its network, for forwards. Implemented by platform/forward-sockets. */
export interface ForwardSockets {
  listenTcp(host: string, port: number, accept: (stream: ByteStream) => void): Promise<{ readonly port: number; close(): void }>;
  connectTcp(host: string, port: number, signal: AbortSignal): Promise<ByteStream>;
  /** A UDP socket; `from` is `ip:port`. With `connect` it speaks to that end only. */
  openUdp(host: string, port: number, receive: (datagram: Uint8Array, from: string) => void, connect?: { readonly host: string; readonly port: number }): Promise<{ readonly port: number; send(datagram: Uint8Array, to: string): void; close(): void }>;
}

export interface ByteStream {
  listen(events: { data(bytes: Uint8Array): void; drained(): void; ended(): void; closed(): void }): void;
  /** False: full, wait for `drained`. */
  write(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  /** Sends what is queued, then ends our direction. */
  end(): void;
  destroy(): void;
}

/** A STUN and TURN server in this process. Implemented by platform/turn-server. */
export interface TurnServers {
  /** Rejects with a Failure (node.port-in-use) when a port cannot be had. */
  start(options: TurnServerOptions): Promise<TurnServer>;
}

export interface TurnServerOptions {
  /** STUN and TURN here, UDP and TCP; STUN also one port up. */
  readonly port: number;
  /** Bare addresses to listen on. */
  readonly hosts: readonly string[];
  readonly realm: string;
  /** For credentials that carry their own end (RFC 7635 is not used: HMAC-SHA1 of the user name, as coturn and browsers know it). */
  readonly secret: string;
  /** Bare addresses of this machine as others see it, by family; null where it has none. */
  readonly external: { readonly ipv4: string | null; readonly ipv6: string | null };
  /** From where to where relayed addresses have their ports, both included. */
  readonly relayPorts: readonly [number, number];
  /** Asked for each datagram, either way: false drops it. The limit on bytes is one for all that this node relays; the user is the name without its end. */
  readonly take: (bytes: number, user: string) => boolean;
  readonly allocationsMax: number;
  readonly allocationsPerUserMax: number;
  /** Whether this user may use the server now. */
  readonly mayUse: (user: string) => boolean;
  /** Whether datagrams may be relayed to this end. Port 0: to any port of that address. */
  readonly mayRelayTo: (address: string, port: number) => boolean;
}

export interface TurnServer {
  stats(): { readonly allocations: number; readonly relayedBytes: number; readonly refused: number };
  /** Ends the allocations of users that may not use it any more. */
  recheck(): void;
  close(): Promise<void>;
}

/** Names over datagrams and streams (RFC 1035 §4.2). Implemented by platform/dns-sockets. */
export interface DnsSockets {
  readonly listenTcp: Sockets['listen'];
  /**
   * Binds one bare address. Where a program has the port on every address and shares it, as responders of multicast DNS do, it is shared:
   * what is sent to this very address still comes here.
   */
  bindUdp(host: string, port: number, receive: (message: Uint8Array, from: DatagramSource) => void): Promise<DnsDatagrams | { readonly ok: false; readonly problem: ListenProblem; readonly message: string }>;
}

export interface DatagramSource {
  readonly address: string;
  readonly port: number;
}

export interface DnsDatagrams {
  readonly ok: true;
  readonly port: number;
  readonly shared: boolean;
  /** Dropped when the socket is full. */
  send(message: Uint8Array, to: DatagramSource): void;
  close(): void;
}

/** A page of text over HTTP/1.1, for programs that scrape it. Implemented by platform/metrics-http. */
export interface MetricsHttps {
  create(page: HttpPage): MetricsHttp;
}

export interface MetricsHttp {
  /** Listens on one bare address; waits for one that this machine does not have yet, until the signal aborts. Rejects with a Failure (node.port-in-use). */
  listen(address: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<number>;
  /** Ends its connections too. */
  unlisten(address: { readonly host: string; readonly port: number }): void;
  close(): Promise<void>;
}

export interface HttpPage {
  /** Asked for each connection before a byte of it is read, with the other end's bare address. Who is not admitted gets a bare 403. */
  admits(source: string): boolean;
  /** Asked for each request that is in order. Never rejects. */
  answer(request: HttpRequest): Promise<HttpAnswer>;
}

export interface HttpRequest {
  readonly method: string;
  /** Without what follows a question mark. */
  readonly path: string;
  readonly source: string;
}

export interface HttpAnswer {
  readonly status: 200 | 403 | 404 | 405 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Told of the calls that a gRPC server serves: platform/grpc-call-counts calls it, node/metrics counts. */
export interface CallCounts {
  /** A call of a method that this server has; its policy was not asked yet. */
  open(method: { readonly path: string; readonly requestStream: boolean; readonly responseStream: boolean }): CallCount;
}

export interface CallCount {
  received(): void;
  sent(): void;
  /** Once, with its status; 1 when the caller left. */
  handled(code: number, seconds: number): void;
}

/** This process. Implemented by platform/process-metrics. */
export interface ProcessMeter {
  /** Of the event loop: since the meter was opened. What the system does not say is null. */
  sample(): ProcessSample;
  close(): void;
}

export interface ProcessSample {
  readonly runtime: string;
  readonly startedAtSeconds: number;
  readonly cpuSeconds: { readonly user: number; readonly system: number };
  readonly residentBytes: number | null;
  readonly heapUsedBytes: number | null;
  readonly openDescriptors: number | null;
  /** How much later than asked the event loop comes to its timers. */
  readonly loopDelaySeconds: { readonly mean: number; readonly p99: number; readonly max: number };
}
