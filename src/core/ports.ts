import type { ReadCell } from '../base/cell.ts';
import type { Clock } from '../base/clock.ts';
import type { FailureData } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import type { Level, Log } from '../base/log.ts';
import type { Pki } from '../base/pki.ts';
import type { Random } from '../base/random.ts';
import type { Updates } from '../base/update.ts';
import type { HostView } from '../contract/state.ts';
import type { MeshNode } from '../gen/v1/mesh_messages.ts';
import type { NodeMetrics } from '../gen/v1/node_metrics.ts';
import type { JoinRequest, JoinResponse, Status } from '../gen/v1/node_messages.ts';
import type { RaftPeer } from '../gen/v1/peer_discovery.ts';
import type { Generation, HelloResponse, NetworkState, NodeSpec, NodeState, TunnelSpec, TunnelState, WatchResponse } from '../gen/webmesh/helper/v1/helper.ts';
import type { ForwardView, NetcheckResponse, OpenForwardRequest, PingPeerRequest, PingPeerResponse, SetPathInputsRequest, WatchPathsResponse, WatchReplicaResponse } from '../gen/webmesh/local/v1/local.ts';
import type { CreateInviteRequest, EnrollRequest, EnrollResponse, GrantAuthorityRequest, ListAuditRequest, ListAuditResponse, SetRoleRequest } from '../gen/webmesh/trust/v1/trust_messages.ts';

/**
 * Everything the app without a shell needs from the world. `platform/core-ports` builds the real one, tests bring fakes.
 * Every call that leaves the process takes a signal and has a deadline of its own; trouble is a Failure, cancellation an AbortError.
 */
export interface CorePorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Where this machine's resolver asks for names, when it takes no other port than that: 53 on Windows. Left out: where the node process answers anyway. */
  readonly namesPort?: number;
  readonly log: Log;
  /** Version of this app, as GetStatus and Hello show it. */
  readonly version: string;
  readonly mesh: MeshClient;
  readonly helper: HelperClient;
  readonly node: NodeClient;
  readonly probe: PeerProbe;
  readonly portal: PortalProbe;
  readonly peerMetrics: PeerMetrics;
  readonly documents: Documents;
  readonly secrets: Secrets;
  readonly pki: Pki;
  readonly passphrases: Passphrases;
  readonly hostMetrics: HostMetrics;
  readonly network: Network;
  readonly system: SystemEvents;
  readonly logs: Logs;
  readonly updates: Updates;
  /** Starts the privileged helper: the system's own window asks the person. Rejects with helper.declined, helper.unreachable, helper.not-trusted. */
  startHelper(): Promise<void>;
  /** Ends the app. Called by app.quit after the session was disconnected. */
  quit(): void;
}

/** The APIs of one node. Nothing is dialled before the first call. */
export interface MeshClient {
  dial(address: string, security: Security): MeshConnection;
  /**
   * The certificates that the node at `host:port` shows, DER, its own first. Nothing about them was verified, and nothing is sent: this
   * finds the root whose fingerprint an invite names. Rejects with mesh.unreachable, mesh.timeout, auth.clear-text (what answers there speaks no TLS).
   */
  probe(address: string, signal: AbortSignal): Promise<readonly Uint8Array[]>;
}

/**
 * How a node is spoken to. mtls: with our certificate. enrolling: without one yet, to the mesh whose root this is.
 * `expectId` is the node that must answer; a dial without it would believe any member. Clear text is asked for by name, never a fallback.
 */
export type Security =
  | { readonly kind: 'clear-text' }
  | { readonly kind: 'enrolling'; readonly root: Uint8Array; readonly expectId: string }
  | { readonly kind: 'mtls'; readonly identity: Identity; readonly expectId: string };

