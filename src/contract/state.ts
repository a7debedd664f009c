import type { FailureData } from '../base/failure.ts';
import type { Role } from '../base/identity.ts';
import type { PathReasonCode, PathTier } from '../base/path-reasons.ts';
import type { FixName, Severity } from './health.ts';
import type { NetworkColour } from './networks.ts';
import type { LanguageChoice } from './language.ts';
import type { UpdateTopic } from './update.ts';

export type { PathReasonCode, PathTier, Role };

/**
 * What a shell may know: topics, each a whole value that replaces the last one, sent at most ten times a second.
 * Everything here is plain JSON: times in milliseconds since 1970, sizes in bytes, no dates, no bigints.
 */
export interface AppState {
  readonly session: SessionTopic;
  readonly peers: PeersTopic;
  readonly profiles: ProfilesTopic;
  readonly settings: Settings;
  readonly node: NodeTopic;
  readonly metrics: MetricsTopic;
  readonly health: HealthTopic;
  readonly trust: TrustTopic;
  readonly invitation: InvitationTopic;
  readonly paths: PathsTopic;
  readonly update: UpdateTopic;
}

export type TopicName = keyof AppState;
export const topicNames = ['session', 'peers', 'profiles', 'settings', 'node', 'metrics', 'health', 'trust', 'invitation', 'paths', 'update'] as const satisfies readonly TopicName[];

/** Topics that tell of one network at a time. */
export const networkTopics = ['session', 'peers', 'node', 'trust', 'paths'] as const satisfies readonly TopicName[];
export type NetworkTopics = Pick<AppState, (typeof networkTopics)[number]>;

/** `want` is the wish, the phase is the fact. */
export type SessionTopic = { readonly want: 'connected' | 'disconnected'; readonly profile: string | null; readonly epoch: number } & SessionPhase;

export type SessionPhase =
  | { readonly phase: 'disconnected' }
  | { readonly phase: 'authorising' | 'joining' | 'configuring'; readonly sinceMs: number }
  | { readonly phase: 'connected'; readonly sinceMs: number; readonly lease: LeaseView; readonly tunnel: TunnelView; readonly degraded: Degraded | null }
  | { readonly phase: 'reconnecting'; readonly cause: FailureData; readonly attempt: number; readonly retryAtMs: number | null }
  | { readonly phase: 'disconnecting' }
  | { readonly phase: 'blocked'; readonly failure: FailureData };

/** Why a connected session is not whole. `control-plane-lost`: changes are frozen, traffic is fine. */
export type Degraded =
  | { readonly kind: 'control-plane-lost'; readonly sinceMs: number; readonly storedLease: boolean }
  | { readonly kind: 'polling'; readonly detail: 'node-does-not-replicate' };

export interface LeaseView {
  /** Bare address and the mesh network's prefix; null when the mesh gave none. */
  readonly ipv4: string | null;
  readonly ipv4Network: string | null;
  readonly ipv6: string | null;
  readonly ipv6Network: string | null;
}

export interface TunnelView {
  readonly interfaceName: string;
  readonly engine: string;
  readonly publicKey: string;
  readonly listenPort: number;
  readonly mtu: number;
  readonly receiveBytes: number;
  readonly transmitBytes: number;
  readonly names: NamesView;
}

/** Whether programs of this machine find the network's devices by name. */
export interface NamesView {
  /** What answers them, `systemd-resolved`; empty where names are switched off, or could not be set. */
  readonly keeper: string;
  /** One sentence about why they do not resolve, or empty. */
  readonly problem: string;
}

export interface PeersTopic {
  readonly source: 'replica' | 'polling' | 'stored' | 'none';
  readonly list: readonly PeerView[];
}

export type ClusterRole = 'leader' | 'voter' | 'observer' | 'unknown';

