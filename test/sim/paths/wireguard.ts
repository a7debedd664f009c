import { type Cancel, type Clock } from '../../../src/base/clock.ts';

/**
 * WireGuard as far as paths meet it: one endpoint a peer, roaming to whoever sends authenticated packets, an initiation that is repeated only
 * after 5 s, a responder that speaks only after it was spoken to, sessions of 180 s, keepalive of 25 s.
 */
export type Packet =
  | { readonly kind: 'init'; readonly from: string; readonly handshake: number; readonly stampMs: number }
  | { readonly kind: 'response'; readonly from: string; readonly handshake: number }
  | { readonly kind: 'data'; readonly session: number; readonly payload: Payload | null };

export interface Payload {
  readonly kind: 'request' | 'reply';
  readonly id: number;
  readonly body: unknown;
  readonly bytes: number;
  readonly cancelled?: () => boolean;
}

export interface WgPeer {
  readonly key: string;
  endpoint: string;
  session: { readonly id: number; readonly atMs: number; readonly mine: boolean } | null;
  previous: number | null;
  next: number | null;
  pending: number | null;
  lastInitMs: number;
  inits: number;
  handshakeMs: number | null;
  receivedBytes: number;
  sentBytes: number;
  lastHeardMs: number;
  lastSentMs: number;
  stampMs: number;
  queue: Payload[];
  readonly life: { over: boolean };
}

const rekeyTimeoutMs = 5_000;
const rekeyAfterMs = 120_000;
const rejectAfterMs = 180_000;
const keepaliveMs = 25_000;

export interface WireguardPorts {
  readonly clock: Clock;
  readonly send: (endpoint: string, packet: Packet) => void;
  readonly deliver: (key: string, payload: Payload) => void;
  readonly key: string;
  readonly number: () => number;
}

export class Wireguard {
  readonly peers = new Map<string, WgPeer>();
  readonly #ports: WireguardPorts;

  constructor(ports: WireguardPorts) {
    this.#ports = ports;
  }

  /** Adds the peer, or makes it anew: with a keepalive set, it shakes hands at once. */
  add(key: string, endpoint: string): void {
    const old = this.peers.get(key);
    if (old) old.life.over = true;
    const peer: WgPeer = {
      key, endpoint, session: null, previous: null, next: null, pending: null, lastInitMs: Number.NEGATIVE_INFINITY, inits: 0, handshakeMs: null,
      receivedBytes: 0, sentBytes: 0, lastHeardMs: this.#ports.clock.nowMs(), lastSentMs: 0, stampMs: -1, queue: [], life: { over: false },
    };
    this.peers.set(key, peer);
    this.#keepalive(peer);
    if (endpoint !== '') this.#initiate(peer);
  }

  remove(key: string): void {
    const peer = this.peers.get(key);
    if (peer) peer.life.over = true;
    this.peers.delete(key);
  }

  setEndpoint(key: string, endpoint: string): void {
    const peer = this.peers.get(key);
    if (peer) peer.endpoint = endpoint;
  }

  send(key: string, payload: Payload): void {
    const peer = this.peers.get(key);
    if (peer) this.#transmit(peer, payload);
  }

  receive(packet: Packet, from: string): void {
    switch (packet.kind) {
      case 'init': return this.#initiated(packet, from);
      case 'response': return this.#responded(packet, from);
      case 'data': return this.#data(packet, from);
    }
  }

  #now(): number {
    return this.#ports.clock.nowMs();
  }

  #transmit(peer: WgPeer, payload: Payload | null): void {
    const { session } = peer;
    const nowMs = this.#now();
    if (!session || nowMs - session.atMs > rejectAfterMs) {
      if (payload && peer.queue.length < 8) peer.queue.push(payload);
      return this.#initiate(peer);
    }
    if (session.mine && nowMs - session.atMs > rekeyAfterMs) this.#initiate(peer);
    if (payload && nowMs - peer.lastHeardMs > 15_000) this.#initiate(peer);
    peer.sentBytes += payload?.bytes ?? 32;
    peer.lastSentMs = nowMs;
    if (peer.endpoint !== '') this.#ports.send(peer.endpoint, { kind: 'data', session: session.id, payload });
  }

  #initiate(peer: WgPeer): void {
    const nowMs = this.#now();
    if (peer.endpoint === '' || nowMs - peer.lastInitMs < rekeyTimeoutMs) return;
    peer.lastInitMs = nowMs;
    const handshake = this.#ports.number();
    peer.pending = handshake;
    peer.sentBytes += 148;
    this.#ports.send(peer.endpoint, { kind: 'init', from: this.#ports.key, handshake, stampMs: nowMs });
    this.#ports.clock.after(rekeyTimeoutMs + 10, () => {
      if (!peer.life.over && peer.pending === handshake && peer.inits++ < 18) this.#initiate(peer);
    });
  }

  #initiated({ from: key, handshake, stampMs }: Extract<Packet, { kind: 'init' }>, from: string): void {
    const peer = this.peers.get(key);
    // A copy of an old initiation (paper, section 5.1).
    if (!peer || stampMs <= peer.stampMs) return;
    peer.stampMs = stampMs;
    peer.endpoint = from;
    peer.next = handshake;
    peer.receivedBytes += 148;
    peer.sentBytes += 92;
    this.#ports.send(from, { kind: 'response', from: this.#ports.key, handshake });
  }

  #responded({ from: key, handshake }: Extract<Packet, { kind: 'response' }>, from: string): void {
    const peer = this.peers.get(key);
    if (!peer || peer.pending !== handshake) return;
    peer.pending = null;
    peer.receivedBytes += 92;
    this.#begin(peer, handshake, true, from);
  }

  #data({ session, payload }: Extract<Packet, { kind: 'data' }>, from: string): void {
    const peer = [...this.peers.values()].find((one) => one.session?.id === session || one.previous === session || one.next === session);
    if (!peer) return;
    peer.receivedBytes += payload?.bytes ?? 32;
    if (peer.next === session) this.#begin(peer, session, false, from);
    peer.endpoint = from;
    peer.lastHeardMs = this.#now();
    if (payload) this.#ports.deliver(peer.key, payload);
  }

  #begin(peer: WgPeer, id: number, mine: boolean, from: string): void {
    peer.previous = peer.session?.id ?? null;
    peer.session = { id, atMs: this.#now(), mine };
    if (peer.next === id) peer.next = null;
    peer.endpoint = from;
    peer.handshakeMs = this.#now();
    peer.lastHeardMs = this.#now();
    peer.inits = 0;
    const waiting = peer.queue.splice(0);
    if (waiting.length === 0) this.#transmit(peer, null);
    for (const payload of waiting) this.#transmit(peer, payload);
  }

  #keepalive(peer: WgPeer): void {
    let stop: Cancel = () => {};
    const look = (): void => {
      if (peer.life.over) return stop();
      if (this.#now() - peer.lastSentMs >= keepaliveMs - 10) this.#transmit(peer, null);
      stop = this.#ports.clock.after(keepaliveMs, look);
    };
    stop = this.#ports.clock.after(keepaliveMs, look);
  }
}
