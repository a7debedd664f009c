import { type Socket as DatagramSocket } from 'node:dgram';
import { type Cancel, type Clock } from '../base/clock.ts';
import { type TurnServerOptions } from '../node/path-ports.ts';
import { classify, shortChallenge } from './turn-frames.ts';
import { Session, Socket, wire } from './turn-library.ts';
import { meter, sourceMeters, sourceOf } from './turn-server-meter.ts';

/** The other end of one conversation with the server. */
export interface TurnRemote {
  /** Names the conversation: transport, both addresses, both ports. */
  readonly key: string;
  readonly ip: string;
  readonly port: number;
  /** Spoofing is possible: answers to strangers are kept short. */
  readonly datagrams: boolean;
  /** False: dropped, the other end does not take it. */
  send(bytes: Buffer): boolean;
}

/**
 * What stands between the sockets and the library, which trusts its clients: it keeps strangers few, short-lived and short of answers, lets only
 * the methods of RFC 8656 over UDP through, and asks for each peer and each datagram.
 */
export interface TurnFront {
  receive(bytes: Buffer, remote: TurnRemote): void;
  /** True once the conversation has an allocation. */
  allocated(key: string): boolean;
  /** The conversation is over. */
  forget(key: string): void;
  recheck(): void;
  stats(): { readonly allocations: number; readonly relayedBytes: number; readonly refused: number };
  close(): void;
}

export const turnLimits = {
  /** Conversations with nobody proven; the oldest makes room. One source has at most so many. */
  strangersMax: 1_024, strangersPerSourceMax: 32,
  /** Proven without an allocation, or stranger: forgotten after so long. */
  idleMs: 10_000,
  bindingsPerSecond: 5_000, strangersPerSecond: 1_000, perSourcePerSecond: 20, perSourceBurst: 100,
  requestsPerSecond: 50, permissionsMax: 64, lifetimeMaxSeconds: 1_200,
} as const;

const sweepMs = 5_000;
const relayBufferBytes = 4 << 20;
const verdictsMax = 256;
/** An answer to somebody unproven is at most so many times as long as the question: what is sent to a forged address is worth nothing. */
const amplificationMax = 3;

interface Client {
  readonly remote: TurnRemote;
  readonly source: string;
  readonly socket: Socket;
  readonly mayAsk: { take(nowMs: number): boolean };
  readonly verdicts: Map<string, boolean>;
  /** Without its end; null while unproven. */
  user: string | null;
  /** `allocating`: the library loses a socket when it is asked for anything else meanwhile. */
  phase: 'none' | 'allocating' | 'allocated';
  relayed: string;
  seenMs: number;
  replyBytes: number;
  lastRequest: Buffer;
  closed: boolean;
}

interface Peer {
  readonly ip: string;
  readonly port: number;
}
type Verdict = (allowed: boolean) => void;

