import { createConnection, createServer, type Socket } from 'node:net';
import { failure } from '../base/failure.ts';
import { joinHostPort } from '../base/ip.ts';
import { type Connection, type IdentitySource, type ListenProblem, type Sockets } from '../node/ports.ts';
import { createTlsAcceptor, type TlsAcceptor } from './tls-accept.ts';
import { dialTls } from './tls-dial.ts';
import { rootOf } from './tls.ts';
import type { Proven } from './tls-callers.ts';

/** Sockets of consensus, whose connections can be cut. */
export interface RaftSockets extends Sockets {
  /** Closes at once every TLS connection, either way, whose other end is not kept. */
  cut(keep: (peer: Pick<Proven, 'id' | 'fingerprint'>) => boolean): void;
}

/** Nagle's delay is off: every frame is written whole and somebody waits for it. */
const tcp = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 } as const;

/**
 * TLS with what `identity` gives at each handshake: both ends must have a certificate of the mesh. One that only
 * ended is told as such, for consensus to judge: voters that all slept for too long must find each other to renew anything. Clear text while it gives null;
 * what comes in without TLS otherwise, or with TLS then, is closed.
 */
export function createSockets(identity: IdentitySource): RaftSockets {
  const living = new Map<Socket, Proven>();

  function connectionFrom(socket: Socket, proven: Proven | undefined): Connection {
    if (proven) {
      living.set(socket, proven);
      socket.once('close', () => living.delete(socket));
    }
    return connectionOf(socket, proven);
  }

  return {
    listen: (host, port, accept) => new Promise((resolve) => {
      const open = new Set<Socket>();
      const tls: TlsAcceptor = createTlsAcceptor({ protocol: 'webmesh-raft', certificate: 'required', expiredOk: true, accept: (socket, proven) => accept(connectionFrom(socket, proven)) });
      const server = createServer(tcp, (socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
        const own = identity();
        if (own) tls.take(socket, own);
        else accept(connectionFrom(socket, undefined));
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
    connect: async (host, port, expectId, signal) => {
      const own = identity();
      const socket = await connect(host, port, signal);
      if (!own) return connectionFrom(socket, undefined);
      const { socket: secure, proven } = await dialTls(socket, { identity: own, root: rootOf(own), expectId, expiredOk: true }, 'webmesh-raft', joinHostPort(host, port), signal);
      return connectionFrom(secure, proven);
    },
    cut: (keep) => {
      for (const [socket, { id, fingerprint }] of living) if (!keep({ id, fingerprint })) socket.destroy(failure('auth.revoked', { id }));
    },
  };
}

/** Clear text, always. */
export const tcpSockets: Sockets = createSockets(() => null);

function connect(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = createConnection({ host, port, ...tcp });
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
      resolve(socket);
    });
  });
}

/** Wraps a socket. Nothing is read before `listen`, so no byte comes before its listener. */
function connectionOf(socket: Socket, proven: Proven | undefined): Connection {
  let failed: Error | undefined;
  socket.on('error', (error) => {
    failed = error;
  });
  return {
    remote: joinHostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0),
    provenId: proven?.id,
    fingerprint: proven?.fingerprint,
    expired: proven !== undefined && Date.now() > proven.notAfterMs,
    listen: ({ data, drained, closed }) => {
      socket.on('data', data);
      socket.on('drain', drained);
      socket.on('end', () => socket.end());
      if (socket.destroyed) queueMicrotask(() => closed(failed));
      else socket.once('close', () => closed(failed));
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
