import { type ByteStream, type DataChannel } from '../path-ports.ts';

/** Bytes in the library before the stream is asked to wait, and when it may go on. More only makes what follows late. */
const highBytes = 256 << 10;
const lowBytes = 64 << 10;
/** Small enough for readers that take 32 KiB at once. */
const messageBytes = 16 << 10;

export interface Sender {
  data(bytes: Uint8Array): void;
  /** The stream has no more; `done` is told once everything was handed to the channel. */
  ended(): void;
  /** The other end takes so many bytes more. */
  credit(bytes: number): void;
  readonly sentBytes: number;
  /** Whether the stream came to its end; what was read may still wait. */
  readonly last: boolean;
}

/** From a stream to a channel. Never holds more than one read of the stream: while the channel or the other end is full, nothing more is read. */
export function createSender(stream: Pick<ByteStream, 'pause' | 'resume'>, channel: DataChannel, credit: number, done: () => void): Sender {
  const waiting: Uint8Array[] = [];
  let sentBytes = 0;
  let creditBytes = credit;
  let paused = false;
  let last = false;
  let told = false;

  function pump(): void {
    for (let next = waiting[0]; next !== undefined && creditBytes > 0 && channel.buffered() < highBytes; next = waiting[0]) {
      const part = next.subarray(0, Math.min(messageBytes, creditBytes));
      if (!channel.send(part)) return;
      sentBytes += part.length;
      creditBytes -= part.length;
      if (part.length === next.length) waiting.shift();
      else waiting[0] = next.subarray(part.length);
    }
    const full = waiting.length > 0 || channel.buffered() >= highBytes;
    if (full !== paused) (full ? stream.pause : stream.resume).call(stream);
    paused = full;
    if (last && waiting.length === 0 && !told) {
      told = true;
      done();
    }
  }

  channel.onDrained(lowBytes, pump);
  return {
    data: (bytes) => {
      if (bytes.length > 0) waiting.push(bytes);
      pump();
    },
    ended: () => {
      last = true;
      pump();
    },
    credit: (bytes) => {
      creditBytes += bytes;
      pump();
    },
    get sentBytes() {
      return sentBytes;
    },
    get last() {
      return last;
    },
  };
}