export interface PeerView {
  readonly id: string;
  readonly self: boolean;
  readonly publicKey: string;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  readonly role: ClusterRole;
  /** Where our tunnel sends this peer's packets now, `ip:port`, or null. */
  readonly endpoint: string | null;
  /** How we reach it, and why. */
  readonly path: PeerPath;
  /** Why it is not better, the most telling first; empty while nothing was tried. */
  readonly why: readonly PathReasonView[];
  readonly lastHandshakeMs: number | null;
  readonly receiveBytes: number;
  readonly transmitBytes: number;
  /** Round trip through the tunnel, measured lately; null when unknown. */
  readonly latencyMs: number | null;
  /** Marked by the person, on this machine alone. */
  readonly favourite: boolean;
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
}

export type PeerPath =
  | { readonly kind: 'self' }
  /** From tunnel port to tunnel port. Left out: at an address that the peer advertises. */
  | { readonly kind: 'direct'; readonly how?: 'lan' | 'public' | 'mapped' | 'punched' }
  /** Peer to peer, through this process: raw datagrams, or a data channel, which is slow where packets get lost. */
  | { readonly kind: 'ice'; readonly how: 'raw' | 'channel' }
  /** Through another member. It sees WireGuard's datagrams and nothing in them. */
  | { readonly kind: 'relay'; readonly how: 'turn' | 'stream'; readonly node: string }
  | { readonly kind: 'waiting'; readonly reason: 'no-handshake-yet' | 'peer-has-no-endpoint' | 'both-behind-nat' | 'looking' | 'no-path' }
  | { readonly kind: 'silent'; readonly reason: 'no-handshake-lately' }
  | { readonly kind: 'down'; readonly reason: 'not-connected' };

export interface PathReasonView {
  readonly code: PathReasonCode;
  readonly tier: PathTier | null;
  readonly detail: Readonly<Record<string, string>>;
}

/** How this machine's network is, what is carried through it besides the tunnel, and what it does for others. */
export interface PathsTopic {
  readonly nat: NatView | null;
  readonly forwards: readonly ForwardView[];
  /** Of the selected network's profile: what this machine offers its members when it can. */
  readonly offers: OffersView | null;
}

export interface NatView {
  readonly mapping: 'unknown' | 'open' | 'easy' | 'hard' | 'blocked';
  readonly publicIpv4: string | null;
  readonly publicIpv6: string | null;
  /** Where others see the tunnel's port, `ip:port`. */
  readonly tunnelEndpoints: readonly string[];
  /** Who maps the tunnel's port at the router, or null. */
  readonly portMapping: 'pcp' | 'nat-pmp' | 'upnp' | null;
}

export interface ForwardView {
  readonly id: string;
  readonly peer: string;
  readonly protocol: 'tcp' | 'udp';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly connections: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly problem: FailureData | null;
}

export interface OffersView {
  /** Negotiates data channels for clients outside the mesh. */
  readonly iceNegotiation: boolean;
  readonly turnServer: boolean;
  readonly meshDns: boolean;
  /** The endpoint that Prometheus scrapes. */
  readonly prometheus: boolean;
  /** Megabits a second that this machine relays for others; 0: none. */
  readonly relayMbit: number;
  /** What members may reach through this machine by forwarding: `tcp 127.0.0.1:8080`. */
  readonly shares: readonly string[];
}

export interface NetcheckView {
  readonly nat: NatView;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly udp: boolean;
  readonly hairpin: boolean;
  readonly servers: readonly { readonly node: string; readonly kind: 'stun' | 'turn-udp' | 'turn-tcp' | 'grpc'; readonly address: string; readonly latencyMs: number | null; readonly problem: string | null }[];
  readonly portMapping: Readonly<Record<'pcp' | 'nat-pmp' | 'upnp', string>>;
  readonly findings: readonly PathReasonView[];
}

/** One path of a peer, measured. */
export interface PathPing {
  readonly tier: PathTier;
  readonly current: boolean;
  readonly endpoint: string;
  readonly latenciesMs: readonly number[];
  readonly lost: number;
  readonly reason: PathReasonView | null;
}

