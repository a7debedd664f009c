import { type Clock } from '../../base/clock.ts';
import { type DataChannel, type PeerConnection } from '../path-ports.ts';
import { channelOf, type Frame, readFrame, writeFrame } from './control.ts';
import { channelNumberMax } from './far-streams.ts';
import { type Target, targetText } from './destinations.ts';

/** The client's side of a connection that is up: streams to destinations of the far node. */
export interface Link {
  /** The far node is one of ours: streams may go to any of its destinations, and say when they are ready. */
  readonly ours: boolean;
  /** Opens a stream; undefined: no number is free, or the connection is over. */
  open(target: Target, hear: (frame: Frame) => void): LinkStream | undefined;
  readonly ended: Promise<void>;
  readonly alive: boolean;
  /** The nominated pair. */
  pair(): ReturnType<PeerConnection['pair']>;
  close(): void;
}

export interface LinkStream {
  readonly number: number;
  readonly channel: DataChannel;
  /** Null: the far node knows bytes and closing only. */
  readonly say: ((frame: Frame) => void) | null;
}

/** A number is used again when both ends forgot it for sure. */
const restMs = 10_000;

export function createLink(connection: PeerConnection, control: DataChannel, ours: boolean, clock: Clock): Link {
  const streams = new Map<number, (frame: Frame) => void>();
  const freeFromMs = new Map<number, number>();
  const ended = Promise.withResolvers<void>();
  let last = 0;
  let alive = true;
  const say = (frame: Frame): void => void control.send(writeFrame(frame));

  function nextNumber(): number | undefined {
    for (let tries = 0; tries < channelNumberMax; tries++) {
      last = (last % channelNumberMax) + 1;
      if (!streams.has(last) && (freeFromMs.get(last) ?? 0) <= clock.monotonicMs()) return last;
    }
    return undefined;
  }

  const end = (): void => {
    if (!alive) return;
    alive = false;
    connection.close();
    ended.resolve();
  };
  control.onMessage((message) => {
    if (!ours) return;
    const frame = readFrame(message, true);
    // The far end never opens anything.
    if (!frame || frame.kind === 'announce' || frame.kind === 'open') return end();
    streams.get(channelOf(frame.number))?.(frame);
  });
  void control.closed.then(end);
  connection.state.subscribe((state) => {
    if (state === 'closed' || state === 'failed') end();
  });
  return {
    ours,
    open: (target, hear) => {
      const number = alive ? nextNumber() : undefined;
      if (number === undefined) return undefined;
      const channel = connection.createChannel('CONNECTIONS', { id: number, protocol: target.protocol });
      streams.set(number, hear);
      void channel.closed.then(() => {
        streams.delete(number);
        freeFromMs.set(number, clock.monotonicMs() + restMs);
      });
      say(ours ? { kind: 'open', number, destination: targetText(target) } : { kind: 'announce', number });
      return { number, channel, say: ours ? say : null };
    },
    ended: ended.promise,
    get alive() {
      return alive;
    },
    pair: connection.pair,
    close: end,
  };
}
