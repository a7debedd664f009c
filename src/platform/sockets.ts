import { createConnection, createServer, type Socket } from 'node:net';
import { joinHostPort } from '../base/ip.ts';
import { type Connection, type IdentitySource, type ListenProblem, type Sockets } from '../node/ports.ts';

/** Sockets of consensus, whose connections can be cut. */
export interface RaftSockets extends Sockets {
  /** Closes at once every TLS connection, either way, whose other end is not kept. */
  cut(keep: (peer: { readonly id: string; readonly fingerprint: string }) => boolean): void;
}

/** TLS with what `identity` gives at each handshake, clear text while it gives null. */
export function createSockets(_identity: IdentitySource): RaftSockets {
  return { ...tcpSockets, cut: () => {} };
}

/** Plain TCP. Nagle's delay is off: every frame is written whole and somebody waits for it. */
export const tcpSockets: Sockets = {
  listen: (host, port, accept) =>
    new Promise((resolve) => {
      const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => accept(connectionOf(socket)));
      const open = new Set<Socket>();
      server.on('connection', (socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
      });
      server.once('error', (error: NodeJS.ErrnoException) => resolve({ ok: false, problem: problemOf(error), message: error.message }));
      server.listen({ host, port, exclusive: true, ipv6Only: host.includes(':') }, () => {
        const bound = server.address();
        server.on('error', () => {}); // A listener that fails later, out of descriptors for instance, keeps what it has and recovers.
        const close = (): void => {
          server.close();
          for (const socket of open) socket.destroy();
        };
        resolve({ ok: true, port: bound !== null && typeof bound === 'object' ? bound.port : port, close });
      });
    }),
  connect: (host, port, _expectId, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const socket = createConnection({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
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
        resolve(connectionOf(socket));
      });
    }),
};

/** Wraps a socket. Nothing is read before `listen`, so no byte comes before its listener. */
function connectionOf(socket: Socket): Connection {
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  return {
    remote: joinHostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0),
    provenId: undefined,
    fingerprint: undefined,
    listen: ({ data, drained, closed }) => {
      socket.on('data', data);
      socket.on('drain', drained);
      socket.on('end', () => socket.end());
      if (socket.destroyed) queueMicrotask(() => closed(failure));
      else socket.once('close', () => closed(failure));
    },
    write: (bytes) => !socket.destroyed && socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

function problemOf({ code }: NodeJS.ErrnoException): ListenProblem {
  if (code === 'EADDRINUSE') return 'in-use';
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return 'no-such-address';
  return code === 'EACCES' || code === 'EPERM' ? 'not-permitted' : 'other';
}