/** Rejects with mesh.unreachable, mesh.timeout, mesh.not-leader, mesh.no-leader, mesh.refused, mesh.busy, mesh.incompatible, auth.*. */
export interface MeshConnection {
  readonly address: string;
  join(request: JoinRequest, signal: AbortSignal): Promise<JoinResponse>;
  leave(id: string, signal: AbortSignal): Promise<void>;
  /** Of the node that answers when the id is empty. */
  getStatus(id: string, signal: AbortSignal): Promise<Status>;
  /** Rejects with mesh.incompatible when the node does not serve it. */
  listNodes(signal: AbortSignal): Promise<readonly MeshNode[]>;
  listPeers(signal: AbortSignal): Promise<readonly RaftPeer[]>;
  enroll(request: EnrollRequest, signal: AbortSignal): Promise<EnrollResponse>;
  /** The calls of webmesh.trust.v1.TrustService that a device makes; each answers when it was applied. */
  renew(certificateRequest: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]>;
  createInvite(request: CreateInviteRequest, signal: AbortSignal): Promise<void>;
  revokeInvite(id: string, signal: AbortSignal): Promise<void>;
  approveDevice(id: string, signal: AbortSignal): Promise<void>;
  revokeDevice(id: string, signal: AbortSignal): Promise<void>;
  setRole(request: SetRoleRequest, signal: AbortSignal): Promise<void>;
  requestAuthority(certificateRequest: Uint8Array, signal: AbortSignal): Promise<void>;
  grantAuthority(request: GrantAuthorityRequest, signal: AbortSignal): Promise<void>;
  close(): void;
}

/**
 * The privileged helper behind its local socket. The client connects by itself and keeps trying. Each network has its own tunnel and its own
 * node process there, named by the tunnel id (= the profile's id), and its own order of generations; `tunnelClient` shows one of them alone.
 */
export interface HelperClient {
  readonly link: ReadCell<HelperLink>;
  /** The newest event of the helper's Watch while the link is up, else null. */
  readonly report: ReadCell<WatchResponse | null>;
  /** Makes the tunnel's key on first use when an id is given. */
  hello(tunnelId: string, signal: AbortSignal, options?: { readonly nextKey?: boolean }): Promise<HelloResponse>;
  applyTunnel(generation: Generation, spec: TunnelSpec, signal: AbortSignal): Promise<TunnelState>;
  clearTunnel(tunnelId: string, generation: Generation, signal: AbortSignal): Promise<void>;
  /** Null stops the node process of this tunnel. */
  setNode(tunnelId: string, generation: Generation, spec: NodeSpec | null, signal: AbortSignal): Promise<NodeState>;
  /** JSON text without secrets. */
  exportDiagnostics(signal: AbortSignal): Promise<string>;
  shutdown(signal: AbortSignal): Promise<void>;
  /** Ends the link for good. */
  close(): void;
}

/** The helper as far as one network has to do with it. */
export interface TunnelClient {
  readonly link: HelperClient['link'];
  /** Null while the link is down; without a tunnel and a node process while the helper has none of this network. */
  readonly report: ReadCell<NetworkState | null>;
  hello(signal: AbortSignal, options?: { readonly nextKey?: boolean }): Promise<HelloResponse>;
  applyTunnel(generation: Generation, spec: TunnelSpec, signal: AbortSignal): Promise<TunnelState>;
  clearTunnel(generation: Generation, signal: AbortSignal): Promise<void>;
  setNode(generation: Generation, spec: NodeSpec | null, signal: AbortSignal): Promise<NodeState>;
}

export type HelperLink =
  | { readonly state: 'down'; readonly failure: FailureData }
  | { readonly state: 'up'; readonly hello: HelloResponse };

