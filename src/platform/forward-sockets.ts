import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { failure } from '../base/failure.ts';
import { joinHostPort, parseIp, splitHostPort } from '../base/ip.ts';
import { type ByteStream, type ForwardSockets } from '../node/path-ports.ts';

/** Large enough that a busy reader loses nothing of a burst; the kernel gives what it allows. */
const udpBufferBytes = 1 << 20;
const connectionsMax = 256;

/** Real sockets for forwards. A port in use, or an address that is not ours, is node.port-in-use or node.start-failed. */
export const forwardSockets: ForwardSockets = {
  listenTcp: (host, port, accept) => new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => accept(streamOf(socket)));
    server.maxConnections = connectionsMax;
    server.once('error', (error) => reject(problemOf(error, port)));
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error').on('error', () => {});
      const address = server.address();
      resolve({ port: typeof address === 'object' && address ? address.port : port, close: () => void server.close() });
    });
  }),
  connectTcp: (host, port, signal) => new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = connect({ host, port, allowHalfOpen: true });
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', (error) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners('error');
      socket.pause();
      resolve(streamOf(socket));
    });
  }),
  openUdp: (host, port, receive, far) => new Promise((resolve, reject) => {
    const socket = createSocket({ type: parseIp(host)?.family === 6 ? 'udp6' : 'udp4', recvBufferSize: udpBufferBytes });
    socket.once('error', (error) => {
      socket.close();
      reject(problemOf(error, port));
    });
    socket.on('message', (datagram, from) => receive(datagram, joinHostPort(from.address, from.port)));
    const ready = (): void => {
      // A refusal by the far end (ICMP) is no news: datagrams get lost.
      socket.removeAllListeners('error').on('error', () => {});
      resolve({
        port: socket.address().port,
        send: (datagram, to) => {
          const at = far ? undefined : splitHostPort(to);
          if (far) socket.send(datagram, () => {});
          else if (at) socket.send(datagram, at.port, at.host, () => {});
        },
        close: () => socket.close(),
      });
    };
    socket.bind({ address: host, port, exclusive: true }, () => (far ? socket.connect(far.port, far.host, ready) : ready()));
  }),
};

/** Reads nothing before it is listened to. */
function streamOf(socket: Socket): ByteStream {
  socket.setNoDelay(true);
  // What went wrong is told by the close that follows.
  socket.on('error', () => {});
  return {
    listen: ({ data, drained, ended, closed }) => {
      if (socket.destroyed) return void setImmediate(closed);
      socket.on('data', data);
      socket.on('drain', drained);
      socket.once('end', ended);
      socket.once('close', closed);
      socket.resume();
    },
    write: (bytes) => socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    // With a reset: a stream that broke off must not look like one that came to its end.
    destroy: () => void socket.resetAndDestroy(),
  };
}

function problemOf(error: NodeJS.ErrnoException, port: number): Error {
  return error.code === 'EADDRINUSE' ? failure('node.port-in-use', { port }, error) : failure('node.start-failed', { problem: error.code ?? error.message, port }, error);
}
