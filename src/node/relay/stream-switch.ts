import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { type RelayOpen, type RelayRequest, RelayResponse } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type LoopbackPort, type LoopbackPorts } from '../path-ports.ts';
import { createDatagramQueue, type DatagramQueue, datagramsOf } from './datagram-queue.ts';
import { type RelayLimits } from './limits.ts';

export interface StreamSwitchPorts {
  readonly nodeId: string;
  readonly limits: RelayLimits;
  readonly loopback: LoopbackPorts;
  /** Of this machine's tunnel, now. */
  readonly wireguardPort: () => number;
  /** Whether this device belongs to the mesh now. */
  readonly keeps: (deviceId: string) => boolean;
  /** Runs after what the system already holds was handed to us: what came together goes out together. */
  readonly defer: (run: () => void) => void;
  readonly clock: Clock;
}

/** A stream whose other side is this machine's own tunnel. */
export interface Arrival {
  /** Where the tunnel sends: a loopback port. */
  readonly localEndpoint: string;
  counters(): { readonly sentBytes: number; readonly receivedBytes: number; readonly droppedDatagrams: number };
  /** Aborts when the stream ends. */
  readonly ending: AbortSignal;
  close(): void;
}

/** Joins gRPC streams of two members that name each other, or one member's stream with this machine's own tunnel. */
export interface StreamSwitch {
  /** Answers one Relay call. `member` is the proven caller, null where nobody can be told apart: then the session alone joins the two. */
  serve(member: string | null, requests: AsyncIterable<RelayRequest>, call: Pick<Call, 'signal'>): AsyncIterable<RelayResponse>;
  /** Resolves with the stream that came from this member with this session, for this machine's own tunnel. */
  arrived(session: Uint8Array, member: string, signal: AbortSignal): Promise<Arrival>;
  /** Ends streams of devices that were cut off. */
  recheck(): void;
  stats(): { readonly streams: number; readonly refused: number };
  close(): void;
}

export const switchLimits = {
  streamsMax: 256, streamsPerMemberMax: 32,
  /** Of silence before `open`, of waiting for the other side, and of no datagram at all (WireGuard keeps alive every 25 s). */
  openMs: 10_000, waitMs: 15_000, idleMs: 180_000,
} as const;

const lookMs = 5_000;
const sessionBytes = 16;

/** One side: a stream that was opened. */
interface Side {
  readonly member: string | null;
  readonly to: string;
  readonly queue: DatagramQueue;
  readonly ending: AbortController;
  /** Where its datagrams go, once the other side is there. */
  forward: ((datagram: Uint8Array) => void) | null;
  other: Side | null;
  wake: () => void;
  heardMs: number;
}