/** The node process on this machine, through the private socket that the helper names. */
export interface NodeClient {
  /** Ends, or rejects with node.lost, when the process goes away. */
  watchReplica(socketPath: string, signal: AbortSignal): AsyncIterable<WatchReplicaResponse>;
  metrics(socketPath: string, signal: AbortSignal): Promise<NodeMetrics>;
  /** A fresh chain for this machine's own node, recorded by the mesh. */
  renew(socketPath: string, certificateRequest: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]>;
  audit(socketPath: string, query: ListAuditRequest, signal: AbortSignal): Promise<ListAuditResponse>;
  setPathInputs(socketPath: string, inputs: SetPathInputsRequest, signal: AbortSignal): Promise<void>;
  /** Ends, or rejects with node.lost, when the process goes away. */
  watchPaths(socketPath: string, signal: AbortSignal): AsyncIterable<WatchPathsResponse>;
  netcheck(socketPath: string, signal: AbortSignal): Promise<NetcheckResponse>;
  pingPeer(socketPath: string, request: PingPeerRequest, signal: AbortSignal): AsyncIterable<PingPeerResponse>;
  openForward(socketPath: string, request: OpenForwardRequest, signal: AbortSignal): Promise<ForwardView>;
  closeForward(socketPath: string, id: string, signal: AbortSignal): Promise<void>;
}

export interface PeerProbe {
  /** Milliseconds until a TCP connection was made or refused (both are one round trip). Rejects with mesh.timeout or mesh.unreachable. */
  connect(host: string, port: number, signal: AbortSignal): Promise<number>;
}

export interface PortalProbe {
  /**
   * Where a web request to port 80 of this host is sent by a network that wants a person to sign in first; null when nothing is in the way.
   * Rejects with mesh.unreachable when nothing answers.
   */
  look(host: string, signal: AbortSignal, port?: number): Promise<string | null>;
}

export interface PeerMetrics {
  /** What the node at `host:port` of the mesh measures (webmesh.metrics.v1). */
  get(address: string, security: Security, signal: AbortSignal): Promise<NodeMetrics>;
}

/** JSON documents of this user, each replaced whole and atomically. */
export interface Documents {
  /** Undefined when there is none. A damaged one is set aside, named in `setAside`, and reads as none. */
  load(name: string): Promise<unknown>;
  /** Rejects with node.disk-full or internal.storage. */
  save(name: string, value: unknown): Promise<void>;
  remove(name: string): Promise<void>;
  /** Sets a document aside whose content made no sense to its owner. */
  reject(name: string): Promise<void>;
  /** Writes a report where a person finds it. Returns its path. */
  report(name: string, text: string): Promise<string>;
  /** File names that were set aside in this life, newest last. */
  readonly setAside: ReadCell<readonly string[]>;
}

/**
 * Texts that nobody but this user may read: keys, invite tokens. In the system's keyring where there is one, else in a file of mode 0600.
 * Names are [a-z0-9-]{1,64}. Rejects with internal.secrets.
 */
export interface Secrets {
  readonly kept: 'keyring' | 'private-file';
  load(name: string): Promise<string | undefined>;
  /** Replaced whole and atomically. */
  save(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Files that only a passphrase opens (age, scrypt). A wrong one rejects with input.passphrase. */
export interface Passphrases {
  seal(text: string, passphrase: string): Promise<string>;
  open(sealed: string, passphrase: string): Promise<string>;
}

export interface HostMetrics {
  sample(signal: AbortSignal): Promise<HostView>;
}

/** This machine's own network, without the tunnels of this product. */
export interface Network {
  readonly hostname: string;
  /** False when no address but loopback exists. */
  readonly online: ReadCell<boolean>;
  /** Every address on every other interface than our own tunnels, now. */
  readonly addresses: ReadCell<readonly OwnAddress[]>;
  /** The wanted port when it is free on all addresses, else a free one. */
  freePort(kind: 'udp' | 'tcp', wanted: number): Promise<number>;
}

export interface OwnAddress {
  readonly interfaceName: string;
  /** Bare address without a zone. */
  readonly address: string;
  readonly bits: number;
  readonly loopback: boolean;
}

export interface SystemEvents {
  /** Returns what ends it. */
  on(event: 'suspend' | 'resume', tell: () => void): () => void;
}

export interface Logs {
  /** The newest lines, oldest first. */
  newest(linesMax: number): Promise<readonly string[]>;
  setLevel(level: Level): void;
}
