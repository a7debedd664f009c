import { type Clock } from '../../base/clock.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { PathServiceService } from '../../gen/webmesh/paths/v1/paths.ts';
import { type Proposal, RelayRequest, RelayResponse } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type Carrier, type CarrierAttempt, type CarrierCounters, type CarrierEnd, CarrierError, type CarrierKind, type CarrierPeer, type LoopbackPort, type LoopbackPorts } from '../path-ports.ts';
import { type RemoteCaller, type RemoteStream } from '../ports.ts';
import { createDatagramQueue, datagramsOf } from './datagram-queue.ts';
import { type StreamSwitch } from './stream-switch.ts';

/** A node whose Relay this machine can call. */
export interface StreamRelay {
  readonly nodeId: string;
  /** host:port of its API: inside the mesh where a tunnel reaches it without this very path, else the public one. */
  readonly address: string;
  /** Null: not measured. */
  readonly roundTripMs: number | null;
}

export interface StreamCarrierPorts {
  readonly nodeId: string;
  readonly remote: Pick<RemoteCaller, 'duplex'>;
  readonly loopback: LoopbackPorts;
  /** Nodes that serve, in any order; the peer itself among them where it does. */
  readonly relays: () => readonly StreamRelay[];
  /** This node's own switch, where it serves others; null where nobody can call it. */
  readonly own: Pick<StreamSwitch, 'arrived'> | null;
  readonly clock: Clock;
  /** See StreamSwitchPorts. */
  readonly defer: (run: () => void) => void;
}

const readyMs = 8_000;

/**
 * Datagrams on a gRPC stream to a node that passes them on: the last resort, where UDP is blocked. A stream delivers everything in order, so one
 * lost packet holds up all behind it, and WireGuard's own traffic above it repeats what the stream repeats already; but it passes wherever the
 * mesh's API passes.
 */
export function streamCarrier(ports: StreamCarrierPorts): CarrierKind {
  return {
    tier: 'stream',
    begin: async (peer, role, theirs) => {
      const relayNode = chosen(peer, theirs, ports);
      if (relayNode === null) throw new CarrierError('no-relay', 'no member that relays can be reached from here');
      return attemptOf(relayNode, role, peer, ports);
    },
  };
}

function attemptOf(mine: string, role: 'offering' | 'answering', peer: CarrierPeer, ports: StreamCarrierPorts): CarrierAttempt {
  const cancelled = new AbortController();
  return {
    mine: { relayNode: mine },
    cancel: () => cancelled.abort(new CarrierError('carrier-failed', 'not wanted any more')),
    proceed: async (theirs, signal) => {
      // The answer decides: who answered may not reach the one that was offered.
      const relayNode = (role === 'offering' && theirs?.relayNode) || mine;
      const ending = AbortSignal.any([signal, cancelled.signal]);
      if (relayNode === ports.nodeId) return awaited(peer, ending, ports);
      const relay = ports.relays().find(({ nodeId }) => nodeId === relayNode);
      if (relay === undefined) throw new CarrierError('no-relay', 'the member that was chosen cannot be reached from here');
      return opened(relay, peer, ending, ports);
    },
  };
}

/**
 * An end that serves is best, because one hop is missing: this node when it was offered, then the peer. Then what was offered, when it can be
 * reached from here, then the nearest. This node by itself comes last: whether the peer can reach it, the peer's answer says.
 */
function chosen(peer: CarrierPeer, theirs: Proposal | null, { nodeId, own, relays }: StreamCarrierPorts): string | null {
  const known = relays();
  const reaches = (id: string): boolean => known.some((relay) => relay.nodeId === id);
  if (theirs?.relayNode === nodeId && own !== null) return nodeId;
  if (reaches(peer.id)) return peer.id;
  if (theirs?.relayNode && reaches(theirs.relayNode)) return theirs.relayNode;
  const nearest = [...known].sort((a, b) => (a.roundTripMs ?? Infinity) - (b.roundTripMs ?? Infinity) || (a.nodeId < b.nodeId ? -1 : 1))[0];
  return nearest?.nodeId ?? (own !== null && theirs === null ? nodeId : null);
}