/** The networks that this machine knows, and how it stands in each. The other topics tell of the selected one. */
export interface ProfilesTopic {
  readonly list: readonly ProfileView[];
  readonly selected: string | null;
}

export interface ProfileView {
  readonly id: string;
  readonly name: string;
  /** A host runs the mesh on this machine; a member joins one elsewhere. */
  readonly kind: 'host' | 'member';
  readonly nodeId: string;
  /** host:port of the mesh API that is joined; on a host, where others can join. */
  readonly address: string;
  readonly offers: OffersView;
  /** Clear text, asked for by name: nothing protects joining and mesh traffic between nodes but the tunnel itself. */
  readonly insecure: boolean;
  readonly colour: NetworkColour;
  /** Of the names of its devices on this machine, `home.internal`. */
  readonly suffix: string;
  /** Whether programs of this machine are to find them there. */
  readonly names: boolean;
  /** Connected whenever the app starts. */
  readonly autoConnect: boolean;
  readonly session: Standing;
}

/** How this machine stands in one of its networks. */
export interface Standing {
  readonly want: SessionTopic['want'];
  readonly phase: SessionTopic['phase'];
  /** When the phase began, where the phase tells. */
  readonly sinceMs: number | null;
  readonly degraded: Degraded['kind'] | null;
  /** Why it is not connected, of reconnecting and blocked. */
  readonly why: FailureData | null;
  /** Of its tunnel; null while there is none. */
  readonly interfaceName: string | null;
}

