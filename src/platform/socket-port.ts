import { type Socket } from 'node:net';
import { type Port } from '../contract/client.ts';

/** Limits for one end: the longest message, and how much may wait for a reader that does not read. In UTF-16 units and bytes. */
export const frameLimits = { messageMax: 16 * 2 ** 20, waitingBytesMax: 64 * 2 ** 20 } as const;

/** A stream socket as a port of JSON lines. Nothing is read before onMessage, so no message is lost. A broken line, or one longer than `messageMax`, ends the connection. */
export function socketPort(socket: Socket, messageMax: number = frameLimits.messageMax): Port {
  const closers: (() => void)[] = [];
  let closed = false;
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    closed = true;
    for (const tell of closers) tell();
  });
  return {
    send: (message) => {
      if (closed || socket.destroyed) return;
      socket.write(`${JSON.stringify(message)}\n`);
      if (socket.writableLength > frameLimits.waitingBytesMax) socket.destroy();
    },
    onMessage: (receive) => {
      const take = lineReader((line) => receive(JSON.parse(line)), messageMax);
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        try {
          take(chunk);
        } catch {
          socket.destroy(); // What is not a line of JSON did not come from our carrier: there is nobody to answer.
        }
      });
      socket.on('end', () => socket.destroy());
    },
    onClose: (tell) => {
      if (closed) tell();
      else closers.push(tell);
    },
    close: () => void socket.end(() => socket.destroy()),
  };
}

/** Cuts chunks into lines. Throws when a line grows past the limit. */
export function lineReader(take: (line: string) => void, lineMax: number = frameLimits.messageMax): (chunk: string) => void {
  let parts: string[] = [];
  let length = 0;
  return (chunk) => {
    const pieces = chunk.split('\n');
    for (const [index, piece] of pieces.entries()) {
      parts.push(piece);
      length += piece.length;
      if (length > lineMax) throw new Error('a line is too long');
      if (index === pieces.length - 1) continue;
      const line = parts.join('');
      parts = [];
      length = 0;
      if (line !== '') take(line);
    }
  };
}