export function createTurnFront(options: TurnServerOptions, clock: Clock): TurnFront {
  const { realm, secret, external, take, mayRelayTo } = options;
  const clients = new Map<string, Client>();
  const strangers = new Map<string, Client>();
  const perSource = new Map<string, number>();
  const relayed = new Set<string>();
  const askedBy = sourceMeters(turnLimits.perSourcePerSecond, turnLimits.perSourceBurst);
  const bindings = meter(turnLimits.bindingsPerSecond, turnLimits.bindingsPerSecond);
  const unproven = meter(turnLimits.strangersPerSecond, turnLimits.strangersPerSecond);
  let relayedBytes = 0;
  let refused = 0;
  let cancelSweep: Cancel = () => {};

  const refuse = (): false => {
    refused += 1;
    return false;
  };

  function receive(bytes: Buffer, remote: TurnRemote): void {
    const kind = classify(bytes);
    if (kind === null) return void refuse();
    const client = clients.get(remote.key);
    if (kind === 'data') {
      if (client?.phase === 'allocated') client.socket.feed(bytes);
      else refuse();
      return;
    }
    const nowMs = clock.monotonicMs();
    if (client?.user === null || client === undefined) {
      const common = kind === 'binding' ? bindings : unproven;
      if (!askedBy(sourceOf(remote.ip), nowMs) || !common.take(nowMs)) return void refuse();
    } else if (!client.mayAsk.take(nowMs)) return void refuse();
    if (kind === 'binding') return answerBinding(bytes, remote);
    request(bytes, client ?? open(remote, nowMs), nowMs);
  }

  function answerBinding(bytes: Buffer, remote: TurnRemote): void {
    const session = new Session({ isServer: true, authMech: 'none', source: { ip: remote.ip, port: remote.port } });
    session.on('error', () => refuse());
    session.on('message', (answer: Uint8Array) => {
      if (!remote.datagrams || answer.length <= bytes.length * amplificationMax) remote.send(wire.to_buffer(answer));
      else refuse();
    });
    session.message(bytes);
  }

  function request(bytes: Buffer, client: Client | null, nowMs: number): void {
    if (client === null || client.phase === 'allocating') return void refuse();
    client.seenMs = nowMs;
    client.replyBytes = bytes.length * amplificationMax;
    // The library takes the same transaction for the same request. libjuice keeps it when it comes back with its name, and would get the old refusal.
    if (!bytes.equals(client.lastRequest)) client.socket.getSession().context['lastTransactionId'] = null;
    client.lastRequest = Buffer.from(bytes);
    client.socket.feed(bytes);
  }

  function open(remote: TurnRemote, nowMs: number): Client | null {
    const source = sourceOf(remote.ip);
    if ((perSource.get(source) ?? 0) >= turnLimits.strangersPerSourceMax) return null;
    const [oldest] = strangers.values();
    if (strangers.size >= turnLimits.strangersMax && oldest) end(oldest);
    const client = connected(remote, source, nowMs);
    clients.set(remote.key, client);
    strangers.set(remote.key, client);
    perSource.set(source, (perSource.get(source) ?? 0) + 1);
    return client;
  }

  function connected(remote: TurnRemote, source: string, nowMs: number): Client {
    const settings = {
      isServer: true, source: { ip: remote.ip, port: remote.port }, authMech: 'long-term' as const, realm, secret,
      // Looked up by name before the secret is: an ordinary object would let `constructor` in, whose password everybody knows.
      credentials: Object.create(null) as Record<string, string>,
      relayIp: '0.0.0.0', externalIp: external.ipv4, maxAllocateLifetime: turnLimits.lifetimeMaxSeconds, defaultAllocateLifetime: 600,
      // Which peers may be reached is asked of `mayRelayTo` alone: the library's own list has gaps (a channel is not asked for).
      allowLoopback: true, relayCallback: relayConfig, send: (bytes: Uint8Array) => answer(client, wire.to_buffer(bytes)),
    };
    const socket = new Socket(settings as ConstructorParameters<typeof Socket>[0]);
    const client: Client = {
      remote, source, socket, mayAsk: meter(turnLimits.requestsPerSecond, turnLimits.requestsPerSecond * 2), verdicts: new Map(),
      user: null, phase: 'none', relayed: '', seenMs: nowMs, replyBytes: 0, lastRequest: Buffer.alloc(0), closed: false,
    };
    watch(client);
    return client;
  }

  function relayConfig({ requestedFamily }: { requestedFamily: number | null }, choose: (config: object) => void): void {
    const [first, last] = options.relayPorts;
    const ipv6 = requestedFamily === wire.FAMILY.IPV6;
    // The library never picks the last one.
    choose({ ip: ipv6 ? '::' : '0.0.0.0', externalIp: ipv6 ? external.ipv6 : external.ipv4, portRange: [first, last + 1] });
  }

  function answer(client: Client, bytes: Buffer): void {
    if (client.user !== null || !client.remote.datagrams) return void client.remote.send(bytes);
    const short = shortened(bytes);
    if (short.length > client.replyBytes) return void refuse();
    client.replyBytes -= short.length;
    client.remote.send(short);
  }

  /** Every decision of the library that is ours. Each hook is told its verdict at once. */
  function watch(client: Client): void {
    const { socket } = client;
    const session = socket.getSession();
    socket.on('error', () => refuse());
    session.on('authorize', ({ username }: { username: string | null }, verdict: Verdict) => verdict(prove(client, username)));
    session.on('quota', (_username: string, verdict: Verdict) => verdict(hasRoom(client) || refuse()));
    session.on('beforeAllocate', (wanted: Wanted, verdict: Verdict) => {
      const served = mayAllocate(wanted);
      if (served) client.phase = 'allocating';
      verdict(served || refuse());
    });
    session.on('beforeConnect', (_info: object, verdict: Verdict) => verdict(refuse()));
    session.on('beforePermission', ({ peer }: { peer: Peer }, verdict: Verdict) => verdict((mayPermit(peer.ip) && holdsFew(session.getAllocation())) || refuse()));
    session.on('beforeChannelBind', ({ peer }: { peer: Peer }, verdict: Verdict) => verdict((mayReach(client, peer) && holdsFew(session.getAllocation())) || refuse()));
    session.on('beforeRelay', ({ peer, size }: { peer: Peer; size: number }, verdict: Verdict) => verdict((mayReach(client, peer) && relay(client, size)) || refuse()));
    socket.on('beforeData', ({ size }: { size: number }, verdict: Verdict) => verdict(relay(client, size) || refuse()));
    socket.on('allocate', (allocation: { relayAddress: Peer }) => allocatedBy(client, allocation.relayAddress));
    socket.on('allocate:expired', () => ended(client));
  }

  function prove(client: Client, username: string | null): boolean {
    const user = (username ?? '').slice((username ?? '').indexOf(':') + 1);
    if (!options.mayUse(user)) return refuse();
    if (client.user === null) leaveStrangers(client);
    client.user = user;
    return true;
  }

  function hasRoom({ user }: Client): boolean {
    const busy = [...clients.values()].filter(({ phase }) => phase !== 'none');
    return busy.length < options.allocationsMax && busy.filter((each) => each.user === user).length < options.allocationsPerUserMax;
  }

  /** Reserved ports would outlive the allocation that reserved them; TCP relays dial. Neither is needed for datagrams. */
  function mayAllocate({ transport, requestedFamily, evenPort, reservationToken }: Wanted): boolean {
    const address = requestedFamily === wire.FAMILY.IPV6 ? external.ipv6 : external.ipv4;
    return transport === wire.TRANSPORT.UDP && evenPort?.reserve !== true && reservationToken === null && address !== null;
  }

  /** A permission is for every port of an address; what may be reached at our own is asked for each datagram. */
  function mayPermit(ip: string): boolean {
    return ip === external.ipv4 || ip === external.ipv6 || mayRelayTo(ip, 0);
  }

  function mayReach({ verdicts, relayed: own }: Client, { ip, port }: Peer): boolean {
    if (port === 0 || ip.includes(':') !== own.includes(':')) return false;
    const name = `${ip} ${port}`;
    if (relayed.has(name)) return true;
    const known = verdicts.get(name);
    if (known !== undefined) return known;
    const fresh = mayRelayTo(ip, port);
    if (verdicts.size >= verdictsMax) verdicts.clear();
    verdicts.set(name, fresh);
    return fresh;
  }

  function relay({ user }: Client, bytes: number): boolean {
    if (!take(bytes, user ?? '')) return false;
    relayedBytes += bytes;
    return true;
  }

  function allocatedBy(client: Client, { ip, port }: Peer): void {
    const relaySocket = client.socket.context['relaySocket'] as DatagramSocket | null;
    // It was closed while the port was being bound: the library would keep the socket.
    if (client.closed) return void relaySocket?.close();
    client.phase = 'allocated';
    client.relayed = `${ip} ${port}`;
    relayed.add(client.relayed);
    try {
      relaySocket?.setRecvBufferSize(relayBufferBytes);
      relaySocket?.setSendBufferSize(relayBufferBytes);
    } catch {
      // The system's own size will do.
    }
  }

  function ended(client: Client): void {
    relayed.delete(client.relayed);
    client.relayed = '';
    client.phase = 'none';
    client.seenMs = clock.monotonicMs();
  }

  function leaveStrangers({ remote, source }: Client): void {
    if (!strangers.delete(remote.key)) return;
    const left = (perSource.get(source) ?? 1) - 1;
    if (left > 0) perSource.set(source, left);
    else perSource.delete(source);
  }

  function end(client: Client): void {
    client.closed = true;
    clients.delete(client.remote.key);
    leaveStrangers(client);
    client.socket.close();
    ended(client);
  }

  function sweep(): void {
    const nowMs = clock.monotonicMs();
    for (const client of [...clients.values()]) {
      client.verdicts.clear();
      if (client.phase === 'none' && nowMs - client.seenMs > turnLimits.idleMs) end(client);
    }
    cancelSweep = clock.after(sweepMs, sweep);
  }

  cancelSweep = clock.after(sweepMs, sweep);
  return {
    receive,
    allocated: (key) => clients.get(key)?.phase === 'allocated',
    forget: (key) => {
      const client = clients.get(key);
      if (client) end(client);
    },
    recheck: () => {
      for (const client of [...clients.values()]) if (client.user !== null && !options.mayUse(client.user)) end(client);
    },
    stats: () => ({ allocations: relayed.size, relayedBytes, refused }),
    close: () => {
      cancelSweep();
      for (const client of [...clients.values()]) end(client);
    },
  };
}

