import { keyFromHex, keyToHex } from '../../base/keys.ts';
import { type PeersStep } from './reconcile.ts';
import { type WantedPeer } from './spec.ts';

/** What an engine says about its device. Holds no private key: it is dropped while reading. */
export interface DeviceStats {
  readonly listenPort: number;
  readonly peers: readonly PeerStats[];
}

export interface PeerStats {
  readonly publicKey: string;
  readonly endpoint: string;
  readonly allowedIps: readonly string[];
  readonly keepaliveSeconds: number;
  /** Milliseconds since 1970, 0 when there was none. */
  readonly lastHandshakeMs: bigint;
  readonly receiveBytes: bigint;
  readonly transmitBytes: bigint;
}

/** The request that reads everything. */
export const getRequest = 'get=1\n\n';

/** A key and a port in the text of the WireGuard cross-platform interface. */
export function identityRequest(privateKey: string, listenPort: number): string {
  return request([`private_key=${keyToHex(privateKey)}`, `listen_port=${listenPort}`]);
}

/** Removals first, so that an allowed IP is free before another peer gets it. */
export function peersRequest({ remove, move, set }: PeersStep): string {
  const lines: string[] = [];
  for (const key of remove) lines.push(`public_key=${keyToHex(key)}`, 'remove=true');
  // An engine keeps the endpoint that it has when none is named: there is no way to take one away.
  for (const { publicKey, endpoint } of move) if (endpoint !== '') lines.push(`public_key=${keyToHex(publicKey)}`, `endpoint=${endpoint}`);
  for (const peer of set) lines.push(...peerLines(peer));
  return request(lines);
}

/** Keepalive goes last: it is what makes the engine speak first. */
function peerLines(peer: WantedPeer): readonly string[] {
  return [
    `public_key=${keyToHex(peer.publicKey)}`,
    ...(peer.endpoint === '' ? [] : [`endpoint=${peer.endpoint}`]),
    'replace_allowed_ips=true',
    ...peer.allowedIps.map((ip) => `allowed_ip=${ip}`),
    `persistent_keepalive_interval=${peer.keepaliveSeconds}`,
  ];
}

function request(lines: readonly string[]): string {
  return ['set=1', ...lines, '', ''].join('\n');
}

/** The errno that ends every answer; NaN when the answer was cut short. */
export function errnoOf(answer: string): number {
  const match = /(?:^|\n)errno=(-?\d+)\n\n?$/.exec(answer);
  return match === null ? Number.NaN : Math.abs(Number(match[1]));
}

/** Reads the answer to `get`. Unknown keys are skipped, so that newer engines can say more. */
export function parseGet(answer: string): DeviceStats {
  let listenPort = 0;
  const peers: Draft[] = [];
  for (const line of answer.split('\n')) {
    const at = line.indexOf('=');
    const [key, value] = [line.slice(0, at), line.slice(at + 1)];
    if (key === 'listen_port') listenPort = Number(value);
    else if (key === 'public_key') peers.push({ ...emptyPeer, publicKey: keyFromHex(value), allowedIps: [] });
    else readPeerLine(peers.at(-1), key, value);
  }
  return { listenPort, peers: peers.map(({ seconds, nanoseconds, ...peer }) => ({ ...peer, lastHandshakeMs: seconds * 1000n + nanoseconds / 1_000_000n })) };
}

type Draft = { -readonly [K in keyof Omit<PeerStats, 'lastHandshakeMs' | 'allowedIps'>]: PeerStats[K] } & { allowedIps: string[]; seconds: bigint; nanoseconds: bigint };
const emptyPeer = { publicKey: '', endpoint: '', keepaliveSeconds: 0, receiveBytes: 0n, transmitBytes: 0n, seconds: 0n, nanoseconds: 0n };

function readPeerLine(peer: Draft | undefined, key: string, value: string): void {
  if (peer === undefined) return;
  switch (key) {
    case 'endpoint': peer.endpoint = value; break;
    case 'allowed_ip': peer.allowedIps.push(value); break;
    case 'persistent_keepalive_interval': peer.keepaliveSeconds = Number(value); break;
    case 'last_handshake_time_sec': peer.seconds = count(value); break;
    case 'last_handshake_time_nsec': peer.nanoseconds = count(value); break;
    case 'rx_bytes': peer.receiveBytes = count(value); break;
    case 'tx_bytes': peer.transmitBytes = count(value); break;
    default:
  }
}

/** Reads `wg show DEVICE dump`: one line for the device, one for each peer, fields between tabs. */
export function parseDump(text: string): DeviceStats {
  const [head, ...rows] = text.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
  return {
    listenPort: Number(head?.[2] ?? 0),
    peers: rows.filter((row) => row.length === 8).map(([publicKey = '', , endpoint = '', allowed = '', handshake = '', rx = '', tx = '', keepalive = '']) => ({
      publicKey,
      endpoint: endpoint === '(none)' ? '' : endpoint,
      allowedIps: allowed === '(none)' ? [] : allowed.split(','),
      keepaliveSeconds: keepalive === 'off' ? 0 : Number(keepalive),
      lastHandshakeMs: count(handshake) * 1000n,
      receiveBytes: count(rx),
      transmitBytes: count(tx),
    })),
  };
}

/** Peers in the file format of `wg addconf`. */
export function peersConfig(peers: readonly WantedPeer[]): string {
  return peers.map((peer) => [
    '[Peer]',
    `PublicKey = ${peer.publicKey}`,
    ...(peer.allowedIps.length === 0 ? [] : [`AllowedIPs = ${peer.allowedIps.join(', ')}`]),
    ...(peer.endpoint === '' ? [] : [`Endpoint = ${peer.endpoint}`]),
    `PersistentKeepalive = ${peer.keepaliveSeconds === 0 ? 'off' : peer.keepaliveSeconds}`,
    '',
  ].join('\n')).join('\n');
}

function count(text: string): bigint {
  return /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
}
