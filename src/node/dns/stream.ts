import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Connection } from '../ports.ts';
import { messageBytesMax } from './codec.ts';

export interface StreamPorts {
  /** Null: not to be answered; over a connection that is the end of it. */
  readonly reply: (message: Uint8Array) => Uint8Array | null;
  readonly clock: Clock;
  /** From one whole question to the next; a sender of single octets gets no more. */
  readonly idleMs: number;
  readonly onClosed: () => void;
}

/**
 * Questions over one connection, each with its length in front (RFC 1035 §4.2.2), any number one after the other without waiting (RFC 7766 §6.2.1.1),
 * answered in their order. An asker that does not read its answers is not read from either.
 */
export function serveStream(connection: Connection, { reply, clock, idleMs, onClosed }: StreamPorts): void {
  let waiting = Buffer.alloc(0);
  let isFull = false;
  let stopIdle: Cancel = () => {};

  function touch(): void {
    stopIdle();
    stopIdle = clock.after(idleMs, () => connection.destroy());
  }

  function drain(): void {
    while (!isFull && waiting.length >= 2) {
      const length = waiting.readUInt16BE(0);
      if (length > messageBytesMax) return connection.destroy();
      if (waiting.length < 2 + length) return;
      const answer = reply(waiting.subarray(2, 2 + length));
      if (!answer) return connection.destroy();
      waiting = waiting.subarray(2 + length);
      touch();
      if (connection.write(framed(answer))) continue;
      isFull = true;
      connection.pause();
    }
  }

  touch();
  connection.listen({
    data: (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      drain();
    },
    drained: () => {
      isFull = false;
      connection.resume();
      drain();
    },
    closed: () => {
      stopIdle();
      onClosed();
    },
  });
}

function framed(message: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(2 + message.length);
  bytes.writeUInt16BE(message.length);
  bytes.set(message, 2);
  return bytes;
}
