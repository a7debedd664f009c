import { type Socket, createServer } from 'node:net';
import { type TLSSocket } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { failure } from '../base/failure.ts';
import { parseIp } from '../base/ip.ts';
import { type Log } from '../base/log.ts';
import { type Caller, type Service } from '../base/rpc.ts';
import { type CallCounts } from '../node/path-ports.ts';
import { type IdentitySource } from '../node/ports.ts';
import { createShares } from './connection-shares.ts';
import { authorizing } from './grpc-authorize.ts';
import { counting } from './grpc-call-counts.ts';
import { type Authorize, createCallers } from './grpc-callers.ts';
import { healthService } from './grpc-health.ts';
import { implementationOf } from './grpc-handlers.ts';
import { bind, type TcpAddress } from './grpc-listen.ts';
import { addReflection } from './grpc-reflection.ts';
import { openLocalDoor } from './local-door.ts';
import { localPeers } from './local-peers.ts';
import type { TlsAcceptor } from './tls-accept.ts';
import { callerOf, type Proven } from './tls-callers.ts';

// The library prints what callers sent, strangers too, past our log and its limits.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

export interface GrpcServerOptions {
  readonly services: readonly Service[];
  readonly log: Log;
  /** Largest message either way, in bytes. 4 MiB, the limit of every default client, when left out. */
  readonly messageBytesMax?: number;
  /** Largest number of calls at once on one connection; more wait at the client. */
  readonly callsPerConnectionMax?: number;
  /** Largest number of connections at once; more are closed at once. Callers over TLS have shares of it: see connection-shares. */
  readonly connectionsMax?: number;
  /** Serve grpc.health and grpc.reflection beside the services. Off when left out: a private socket needs neither. */
  readonly standard?: boolean;
  /**
   * What TCP listeners prove themselves with, asked at every handshake: a new one is used by the next, and a call's caller is then
   * certified or anonymous. Left out, or null when asked: TCP in clear text. Unix sockets never speak TLS.
   */
  readonly identity?: IdentitySource;
  /** The policy, asked before every call of every method, health and reflection too. Left out: everybody may call. */
  readonly authorize?: Authorize;
  /** Told of every call, refused ones too. */
  readonly counts?: CallCounts;
}

/** Serves handlers over gRPC. Addresses come and go while it runs; all of them serve the same methods. */
export interface GrpcServer {
  /** The grpc-js server, for services that register themselves (health, reflection). */
  readonly raw: grpc.Server;
  /**
   * Listens on ip:port and answers the port (useful with 0). With a signal, an address that this machine does not have yet is
   * tried again until it has it or the signal aborts. Fails with node.port-in-use {port}, auth.not-permitted {port} or node.start-failed.
   * An address that a wildcard listener of the same family and port serves already is answered at once.
   */
  listen(address: TcpAddress, signal?: AbortSignal): Promise<number>;
  /** Listens on a unix socket with the given file mode, for root and the owner of its folder. A socket file nobody answers on is replaced; a living one is app.already-running. */
  listenUnix(path: string, mode: number): Promise<void>;
  /** Stops listening on an address. Connections that stand go on. */
  unlisten(address: TcpAddress): void;
  /** Serves gRPC on a connection that was accepted, and checked, elsewhere. */
  accept(socket: Socket): void;
  /** Closes at once every connection whose caller is not kept. A connection from before a renewal is judged by the certificate it was made with. */
  cut(keep: (caller: Caller) => boolean): void;
  /** Ends listening at once, lets calls finish for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

const messageBytesDefault = 4 * 1024 * 1024;
const callsDefault = 128;
const connectionsDefault = 1024;

export function createGrpcServer({ services, log, messageBytesMax = messageBytesDefault, callsPerConnectionMax = callsDefault, connectionsMax = connectionsDefault, standard = false, identity, authorize, counts }: GrpcServerOptions): GrpcServer {
  let hasTcp = false;
  // A server that listens on TCP has no local callers: what is not known is never trusted more.
  const plainCaller = (): Caller => (!hasTcp ? { kind: 'local' } : !identity?.() ? { kind: 'clear-text' } : { kind: 'anonymous' });
  const callers = createCallers(plainCaller);
  const raw = new grpc.Server({
    interceptors: [...(counts ? [counting(counts)] : []), ...(authorize ? [authorizing(authorize, callers, log)] : [])],
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.max_concurrent_streams': callsPerConnectionMax,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 15_000,
  });
  const names = services.flatMap(({ definition }) => Object.values(definition).slice(0, 1).map(({ path }) => path.split('/')[1] ?? ''));
  const all = standard ? [...services, healthService(names)] : services;
  if (standard) addReflection(raw, names, async () => Buffer.from((await import('../gen/image.ts')).imageBase64, 'base64'));
  for (const { definition, handlers } of all) raw.addService(definition as grpc.ServiceDefinition, implementationOf({ definition, handlers }, callers, log));
  // All connections enter through one injector: the listeners stay ours, so their errors keep their codes and each can end alone.
  const injector = raw.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const listeners = new Map<string, { server: { close(): unknown }; address: TcpAddress | null }>();
  const sockets = new Map<Socket, () => Caller>();
  const tls = identity && tlsAcceptor();
  const share = createShares(connectionsMax);
  let closed = false;

  function accept(socket: Socket): void {
    admit(socket, plainCaller);
  }

  function acceptTcp(socket: Socket): void {
    socket.setNoDelay(true);
    const own = identity?.();
    if (closed) socket.destroy();
    else if (own) void tls?.then((acceptor) => (closed ? socket.destroy() : acceptor.take(socket, own)));
    else accept(socket);
  }

  /** Loaded only by who has an identity: what reads certificates is a large part of the memory of a process like the helper's. */
  async function tlsAcceptor(): Promise<TlsAcceptor> {
    const { createTlsAcceptor } = await import('./tls-accept.ts');
    return createTlsAcceptor({ protocol: 'h2', certificate: 'asked', expiredOk: true, accept: acceptProven, refused: (remote, problem) => log.debug('refused', { remote, problem }) });
  }

