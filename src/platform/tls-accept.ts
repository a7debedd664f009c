import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { isFailure } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import { sourceOf } from './connection-shares.ts';
import { handshakeMs, type Protocol, provenBy, rootOf, serverOptions } from './tls.ts';
import type { Proven } from './tls-callers.ts';

export interface TlsAcceptorOptions {
  readonly protocol: Protocol;
  /** required: who comes without a certificate is not let in. */
  readonly certificate: 'asked' | 'required';
  /** Let in who proves itself by a certificate that only ended: for the policy to judge. */
  readonly expiredOk: boolean;
  /** Gets each connection whose handshake was good. Undefined: nobody, over TLS. */
  readonly accept: (socket: TLSSocket, proven: Proven | undefined) => void;
  /** Told of each connection that was turned away, for a log: `ip:port` and one word why. */
  readonly refused?: (remote: string, problem: string) => void;
  /** Unfinished handshakes at once: in all, and from one IPv4 address or one IPv6 network of 64 bits. More are closed at once. */
  readonly unfinishedMax?: number;
  readonly unfinishedPerSourceMax?: number;
  /** How long a handshake may take, in milliseconds. */
  readonly unfinishedMs?: number;
}

/** Makes TLS of connections that listeners accepted. Each handshake has 10 s, and there are only so many at once. */
export interface TlsAcceptor {
  /** Takes the connection over: it comes back through `accept`, or is closed. */
  take(socket: Socket, identity: Identity): void;
  readonly unfinished: number;
  /** Ends all unfinished handshakes. */
  close(): void;
}

export function createTlsAcceptor({ protocol, certificate, expiredOk, accept, refused = () => {}, unfinishedMax = 256, unfinishedPerSourceMax = 32, unfinishedMs = handshakeMs }: TlsAcceptorOptions): TlsAcceptor {
  const unfinished = new Map<string, { readonly socket: Socket; readonly source: string }>();
  let using: { readonly identity: Identity; readonly server: Server } | undefined;

  function take(socket: Socket, identity: Identity): void {
    // A reset by the far end is not news.
    socket.on('error', () => {});
    const key = connectionKey(socket);
    const source = sourceOf(socket.remoteAddress);
    if (key === undefined || unfinished.size >= unfinishedMax || countOf(source) >= unfinishedPerSourceMax) return void socket.destroy();
    const entry = { socket, source };
    unfinished.set(key, entry);
    socket.once('close', () => {
      if (unfinished.get(key) === entry) unfinished.delete(key);
    });
    try {
      serverFor(identity).emit('connection', socket);
    } catch {
      // An identity that OpenSSL does not take concerns whoever gave it to us, and nobody who knocks.
      refused(remoteOf(socket), 'own-identity');
      socket.destroy();
    }
  }

  const countOf = (source: string): number => [...unfinished.values()].filter((entry) => entry.source === source).length;

  /** One for each identity: what is under way with an older one ends with it. Nothing listens on it. */
  function serverFor(identity: Identity): Server {
    if (using?.identity === identity) return using.server;
    const server = createServer({ ...serverOptions(identity, protocol), handshakeTimeout: unfinishedMs });
    server.on('secureConnection', (socket) => finish(socket, identity));
    server.on('tlsClientError', (error, socket) => {
      refused(remoteOf(socket), (error as NodeJS.ErrnoException).code ?? 'handshake');
      socket.destroy();
    });
    using = { identity, server };
    return server;
  }

  function finish(socket: TLSSocket, identity: Identity): void {
    socket.on('error', () => {});
    unfinished.delete(connectionKey(socket) ?? '');
    try {
      const proven = provenBy(socket, rootOf(identity), protocol, { expiredOk });
      if (proven || certificate === 'asked') return accept(socket, proven);
      refused(remoteOf(socket), 'no-certificate');
    } catch (error) {
      refused(remoteOf(socket), isFailure(error) ? String(error.detail['problem']) : 'malformed');
    }
    socket.destroy();
  }

  return {
    take,
    get unfinished() {
      return unfinished.size;
    },
    close: () => {
      for (const { socket } of unfinished.values()) socket.destroy();
    },
  };
}

/** A living connection's four numbers; a plain socket and the TLS over it have the same. Undefined when it is gone already. */
function connectionKey({ localAddress, localPort, remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}

const remoteOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? '?'}:${remotePort ?? 0}`;