interface Wanted {
  readonly transport: number;
  readonly requestedFamily: number | null;
  readonly evenPort: { readonly reserve: boolean } | null;
  readonly reservationToken: unknown;
}

interface Held {
  readonly permissions: Record<string, number>;
  readonly channels: Record<string, { readonly expiresAt: number }>;
}

/** Forgets permissions and channels that are over, which the library does only when they are asked for, and tells whether there is room for more. */
function holdsFew(allocation: object | null): boolean {
  const { permissions, channels } = (allocation ?? { permissions: {}, channels: {} }) as Held;
  const nowMs = Date.now();
  for (const [ip, endsMs] of Object.entries(permissions)) if (endsMs < nowMs) delete permissions[ip];
  for (const [number, { expiresAt }] of Object.entries(channels)) if (expiresAt < nowMs) delete channels[number];
  return Math.max(Object.keys(permissions).length, Object.keys(channels).length) < turnLimits.permissionsMax;
}

function shortened(bytes: Buffer): Buffer {
  const short = shortChallenge(bytes);
  if (short === null) return bytes;
  const { method, cls } = typeOf(short.type);
  const { buf } = wire.encode_message({ method, cls, transactionId: short.transactionId, attributes: [...short.attributes], fingerprint: short.fingerprint });
  return wire.to_buffer(buf);
}

/** RFC 8489 section 5: the bits of method and class lie between each other. */
function typeOf(type: number): { readonly method: number; readonly cls: number } {
  return { method: (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2), cls: type & 0x0110 };
}
