import { abortError } from '../../base/abort.ts';
import { type Clock } from '../../base/clock.ts';
import { joinHostPort } from '../../base/ip.ts';
import { RpcError } from '../../base/rpc.ts';
import { type DataChannel, type ForwardSockets, type PeerConnection } from '../path-ports.ts';
import { channelOf, type Frame, readFrame, writeFrame } from './control.ts';
import { demandDial, type OwnFacts, type Target, targetFromText } from './destinations.ts';
import { flow } from './flow.ts';
import { pipe } from './pipe.ts';

export interface FarPorts {
  readonly sockets: ForwardSockets;
  readonly own: () => OwnFacts;
  readonly clock: Clock;
}

/** The library numbers channels up to here. */
export const channelNumberMax = 1_023;
const streamsMax = 256;
const dialMs = 10_000;
const idleMs = 60_000;
/** Frames of a stream that come while its other side is dialled. */
const earlyMax = 8;
/** Another implementation sends before we heard its announcement: so many channels are there before they are announced. */
const aheadOf = 64;

/**
 * The far node's side of a connection: reads announcements on channel 0 and dials for each. A breach of the protocol there, channel 0's end, an
 * announced number that is 0, in use or beyond the library end the whole connection, as they always did.
 */
export function serveStreams(connection: PeerConnection, control: DataChannel, target: Target, ours: () => boolean, { sockets, own, clock }: FarPorts): void {
  const streams = new Map<number, { hear(frame: Frame): void; close(): void }>();
  const ready = new Map<number, DataChannel>();
  const gone = new AbortController();
  const say = (frame: Frame): void => void control.send(writeFrame(frame));

  function channelFor(id: number): DataChannel {
    const channel = ready.get(id) ?? connection.createChannel('CONNECTIONS', { id, protocol: target.protocol });
    ready.delete(id);
    for (let next = id + 1; !ours() && next <= Math.min(id + aheadOf, channelNumberMax); next++) {
      if (!ready.has(next) && !streams.has(next)) ready.set(next, connection.createChannel('CONNECTIONS', { id: next, protocol: target.protocol }));
    }
    return channel;
  }

  function announced(number: number, wanted: Target | RpcError): void {
    const id = channelOf(number);
    if (id === 0 || id > channelNumberMax || streams.has(id)) return connection.close();
    const channel = channelFor(id);
    const forget = (): void => void streams.delete(id);
    const refuse = (problem: string): void => {
      if (ours()) say({ kind: 'refused', number, problem });
      channel.close();
      forget();
    };
    const early: Frame[] = [];
    streams.set(id, { hear: (frame) => void (early.length < earlyMax && early.push(frame)), close: () => channel.close() });
    void channel.closed.then(forget);
    if (wanted instanceof RpcError) return refuse(wanted.message);
    if (streams.size > streamsMax) return refuse('too many streams on this connection');
    const open = wanted.protocol === 'udp' ? openUdp(id, number, channel, wanted) : openTcp(id, number, channel, wanted, early);
    open.catch(() => refuse(`nothing answers at ${wanted.protocol} ${joinHostPort(wanted.host, wanted.port)}`));
  }

  async function openTcp(id: number, number: number, channel: DataChannel, { host, port }: Target, early: readonly Frame[]): Promise<void> {
    const late = new AbortController();
    const cancel = clock.after(dialMs, () => late.abort(abortError('no answer in time')));
    void channel.closed.then(() => late.abort(abortError('the stream was given up')));
    try {
      const stream = await sockets.connectTcp(host, port, AbortSignal.any([late.signal, gone.signal]));
      const end = pipe({ stream, channel, number, say: ours() ? say : null, holdMs: 0, clock, count: () => {}, closed: () => void streams.delete(id) });
      streams.set(id, end);
      early.forEach(end.hear);
    } finally {
      cancel();
    }
  }

  async function openUdp(id: number, number: number, channel: DataChannel, { host, port }: Target): Promise<void> {
    let lastMs = clock.monotonicMs();
    const use = (): void => {
      lastMs = clock.monotonicMs();
    };
    const socket = await sockets.openUdp(host.includes(':') ? '::' : '0.0.0.0', 0, (datagram) => {
      use();
      datagrams.send(datagram);
    }, { host, port });
    const datagrams = flow(channel, (datagram) => {
      use();
      socket.send(datagram, '');
    }, () => {
      cancel();
      socket.close();
      streams.delete(id);
    });
    let cancel = (): void => {};
    const look = (): void => {
      const restMs = lastMs + idleMs - clock.monotonicMs();
      if (restMs <= 0) datagrams.close();
      else cancel = clock.after(restMs, look);
    };
    look();
    streams.set(id, { hear: () => {}, close: datagrams.close });
    if (gone.signal.aborted) return datagrams.close();
    // Datagrams need no credit; this says that there is somebody to send them to.
    if (ours()) say({ kind: 'credit', number, bytes: 1 });
  }

  control.onMessage((message) => {
    const frame = readFrame(message, ours());
    if (!frame) return connection.close();
    if (frame.kind === 'announce') return announced(frame.number, target);
    if (frame.kind === 'open') return announced(frame.number, wantedIn(frame.destination, own()));
    streams.get(channelOf(frame.number))?.hear(frame);
  });
  void control.closed.then(() => {
    gone.abort(abortError('the connection ended'));
    connection.close();
    for (const stream of [...streams.values()]) stream.close();
    streams.clear();
  });
  if (!ours()) for (let id = 1; id <= aheadOf; id++) ready.set(id, connection.createChannel('CONNECTIONS', { id, protocol: target.protocol }));
}

function wantedIn(text: string, own: OwnFacts): Target | RpcError {
  try {
    return demandDial(targetFromText(text), own);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}
