import { connect as connectTcp, type Socket as TcpSocket } from 'node:net';
import { frameCutter, padded } from './turn-frames.ts';
import { closeUdp, connectUdp, openUdp, sendConnected } from './udp-socket.ts';

/** One line to a TURN server: whole STUN messages and channel data, over UDP or TCP. */
export interface TurnTransport {
  /** False: dropped. */
  send(frame: Buffer): boolean;
  /** After what was sent has left. */
  close(): void;
}

export interface TurnTransportEvents {
  frame(bytes: Buffer): void;
  ended(problem: string): void;
}

/** What may wait for a slow stream; more would only be late. */
const waitingBytesMax = 256 << 10;
const closeMs = 200;

/** A connected socket: nobody else's datagrams are read. Rejects when there is no route. */
export async function openUdpTransport(host: string, port: number, events: TurnTransportEvents): Promise<TurnTransport> {
  const socket = await openUdp({ family: host.includes(':') ? 6 : 4 });
  try {
    await connectUdp(socket, port, host);
  } catch (error) {
    closeUdp(socket);
    throw error;
  }
  socket.on('message', (bytes) => events.frame(bytes));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // Nobody has that port any more: with it went every allocation. Other errors pass, as routes come back.
    if (error.code === 'ECONNREFUSED') events.ended('the relay is gone');
  });
  let open = true;
  return {
    send: (frame) => open && sendConnected(socket, frame),
    close: () => {
      open = false;
      closeUdp(socket);
    },
  };
}

/** Rejects when nobody accepts before the signal, which ends only the attempt. */
export function openTcpTransport(host: string, port: number, events: TurnTransportEvents, signal: AbortSignal): Promise<TurnTransport> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connectTcp({ host, port, noDelay: true });
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      reject(error);
    };
    const abort = (): void => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      resolve(carrying(socket, events));
    });
  });
}

function carrying(socket: TcpSocket, events: TurnTransportEvents): TurnTransport {
  const cut = frameCutter((frame) => events.frame(frame));
  socket.on('close', () => events.ended('the relay closed the connection'));
  socket.on('data', (chunk: Buffer) => {
    if (!cut(chunk)) socket.destroy();
  });
  return {
    send: (frame) => socket.writable && socket.writableLength <= waitingBytesMax && (socket.write(padded(frame)), true),
    close: () => finish(socket),
  };
}

function finish(socket: TcpSocket): void {
  socket.end();
  setTimeout(() => socket.destroy(), closeMs).unref();
}
