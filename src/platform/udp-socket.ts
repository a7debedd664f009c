import { createSocket, type Socket } from 'node:dgram';

/**
 * UDP sockets for tunnels. A datagram that cannot go now is dropped, as a network would: what waits only adds delay. Errors that the kernel
 * reports for datagrams sent earlier (a closed port, no route) end nothing.
 */
export interface UdpOptions {
  readonly family: 4 | 6;
  /** Bare address; left out: all of the family. */
  readonly host?: string;
  /** 0 or left out: any free one. */
  readonly port?: number;
}

/** A burst of a tunnel at full speed; the system may give less. */
const bufferBytes = 4 << 20;
/** What may wait inside of the process for the kernel. */
const waitingBytesMax = 256 << 10;

/** Binds. Rejects with the system's error (EADDRINUSE, EADDRNOTAVAIL). */
export function openUdp({ family, host, port = 0 }: UdpOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 });
    const refused = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', refused);
    socket.bind({ port, ...(host === undefined ? {} : { address: host }), exclusive: true }, () => {
      socket.off('error', refused);
      socket.on('error', () => {}); // Of a datagram sent before: the next one may pass.
      growBuffers(socket);
      resolve(socket);
    });
  });
}

/** From here on the socket speaks and listens to this end alone, which is also the fastest way to send. Rejects when there is no route. */
export function connectUdp(socket: Socket, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => reject(error);
    socket.once('error', refused);
    socket.connect(port, host, (error?: Error) => {
      socket.off('error', refused);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Sends on a connected socket. False: dropped. The bytes must not change afterwards. */
export function sendConnected(socket: Socket, datagram: Uint8Array): boolean {
  if (socket.getSendQueueSize() > waitingBytesMax) return false;
  socket.send(datagram, ignore);
  return true;
}

/** Sends to any end. False: dropped. */
export function sendTo(socket: Socket, datagram: Uint8Array, port: number, host: string): boolean {
  if (socket.getSendQueueSize() > waitingBytesMax) return false;
  socket.send(datagram, port, host, ignore);
  return true;
}

/** Closes once; a socket that is closed already is fine. */
export function closeUdp(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It was closed before.
  }
}

function ignore(): void {
  // A datagram was lost, which is what datagrams do. Without a callback Node.js would make it an error of the socket.
}

function growBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The system's own sizes carry less in a burst, and that is all.
  }
}
