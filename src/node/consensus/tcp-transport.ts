import { type Cancel, type Clock } from '../../base/clock.ts';
import { splitHostPort } from '../../base/ip.ts';
import { type Log } from '../../base/log.ts';
import { type NodeId, type Unanswered } from '../../raft/types.ts';
import { type Sockets } from '../ports.ts';
import { type AnswerMessage, type RequestMessage } from './codec.ts';
import { serveInbound } from './inbound.ts';
import { keepListeners } from './listeners.ts';
import { openPeer, type Peer } from './outbound.ts';
import { type Transport, type TransportEvents, type TransportIdentity } from './transport.ts';

export interface TransportPorts {
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly log: Log;
}

/** The transport over TCP, or over TLS when the sockets speak it. See Transport for what it promises. */
export function createTransport(identity: TransportIdentity, { sockets, clock, log }: TransportPorts, events: TransportEvents): Transport {
  const peers = new Map<NodeId, Peer>();
  let addresses: ReadonlyMap<NodeId, string> = new Map();
  const pending = new Set<Cancel>();
  let closed = false;

  const idOf = (address: string): NodeId | undefined => [...addresses].find(([, known]) => known === address)?.[0];
  const inbound = serveInbound({ clock, log }, identity, idOf, { receive: (message, bytes) => closed || events.receive(message, bytes) });
  const listeners = keepListeners(sockets, clock, inbound.accept);
  const lanePorts = { sockets, clock, log, address: identity.address, events: { receive: events.receive, unanswered } };

  /** In a later turn, so that nobody who sends in answer to it spins. */
  function unanswered(request: RequestMessage): void {
    if (closed) return;
    const told: Unanswered = { to: request.to, kind: request.kind, requestTerm: request.term };
    const stop = clock.after(1, () => {
      pending.delete(stop);
      events.unanswered(told);
    });
    pending.add(stop);
  }

  function peerOf(id: NodeId): Peer | undefined {
    const known = peers.get(id);
    const address = addresses.get(id);
    const target = address === undefined ? undefined : splitHostPort(address);
    if (identity.cutOff?.(id)) return undefined;
    if (known || address === undefined || !target) return known;
    const peer = openPeer(address, target.host, target.port, { ...lanePorts, expectId: id, trusts: (proof) => identity.trusts?.(id, proof) ?? true });
    peers.set(id, peer);
    return peer;
  }

  return {
    listen: listeners.set,
    listening: listeners.bound,
    setConfiguration: ({ servers }) => {
      addresses = new Map(servers.filter((s) => s.id !== identity.id).map((s) => [s.id, s.address]));
      for (const [id, peer] of peers) {
        if (addresses.get(id) === peer.address) continue;
        peers.delete(id);
        peer.close();
      }
    },
    send: (message, bytes) => {
      if (closed) return;
      if (!isRequest(message)) {
        if (!inbound.answer(message)) log.debug('answer-dropped', { kind: message.kind, to: message.to });
      } else if (!peerOf(message.to)?.send(message, bytes)) unanswered(message);
    },
    recheck: () => {
      for (const [id, peer] of peers) {
        if (!identity.cutOff?.(id)) continue;
        peers.delete(id);
        peer.close();
      }
      inbound.recheck();
    },
    close: () => {
      closed = true;
      listeners.close();
      inbound.close();
      for (const peer of peers.values()) peer.close();
      for (const stop of pending) stop();
    },
  };
}

function isRequest(message: RequestMessage | AnswerMessage): message is RequestMessage {
  return message.kind === 'append' || message.kind === 'heartbeat' || message.kind === 'vote' || message.kind === 'snapshot' || message.kind === 'timeout-now';
}