  function acceptProven(socket: TLSSocket, proven: Proven | undefined): void {
    if (!share(socket, callerOf(proven))) return void socket.destroy();
    callers.mark(socket, proven);
    admit(socket, () => callerOf(proven));
  }

  function admit(socket: Socket, caller: () => Caller): void {
    if (closed || sockets.size >= connectionsMax) return void socket.destroy();
    sockets.set(socket, caller);
    socket.once('close', () => sockets.delete(socket));
    // A reset by the far end is not news; the session notices the close by itself.
    socket.on('error', () => {});
    injector.injectConnection(socket);
  }

  function covers(address: TcpAddress): boolean {
    return [...listeners.values()].some(({ address: held }) => held !== null && held.port === address.port && isWildcard(held.host) && familyOf(held.host) === familyOf(address.host));
  }

  return {
    raw,
    accept,
    listen: async (address, signal) => {
      if (address.port !== 0 && (covers(address) || listeners.has(keyOf(address)))) return address.port;
      hasTcp = true;
      const server = createServer(acceptTcp);
      const port = await bind(server, address, signal);
      if (closed) {
        server.close();
        throw failure('node.start-failed', { ...address, problem: 'the server is closing' });
      }
      listeners.set(keyOf({ host: address.host, port }), { server, address: { host: address.host, port } });
      return port;
    },
    listenUnix: async (path, mode) => {
      const isPeer = localPeers(path);
      const server = await openLocalDoor(path, mode, (socket, peer) => (isPeer(peer) ? accept(socket) : void socket.destroy()));
      listeners.set(path, { server, address: null });
    },
    cut: (keep) => {
      for (const [socket, caller] of sockets) if (!keep(caller())) socket.destroy();
    },
    unlisten: (address) => {
      listeners.get(keyOf(address))?.server.close();
      listeners.delete(keyOf(address));
    },
    close: async (graceMs) => {
      closed = true;
      for (const { server } of listeners.values()) server.close();
      listeners.clear();
      await shutdown(raw, graceMs);
      injector.destroy();
      (await tls)?.close();
      for (const socket of sockets.keys()) socket.destroy();
    },
  };
}

/** Lets calls finish, and cuts them when that takes too long. */
function shutdown(raw: grpc.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      raw.forceShutdown();
      resolve();
    }, graceMs);
    raw.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}

const keyOf = ({ host, port }: TcpAddress): string => `${host} ${port}`;
const isWildcard = (host: string): boolean => parseIp(host)?.value === 0n;
const familyOf = (host: string): number | undefined => parseIp(host)?.family;
