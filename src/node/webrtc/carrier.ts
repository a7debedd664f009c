import { isAbort } from '../../base/abort.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { type Ip } from '../../base/ip.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type Proposal } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import {
  type Carrier, type CarrierAttempt, type CarrierEnd, CarrierError, type CarrierKind, type CarrierPeer, type DataChannel, type LoopbackPorts, type PeerConnection,
  type PeerConnections,
} from '../path-ports.ts';
import { batchMax, createBatchWriter, readBatch } from './batch.ts';
import { candidatesMax, readCandidate } from './candidate.ts';
import { openFlow } from './client-flow.ts';
import { readDescription, writeDescription } from './description.ts';
import { type Target } from './destinations.ts';
import { up } from './dial.ts';
import { lateBytes } from './flow.ts';
import { type Link } from './link.ts';

export interface ChannelCarrierPorts {
  readonly connections: PeerConnections;
  readonly loopback: LoopbackPorts;
  readonly hosts: () => readonly string[];
  readonly mayTry: (ip: Ip) => boolean;
  readonly stun: () => readonly string[];
  /** The tunnel port that a node keeps in the mesh's state. */
  readonly wireguardPortOf: (id: string) => number;
  readonly dial: (far: string, target: Target, signal: AbortSignal) => Promise<Link>;
  /** Runs something when what is at hand was done: what is handed over until then goes into one message. */
  readonly defer: (run: () => void) => void;
  readonly clock: Clock;
}

/** Both ends make it with this number, and put several datagrams into a message. Another framing will have another number. */
const batched = { label: 'WEBMESH', id: 1, protocol: 'webmesh-datagrams-1' } as const;
/** Older packets are not sent again: the tunnel's own traffic knows better what it misses. */
const lifetimeMs = 200;
const gatherMs = { alone: 60, asking: 600, step: 20 } as const;
const answererDelayMs = 60;
/** What one look at the tunnel's socket may bring. */
const queueMax = 8 * batchMax;
const queueBytesMax = 256 << 10;

/**
 * WireGuard's datagrams on a data channel: negotiated by the peers' proposals between nodes of ours; to any other node through its own API, as a
 * client that asks for its tunnel port. The channel brings a congestion control of its own, which is slow where packets get lost: a place to begin.
 */
export function channelCarrier(ports: ChannelCarrierPorts): CarrierKind {
  return {
    tier: 'channel',
    begin: async (peer, role, theirs, signal) => {
      if (role === 'offering' && peer.nat === null) return asClient(peer, ports);
      return role === 'offering' ? offering(peer, ports, signal) : answering(peer, theirs, ports, signal);
    },
  };
}

async function offering(peer: CarrierPeer, ports: ChannelCarrierPorts, signal: AbortSignal): Promise<CarrierAttempt> {
  const { connection, channel } = made(ports);
  const candidates = collect(connection);
  const description = writeDescription(await connection.offer());
  await gathered(candidates, ports, signal);
  return {
    mine: { description, candidates },
    cancel: connection.close,
    proceed: (theirs, ending) => finishing(connection, async () => {
      const answer = theirs && readDescription(theirs.description, 'answer');
      if (!answer) throw new CarrierError('carrier-failed', 'the answer cannot be used');
      connection.accept(answer.description);
      takeAll(connection, [...answer.candidates, ...theirs.candidates], ports);
      await up(connection, channel.opened, ports.clock, ending);
      return carrying(peer, connection, channel, ports);
    }),
  };
}

async function answering(peer: CarrierPeer, theirs: Proposal | null, ports: ChannelCarrierPorts, signal: AbortSignal): Promise<CarrierAttempt> {
  const offer = theirs && readDescription(theirs.description, 'offer');
  if (!offer) throw new CarrierError('carrier-failed', 'the offer cannot be used');
  const { connection, channel } = made(ports);
  const candidates = collect(connection);
  const description = writeDescription(await connection.answer(offer.description));
  await gathered(candidates, ports, signal);
  return {
    mine: { description, candidates },
    cancel: connection.close,
    proceed: (_, ending) => finishing(connection, async () => {
      // Checks that come before the offerer has our answer spoil its first handshake.
      await sleep(ports.clock, answererDelayMs, ending);
      takeAll(connection, [...offer.candidates, ...theirs.candidates], ports);
      await up(connection, channel.opened, ports.clock, ending);
      return carrying(peer, connection, channel, ports);
    }),
  };
}

/** To a node that may know nothing of us: its far end dials its own tunnel. One datagram a message. */
function asClient(peer: CarrierPeer, ports: ChannelCarrierPorts): CarrierAttempt {
  const cancelled = new AbortController();
  return {
    mine: null,
    cancel: () => cancelled.abort(new CarrierError('carrier-failed', 'not wanted any more')),
    proceed: async (_, signal) => {
      const target: Target = { protocol: 'udp', host: '127.0.0.1', port: ports.wireguardPortOf(peer.id) };
      const link = await ports.dial(peer.id, target, AbortSignal.any([signal, cancelled.signal])).catch((error: unknown) => {
        signal.throwIfAborted();
        throw asCarrierError(error);
      });
      return throughFlow(peer, link, target, ports);
    },
  };
}

function made({ connections, hosts, stun }: ChannelCarrierPorts): { readonly connection: PeerConnection; readonly channel: DataChannel } {
  try {
    const connection = connections.create({ iceServers: stun(), hosts: hosts() });
    return { connection, channel: connection.createChannel(batched.label, { id: batched.id, protocol: batched.protocol, lossy: { lifetimeMs } }) };
  } catch (error) {
    throw new CarrierError('carrier-failed', 'this machine cannot make peer connections', error);
  }
}