/** This node relays for itself: the peer's stream ends at a loopback port, and the tunnel sends there. */
async function awaited(peer: CarrierPeer, signal: AbortSignal, { own, clock }: StreamCarrierPorts): Promise<Carrier> {
  if (own === null) throw new CarrierError('no-relay', 'this node does not relay');
  const late = new AbortController();
  const cancel = clock.after(readyMs, () => late.abort(new CarrierError('no-answer', 'the peer opened no stream in time')));
  try {
    const { localEndpoint, counters, ending, close } = await own.arrived(peer.session, peer.id, AbortSignal.any([signal, late.signal]));
    const ended = Promise.withResolvers<CarrierEnd>();
    const end = (): void => ended.resolve({ code: 'carrier-failed', problem: 'the stream ended' });
    ending.addEventListener('abort', end, { once: true });
    if (ending.aborted) end();
    return { tier: 'stream', localEndpoint, via: peer.id, remote: '', counters, ended: ended.promise, close };
  } finally {
    cancel();
  }
}

async function opened(relay: StreamRelay, peer: CarrierPeer, signal: AbortSignal, ports: StreamCarrierPorts): Promise<Carrier> {
  const living = new AbortController();
  const stream = ports.remote.duplex(relay.address, PathServiceService.relay.path, { metadata: {}, deadlineMs: readyMs, signal: living.signal, expectId: relay.nodeId });
  const messages = stream.messages[Symbol.asyncIterator]();
  const giveUp = (): void => living.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal.aborted) giveUp();
    stream.write(RelayRequest.encode({ open: { to: peer.id, session: Buffer.from(peer.session) }, datagrams: [] }).finish());
    const first = await messages.next();
    if (first.done || !readResponse(first.value).ready) throw new CarrierError('carrier-failed', 'the relay did not begin with its word that both are there');
    return await running(relay, peer, stream, messages, living, ports);
  } catch (error) {
    stream.cancel();
    signal.throwIfAborted();
    throw asCarrierError(error);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function running(relay: StreamRelay, peer: CarrierPeer, stream: RemoteStream, messages: AsyncIterator<Uint8Array>, living: AbortController, ports: StreamCarrierPorts): Promise<Carrier> {
  const queue = createDatagramQueue();
  const ended = Promise.withResolvers<CarrierEnd>();
  const counted = { sentBytes: 0, receivedBytes: 0 };
  let sending = false;
  let closed = false;

  /** Sends all that waits, batch by batch, as fast as the transport takes it. */
  async function flush(): Promise<void> {
    sending = true;
    await new Promise<void>((resolve) => ports.defer(resolve));
    for (let datagrams = queue.batch(); datagrams.length > 0 && !closed; datagrams = queue.batch()) {
      counted.sentBytes += datagrams.reduce((sum, { length }) => sum + length, 0);
      if (!stream.write(RelayRequest.encode({ open: undefined, datagrams: datagrams.map((each) => Buffer.from(each)) }).finish())) await stream.drained();
    }
    sending = false;
  }

  const port: LoopbackPort = await ports.loopback.open(peer.wireguardPort, (datagram) => {
    queue.push(Buffer.from(datagram));
    if (!sending) void flush();
  });
  const close = (end: CarrierEnd): void => {
    if (closed) return;
    closed = true;
    port.close();
    living.abort(new CarrierError(end.code, end.problem));
    ended.resolve(end);
  };

  async function receive(): Promise<void> {
    try {
      for (let step = await messages.next(); !step.done; step = await messages.next()) {
        for (const datagram of readResponse(step.value).datagrams) {
          counted.receivedBytes += datagram.length;
          port.deliver(datagram);
        }
      }
      close({ code: 'carrier-failed', problem: 'the relay ended the stream' });
    } catch (error) {
      const { code, message } = asCarrierError(error);
      close({ code, problem: message });
    }
  }

  void receive();
  return {
    tier: 'stream', localEndpoint: port.endpoint, via: relay.nodeId, remote: relay.address,
    counters: (): CarrierCounters => ({ ...counted, droppedDatagrams: queue.dropped }),
    ended: ended.promise,
    close: () => close({ code: 'carrier-failed', problem: 'closed' }),
  };
}

function readResponse(bytes: Uint8Array): RelayResponse {
  const response = RelayResponse.decode(Buffer.from(bytes));
  if (datagramsOf(response) === undefined) throw new CarrierError('carrier-failed', 'the relay broke the limits of a message');
  return response;
}

function asCarrierError(error: unknown): CarrierError {
  if (error instanceof CarrierError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const full = error instanceof RpcError && error.code === status.resourceExhausted;
  return new CarrierError(full ? 'relay-full' : 'carrier-failed', message, error);
}
