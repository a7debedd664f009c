import { type Clock } from '../../base/clock.ts';
import { type ByteStream, type DataChannel } from '../path-ports.ts';
import { type Frame } from './control.ts';
import { createSender } from './sender.ts';

/** What either end lets the other have on its way, for each stream. */
export const windowBytes = 1 << 20;
/** From this on the other end is told what was taken. */
const tellBytes = windowBytes / 4;
/** Another implementation cannot be asked to wait: what its peer does not read is kept, up to here. */
const keptBytesMax = 16 << 20;
/** For what is on its way to a program that does not read, after the other end closed. */
const lingerMs = 30_000;
/** The word of a good end travels on another channel and may come after the close. */
const strayMs = 200;

export interface PipeOptions {
  readonly stream: ByteStream;
  readonly channel: DataChannel;
  readonly number: number;
  /** How to speak to the other end of the connection; null: it is no node of ours, and knows bytes and closing only. */
  readonly say: ((frame: Frame) => void) | null;
  /** Nothing is sent before this time has passed, or something came: an end that is not ours may not be ready yet. */
  readonly holdMs: number;
  readonly clock: Clock;
  readonly count: (sent: number, received: number) => void;
  readonly closed: () => void;
}

export interface Pipe {
  hear(frame: Frame): void;
  close(): void;
}

/**
 * A byte stream on a channel, both ways, with back-pressure. Between nodes of ours each direction ends alone and neither end closes before the
 * other has everything; with others the end of either direction is the end of both.
 */
export function pipe({ stream, channel, number, say, holdMs, clock, count, closed }: PipeOptions): Pipe {
  let over = false;
  let held = holdMs > 0;
  let streamOpen = true;
  let weEnded = false;
  let theyEnded = false;
  let granted = 0;
  /** Bytes that came, that the stream took, that the other end was told of, and that the stream keeps until it drains. */
  let [received, taken, told, kept] = [0, 0, 0, 0];
  let expected: number | null = null;
  const sender = createSender(stream, channel, say || held ? 0 : Infinity, () => {
    weEnded = true;
    if (say) say({ kind: 'end', number, bytes: sender.sentBytes });
    else finish();
    settle();
  });
  const cancelHold = held ? clock.after(holdMs, release) : () => {};
  let cancelLinger = (): void => {};

  function release(): void {
    if (!held || over) return;
    held = false;
    cancelHold();
    if (!say) sender.credit(Infinity);
  }

  /** Closes the channel; what was handed to it still arrives. */
  function finish(): void {
    if (over) return;
    over = true;
    cancelHold();
    channel.close();
    closed();
  }

  function breakOff(): void {
    finish();
    if (streamOpen) stream.destroy();
  }

  /** With both directions at their end and everything taken, there is nothing left to say. */
  function settle(): void {
    if (say && theyEnded && weEnded && granted - windowBytes >= sender.sentBytes) finish();
  }

  function took(bytes: number): void {
    taken += bytes;
    if (!say || over || taken === told || (taken - told < tellBytes && taken !== expected)) return;
    say({ kind: 'credit', number, bytes: taken - told });
    told = taken;
  }

  function endStream(): void {
    if (theyEnded || expected === null || received < expected) return;
    theyEnded = true;
    took(0);
    if (streamOpen) stream.end();
    settle();
  }

  /** Who sends more than it may, or speaks to who left, is cut off. */
  function isBreach(): boolean {
    return !streamOpen || (say ? received > told + windowBytes || (expected !== null && received > expected) : kept > keptBytesMax);
  }

  function linger(ms: number): void {
    if (streamOpen) cancelLinger = clock.after(ms, () => stream.destroy());
  }

  channel.onMessage((bytes) => {
    if (bytes.length === 0) return;
    release();
    received += bytes.length;
    if (isBreach()) return breakOff();
    count(0, bytes.length);
    const room = stream.write(bytes);
    if (room && kept === 0) took(bytes.length);
    else kept += bytes.length;
    endStream();
  });
  void channel.closed.then(() => {
    const broken = say !== null && !theyEnded;
    finish();
    if (broken) return linger(strayMs);
    if (streamOpen) stream.end();
    linger(lingerMs);
  });
  stream.listen({
    data: (bytes) => {
      if (over) return;
      count(bytes.length, 0);
      sender.data(bytes);
    },
    drained: () => {
      const bytes = kept;
      kept = 0;
      took(bytes);
    },
    ended: () => sender.ended(),
    closed: () => {
      streamOpen = false;
      cancelLinger();
      // Both directions came to their end: what was read last is still on its way.
      if (!sender.last || (say && !theyEnded)) finish();
    },
  });
  say?.({ kind: 'credit', number, bytes: windowBytes });
  return {
    hear: (frame) => {
      if (over) return;
      if (frame.kind === 'refused') return breakOff();
      if (frame.kind === 'credit') {
        granted += frame.bytes;
        sender.credit(frame.bytes);
        settle();
      }
      if (frame.kind === 'end') {
        expected = frame.bytes;
        endStream();
      }
    },
    close: breakOff,
  };
}