export function createStreamSwitch(ports: StreamSwitchPorts): StreamSwitch {
  const { nodeId, limits, loopback, clock, keeps, defer } = ports;
  /** Streams by the member that opened them, `open` seen or not. */
  const held = new Map<string, number>();
  const sides = new Set<Side>();
  /** Opened and not yet joined, by session. */
  const waiting = new Map<string, Side>();
  const delivered = new Map<string, { readonly member: string | null; readonly arrival: Arrival }>();
  const listeners = new Set<() => void>();
  let streams = 0;
  let refused = 0;
  let cancelLook: Cancel = () => {};

  async function* serve(member: string | null, requests: AsyncIterable<RelayRequest>, { signal }: Pick<Call, 'signal'>): AsyncIterable<RelayResponse> {
    const release = admit(member);
    const frames = requests[Symbol.asyncIterator]();
    let end = (): void => {};
    try {
      const opened = openOf(await within(frames.next(), switchLimits.openMs, signal), member, ports);
      const side = sideOf(member, opened.to);
      end = () => drop(side);
      sides.add(side);
      arm();
      const cleanUp = opened.to === nodeId ? await joinOwnTunnel(side, keyOf(opened)) : join(side, keyOf(opened));
      end = () => {
        cleanUp();
        drop(side);
      };
      void pump(frames, side);
      yield* answers(side, signal);
    } finally {
      end();
      release();
    }
  }

  function admit(member: string | null): () => void {
    const name = member ?? '';
    const count = held.get(name) ?? 0;
    // Where nobody can be told apart, everybody shares the node's limit.
    if (streams >= switchLimits.streamsMax || (member !== null && count >= switchLimits.streamsPerMemberMax)) {
      refused += 1;
      throw new RpcError(status.resourceExhausted, 'too many relayed streams');
    }
    streams += 1;
    held.set(name, count + 1);
    return () => {
      streams -= 1;
      const left = (held.get(name) ?? 1) - 1;
      if (left > 0) held.set(name, left);
      else held.delete(name);
    };
  }

  function sideOf(member: string | null, to: string): Side {
    return { member, to, queue: createDatagramQueue(), ending: new AbortController(), forward: null, other: null, wake: () => {}, heardMs: clock.monotonicMs() };
  }

  /** Waits for the other side under the same session, or joins it when it is there already. */
  function join(side: Side, key: string): () => void {
    if (limits.bytesPerSecond() === 0) throw new RpcError(status.resourceExhausted, 'this node relays nothing');
    const other = waiting.get(key);
    if (other === undefined) waiting.set(key, side);
    else if (!namesEachOther(side, other)) throw new RpcError(status.permissionDenied, 'the other side waits for another node');
    else {
      waiting.delete(key);
      [side.other, other.other] = [other, side];
      side.forward = carryTo(other, side.member ?? key);
      other.forward = carryTo(side, other.member ?? key);
      other.wake();
    }
    return () => {
      if (waiting.get(key) === side) waiting.delete(key);
      side.other?.ending.abort(gone());
    };
  }

  function carryTo(other: Side, member: string): (datagram: Uint8Array) => void {
    return (datagram) => {
      if (limits.take(datagram.length, 'stream', member)) other.queue.push(datagram);
      other.wake();
    };
  }

  /** No second stream: WireGuard itself is the other side, and answers to where it was spoken to. Nothing is carried for others here. */
  async function joinOwnTunnel(side: Side, key: string): Promise<() => void> {
    if (delivered.has(key)) throw new RpcError(status.alreadyExists, 'this session is open already');
    const counted = { sentBytes: 0, receivedBytes: 0 };
    const port: LoopbackPort = await loopback.open(ports.wireguardPort(), (datagram) => {
      counted.sentBytes += datagram.length;
      side.queue.push(Buffer.from(datagram));
      side.wake();
    });
    side.forward = (datagram) => {
      counted.receivedBytes += datagram.length;
      port.deliver(datagram);
    };
    const arrival: Arrival = {
      localEndpoint: port.endpoint, ending: side.ending.signal, close: () => side.ending.abort(gone()),
      counters: () => ({ ...counted, droppedDatagrams: side.queue.dropped }),
    };
    delivered.set(key, { member: side.member, arrival });
    for (const tell of [...listeners]) tell();
    return () => {
      delivered.delete(key);
      port.close();
    };
  }

  async function pump(frames: AsyncIterator<RelayRequest>, side: Side): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await frames.next();
        if (done) return side.ending.abort(gone());
        const datagrams = value.open === undefined ? datagramsOf(value) : undefined;
        if (datagrams === undefined) return side.ending.abort(new RpcError(status.invalidArgument, 'datagrams of at most 4096 bytes, 64 KiB together'));
        side.heardMs = clock.monotonicMs();
        // Before both are there, nothing is passed on, and nothing is kept.
        for (const datagram of datagrams) side.forward?.(datagram);
      }
    } catch (error) {
      side.ending.abort(error);
    }
  }

  async function* answers(side: Side, signal: AbortSignal): AsyncGenerator<RelayResponse> {
    const ending = AbortSignal.any([signal, side.ending.signal]);
    const wait = (holds: () => boolean): Promise<void> => new Promise((resolve) => {
      const look = (): void => {
        if (!holds() && !ending.aborted) return;
        ending.removeEventListener('abort', look);
        side.wake = () => {};
        resolve();
      };
      side.wake = look;
      ending.addEventListener('abort', look, { once: true });
      look();
    });
    await wait(() => side.forward !== null);
    ending.throwIfAborted();
    yield { ready: true, datagrams: [] };
    for (;;) {
      await wait(() => side.queue.size > 0);
      ending.throwIfAborted();
      await new Promise<void>((resolve) => defer(resolve));
      for (let datagrams = side.queue.batch(); datagrams.length > 0; datagrams = side.queue.batch()) yield { ready: false, datagrams: datagrams.map((each) => Buffer.from(each)) };
    }
  }

  function drop(side: Side): void {
    sides.delete(side);
    side.ending.abort(gone());
  }

  async function within<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
    let cancel: Cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(ms, () => reject(new RpcError(status.deadlineExceeded, 'nothing was opened in time')));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel();
    }
  }

  /** Ends what waits or is silent for too long. Runs only while there is something to look at. */
  function arm(): void {
    if (sides.size !== 1) return;
    cancelLook();
    const look = (): void => {
      const nowMs = clock.monotonicMs();
      for (const side of sides) {
        const ms = side.forward === null ? switchLimits.waitMs : switchLimits.idleMs;
        if (nowMs - side.heardMs > ms) side.ending.abort(new RpcError(status.deadlineExceeded, side.forward === null ? 'the other side did not come' : 'nothing was sent for too long'));
      }
      cancelLook = sides.size > 0 ? clock.after(lookMs, look) : () => {};
    };
    cancelLook = clock.after(lookMs, look);
  }

  return {
    serve,
    arrived: (session, member, signal) => new Promise((resolve, reject) => {
      const key = Buffer.from(session).toString('hex');
      const look = (): void => {
        const found = delivered.get(key);
        const fits = found !== undefined && (found.member === null || found.member === member);
        if (!fits && !signal.aborted) return;
        listeners.delete(look);
        signal.removeEventListener('abort', look);
        if (fits) resolve(found.arrival);
        else reject(signal.reason);
      };
      listeners.add(look);
      signal.addEventListener('abort', look, { once: true });
      look();
    }),
    recheck: () => {
      for (const side of sides) if ((side.member !== null && !keeps(side.member)) || (side.to !== nodeId && !keeps(side.to))) side.ending.abort(new RpcError(status.permissionDenied, 'cut off'));
    },
    stats: () => ({ streams, refused }),
    close: () => {
      cancelLook();
      for (const side of sides) side.ending.abort(gone());
    },
  };
}

function keyOf({ session }: RelayOpen): string {
  return Buffer.from(session).toString('hex');
}

function openOf(first: IteratorResult<RelayRequest>, member: string | null, { nodeId, keeps }: StreamSwitchPorts): RelayOpen {
  const open = first.done ? undefined : first.value.open;
  if (open === undefined || open.session.length !== sessionBytes || open.to === '' || open.to === member) throw new RpcError(status.invalidArgument, 'the first frame opens: a node and 16 bytes');
  if (open.to !== nodeId && !keeps(open.to)) throw new RpcError(status.notFound, 'no such node');
  return open;
}

/** Each must wait for the other. Where callers cannot be told apart, who knows the 16 random bytes is the other one. */
function namesEachOther(a: Side, b: Side): boolean {
  return (a.member === null || a.member === b.to) && (b.member === null || b.member === a.to);
}

function gone(): Error {
  return new RpcError(status.unavailable, 'the other side left');
}