export interface Settings {
  readonly theme: 'system' | 'light' | 'dark';
  /** Of the window, the tray and the notifications. */
  readonly language: LanguageChoice;
  readonly startAtLogin: boolean;
  /** Quit leaves the tunnel up; the next start takes it over. */
  readonly stayConnected: boolean;
  /** A person was told once that closing the window does not end the app. */
  readonly closeExplained: boolean;
  /** Off: nothing at all, whatever the kinds say. */
  readonly notifications: boolean;
  readonly notifyConnection: boolean;
  readonly notifyDevices: boolean;
  readonly notifyExpiry: boolean;
  readonly notifyService: boolean;
  /** tell: look once a day, and say so; off: look when asked. Nothing is downloaded unasked. */
  readonly updates: 'off' | 'tell';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export interface NodeTopic {
  readonly running: boolean;
  readonly problem: string | null;
  readonly id: string | null;
  readonly version: string | null;
  /** Of the helper; null while it is out of reach. */
  readonly helperVersion: string | null;
  readonly features: readonly string[];
  readonly role: ClusterRole;
  readonly leader: string | null;
  readonly startedAtMs: number | null;
  readonly networkName: string | null;
  readonly networks: readonly string[];
  readonly raft: RaftView | null;
}

export interface RaftView {
  readonly role: string;
  readonly term: number;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly leaderContactAgeMs: number | null;
  readonly servers: readonly { readonly id: string; readonly address: string; readonly voter: boolean }[];
}

/** This machine now; a shell keeps its own short history for charts. */
export interface MetricsTopic {
  readonly atMs: number;
  readonly host: HostView | null;
  readonly tunnel: { readonly receiveBytes: number; readonly transmitBytes: number } | null;
}

export interface HostView {
  readonly hostname: string;
  readonly os: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly uptimeMs: number;
  /** 0 to 1 over all processors since the last sample; null at the first one. */
  readonly cpuUsed: number | null;
  readonly processors: number;
  readonly load: readonly [number, number, number];
  readonly memory: { readonly total: number; readonly used: number; readonly available: number };
  readonly disks: readonly { readonly path: string; readonly device: string; readonly total: number; readonly used: number }[];
}

/** Who belongs to the present network, and what this device may do in it. */
export interface TrustTopic {
  /** `clear-text` was asked for by name and is shown in red wherever the network is; `none` while there is no network. */
  readonly mode: 'mtls' | 'clear-text' | 'none';
  /** Ours. Null before we were enrolled, and in clear text, where nobody has one. */
  readonly role: Role | null;
  /** SHA-256 of the mesh's root certificate: 32 pairs of hex digits joined by colons. */
  readonly fingerprint: string | null;
  /** Of this device's certificate. */
  readonly notAfterMs: number | null;
  /** Where the root's key is: on this machine; once here but removed; with another device. */
  readonly root: 'here' | 'removed' | 'elsewhere';
  /** The root's key was written to an encrypted file at least once. */
  readonly rootExported: boolean;
  readonly secretsIn: 'keyring' | 'private-file';
  readonly devices: readonly DeviceView[];
  readonly invites: readonly InviteView[];
  readonly authorities: readonly { readonly nodeId: string; readonly granted: boolean; readonly notAfterMs: number | null }[];
}

export interface DeviceView {
  readonly id: string;
  readonly self: boolean;
  readonly name: string;
  readonly role: Role;
  readonly state: 'pending' | 'active' | 'revoked';
  /** Id of the device that invited it; empty for the founder. */
  readonly invitedBy: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  readonly notAfterMs: number | null;
  /** SHA-256 of its key, pairs of hex digits joined by colons: what two people compare before one accepts the other's device. */
  readonly keyFingerprint: string;
}

export interface InviteView {
  readonly id: string;
  readonly role: Role;
  readonly state: 'open' | 'used' | 'expired' | 'revoked';
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly uses: number;
  readonly usesMax: number;
  readonly needsApproval: boolean;
  readonly note: string;
}

/** An invite that was opened from outside (a link, a file) and waits for a person's consent. Nothing was dialled or stored for it. */
export interface InvitationTopic {
  readonly offer: Invitation | null;
}

/** What an invite says of itself. The fingerprint is checked against the mesh when it is redeemed; the names are only claimed. */
export interface Invitation {
  readonly link: string;
  readonly inviteId: string;
  readonly networkName: string;
  readonly invitedBy: string;
  readonly fingerprint: string;
  readonly role: Role;
  readonly expiresAtMs: number;
  readonly expired: boolean;
  readonly needsApproval: boolean;
  readonly addresses: readonly string[];
  /** Name of a network of this mesh (same root) that this machine has already, or null. */
  readonly known: string | null;
}

export interface AuditEventView {
  readonly sequence: number;
  readonly atMs: number;
  readonly actor: string;
  readonly node: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string>>;
  readonly hash: string;
}

export interface HealthTopic {
  readonly warnings: readonly Warning[];
}

/** A problem that a person should see. It has a code that shells turn into words; those that touch connectivity come first, then the worst. */
export interface Warning {
  /** The same for as long as it lasts, and no other has it. */
  readonly id: string;
  readonly code: WarningCode;
  readonly severity: Severity;
  /** Devices may not reach each other because of it. */
  readonly connectivity: boolean;
  readonly sinceMs: number;
  /** What a shell can offer to do about it; null: nothing but what its words say. */
  readonly fix: FixName | null;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
  /** The network that it is about; left out: this machine. */
  readonly network?: WarningNetwork;
}

export interface WarningNetwork {
  readonly id: string;
  readonly name: string;
  /** No other network is to be connected or shown, so its name says nothing new. */
  readonly alone: boolean;
}

export const warningCodes = ['clear-text', 'helper-missing', 'helper-old', 'engine-missing', 'offline', 'cannot-connect', 'connection-lost', 'node-down', 'node-port-in-use', 'control-plane-lost', 'not-replicating',
  'peer-unreachable', 'file-set-aside', 'disk-full', 'certificate-expiring', 'device-expiring', 'device-pending', 'authority-pending', 'root-not-exported', 'renewal-failing', 'secrets-in-file',
  'audit-broken', 'udp-blocked', 'service-down', 'dns-not-set', 'sign-in-needed'] as const;
export type WarningCode = (typeof warningCodes)[number];