function collect(connection: PeerConnection): string[] {
  const candidates: string[] = [];
  connection.onCandidate((candidate) => {
    if (candidates.length < candidatesMax) candidates.push(candidate);
  });
  return candidates;
}

/** Own addresses are there at once; what STUN servers saw is waited for a little. */
async function gathered(candidates: readonly string[], { clock, stun }: ChannelCarrierPorts, signal: AbortSignal): Promise<void> {
  const most = stun().length > 0 ? gatherMs.asking : gatherMs.alone;
  const seen = (): boolean => candidates.some((candidate) => candidate.includes(' typ srflx'));
  for (let waited = 0; waited < most && !seen(); waited += gatherMs.step) await sleep(clock, gatherMs.step, signal);
}

function takeAll(connection: PeerConnection, candidates: readonly string[], { hosts, mayTry }: ChannelCarrierPorts): void {
  for (const text of candidates.slice(0, candidatesMax)) {
    const heard = readCandidate(text, { hosts: hosts(), mayTry });
    if (heard.kind === 'use') connection.addCandidate(heard.text);
  }
}

async function finishing(connection: PeerConnection, work: () => Promise<Carrier>): Promise<Carrier> {
  try {
    return await work();
  } catch (error) {
    connection.close();
    throw isAbort(error) ? error : asCarrierError(error);
  }
}

function asCarrierError(error: unknown): CarrierError {
  if (error instanceof CarrierError) return error;
  const problem = error instanceof Error ? error.message : String(error);
  if (error instanceof RpcError && error.code === status.unimplemented) return new CarrierError('peer-cannot', problem, error);
  return new CarrierError(error instanceof RpcError && error.code === status.permissionDenied ? 'refused-there' : 'carrier-failed', problem, error);
}

/** How datagrams leave. */
interface Way {
  /** Does not keep the bytes. False: dropped. */
  send(datagram: Uint8Array): boolean;
  close(): void;
}

interface Counted {
  sentBytes: number;
  receivedBytes: number;
  droppedDatagrams: number;
}

async function carrying(peer: CarrierPeer, connection: PeerConnection, channel: DataChannel, ports: ChannelCarrierPorts): Promise<Carrier> {
  const pair = connection.pair();
  return carrierOf(peer, pair, ports, (deliver, end, counted) => {
    const waiting = createBatchWriter({ datagramsMax: queueMax, bytesMax: queueBytesMax });
    let closed = false;
    channel.onMessage((message) => {
      for (const datagram of readBatch(message) ?? []) deliver(datagram);
    });
    void channel.closed.then(() => end('the channel ended'));
    connection.state.subscribe((state) => {
      if (state === 'failed' || state === 'closed') end('the peer connection ended');
    });
    const flush = (): void => {
      if (closed) return;
      const late = channel.buffered() > lateBytes;
      if (late) counted.droppedDatagrams += waiting.datagrams;
      else counted.sentBytes += waiting.bytes;
      waiting.flush((message) => {
        if (!late) channel.send(message);
      });
    };
    return {
      send: (datagram) => {
        if (!waiting.add(datagram)) return false;
        if (waiting.datagrams === 1) ports.defer(flush);
        return true;
      },
      close: () => {
        closed = true;
        connection.close();
      },
    };
  });
}

async function throughFlow(peer: CarrierPeer, link: Link, target: Target, ports: ChannelCarrierPorts): Promise<Carrier> {
  return carrierOf(peer, link.pair(), ports, (deliver, end, counted) => {
    const datagrams = openFlow(link, target, ports.clock, { receive: deliver, refused: end, closed: () => end('the channel ended') });
    if (!datagrams) throw new CarrierError('carrier-failed', 'the connection takes no more streams');
    const send = (datagram: Uint8Array): boolean => {
      const sent = datagrams.send(datagram);
      if (sent) counted.sentBytes += datagram.length;
      return sent;
    };
    return { send, close: link.close };
  });
}

type OpenWay = (deliver: (datagram: Uint8Array) => void, end: (problem: string) => void, counted: Counted) => Way;

async function carrierOf(peer: CarrierPeer, pair: ReturnType<PeerConnection['pair']>, { loopback }: ChannelCarrierPorts, open: OpenWay): Promise<Carrier> {
  const ended = Promise.withResolvers<CarrierEnd>();
  const counted: Counted = { sentBytes: 0, receivedBytes: 0, droppedDatagrams: 0 };
  let closed = false;
  let way: Way | undefined;
  const port = await loopback.open(peer.wireguardPort, (datagram) => {
    if (!way?.send(datagram)) counted.droppedDatagrams++;
  });
  const end = (problem: string): void => {
    if (closed) return;
    closed = true;
    port.close();
    way?.close();
    ended.resolve({ code: 'carrier-failed', problem });
  };
  try {
    way = open((datagram) => {
      counted.receivedBytes += datagram.length;
      port.deliver(datagram);
    }, end, counted);
  } catch (error) {
    port.close();
    throw error;
  }
  return {
    tier: 'channel', localEndpoint: port.endpoint, via: pair?.via ?? '', remote: pair?.remote ?? '',
    counters: () => ({ ...counted }),
    ended: ended.promise,
    close: () => end('closed'),
  };
}
