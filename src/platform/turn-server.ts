import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket as StreamSocket } from 'node:net';
import { type Clock } from '../base/clock.ts';
import { failure, type Failure } from '../base/failure.ts';
import { type TurnServer, type TurnServerOptions, type TurnServers } from '../node/path-ports.ts';
import { createTurnFront, type TurnFront, type TurnRemote } from './turn-server-front.ts';
import { classify, frameCutter, padded } from './turn-frames.ts';
import { sourceOf } from './turn-server-meter.ts';

export const turnListenLimits = {
  connectionsMax: 256, connectionsPerSourceMax: 16,
  /** A connection without an allocation ends after so long, however much it says. */
  strangerMs: 10_000,
  silentMs: 300_000,
  /** What waits for a reader that does not read; more is dropped. */
  waitingBytesMax: 256 * 1024,
} as const;

/** A burst of several tunnels; the system may give less. */
const bufferBytes = 4 << 20;
const lookMs = 5_000;

/** STUN and TURN (RFC 8489, RFC 8656): UDP and TCP at `port`, and binding requests at the UDP port above. */
export function createTurnServers(clock: Clock): TurnServers {
  return {
    start: async (options) => {
      const front = createTurnFront(options, clock);
      const closers: (() => Promise<void>)[] = [];
      const close = async (): Promise<void> => {
        front.close();
        await Promise.all(closers.splice(0).map((each) => each()));
      };
      try {
        for (const host of hostsOf(options)) await listenAt(host, options.port, front, clock, closers);
        if (closers.length === 0) throw failure('node.start-failed', { port: options.port, problem: 'no address to listen on' });
      } catch (error) {
        await close();
        throw error;
      }
      return { stats: front.stats, recheck: front.recheck, close } satisfies TurnServer;
    },
  };
}

/** The IPv6 wildcard stands for both families, as it does for TCP. */
function hostsOf({ hosts }: TurnServerOptions): readonly string[] {
  return [...new Set(hosts.includes('::') ? ['0.0.0.0', ...hosts] : hosts)];
}

async function listenAt(host: string, port: number, front: TurnFront, clock: Clock, closers: (() => Promise<void>)[]): Promise<void> {
  try {
    closers.push(await listenUdp(host, port, (bytes, remote) => front.receive(bytes, remote)));
    closers.push(await listenUdp(host, port + 1, (bytes, remote) => {
      if (classify(bytes) === 'binding') front.receive(bytes, remote);
    }));
    closers.push(await listenTcp(host, port, front, clock));
  } catch (error) {
    // A machine without this family still serves the other one.
    if ((error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw asProblem(error, host, port);
  }
}

function asProblem(error: unknown, host: string, port: number): Failure {
  const { code, port: at = port } = error as NodeJS.ErrnoException & { readonly port?: number };
  return failure(code === 'EADDRINUSE' ? 'node.port-in-use' : 'node.start-failed', { port: at, host, problem: error instanceof Error ? error.message : String(error) }, error);
}

function listenUdp(host: string, port: number, receive: (bytes: Buffer, remote: TurnRemote) => void): Promise<() => Promise<void>> {
  const socket = createSocket(host.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  const send = (to: { readonly address: string; readonly port: number }) => (bytes: Buffer): boolean => {
    if (socket.getSendQueueSize() > bufferBytes) return false;
    // Without a callback, an error of one datagram would be an error of the socket.
    socket.send(bytes, to.port, to.address, () => {});
    return true;
  };
  socket.on('message', (bytes, from) => receive(bytes, { key: `udp ${host} ${port} ${from.address} ${from.port}`, ip: from.address, port: from.port, datagrams: true, send: send(from) }));
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      // Errors of single datagrams (a port unreachable) end nothing.
      socket.on('error', () => {});
      enlarge(socket);
      resolve(() => new Promise((done) => socket.close(() => done())));
    });
  });
}

function enlarge(socket: DatagramSocket): void {
  try {
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The system's own size will do.
  }
}

function listenTcp(host: string, port: number, front: TurnFront, clock: Clock): Promise<() => Promise<void>> {
  const connections = new Set<StreamSocket>();
  const perSource = new Map<string, number>();
  const server: Server = createServer((socket) => {
    const source = sourceOf(socket.remoteAddress ?? '');
    const held = perSource.get(source) ?? 0;
    socket.on('error', () => socket.destroy());
    if (connections.size >= turnListenLimits.connectionsMax || held >= turnListenLimits.connectionsPerSourceMax || socket.remotePort === undefined) return void socket.destroy();
    connections.add(socket);
    perSource.set(source, held + 1);
    socket.on('close', () => {
      connections.delete(socket);
      const left = (perSource.get(source) ?? 1) - 1;
      if (left > 0) perSource.set(source, left);
      else perSource.delete(source);
    });
    serve(socket, `tcp ${host} ${port} ${socket.remoteAddress} ${socket.remotePort}`, front, clock);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host.includes(':'), backlog: 128 }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve(() => new Promise((done) => {
        for (const socket of connections) socket.destroy();
        server.close(() => done());
      }));
    });
  });
}

/** One connection: frames go in one by one, and whoever is slow, silent or nobody for too long is cut off. */
function serve(socket: StreamSocket, key: string, front: TurnFront, clock: Clock): void {
  const remote: TurnRemote = {
    key, ip: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, datagrams: false,
    send: (bytes) => {
      if (socket.destroyed || socket.writableLength > turnListenLimits.waitingBytesMax) return false;
      socket.write(padded(bytes));
      return true;
    },
  };
  let begunMs = clock.monotonicMs();
  const cut = frameCutter((frame) => {
    begunMs = clock.monotonicMs();
    front.receive(frame, remote);
  });
  const bornMs = begunMs;
  let cancel = (): void => {};
  const look = (): void => {
    const nowMs = clock.monotonicMs();
    const stranger = !front.allocated(key) && nowMs - bornMs > turnListenLimits.strangerMs;
    if (stranger || nowMs - begunMs > turnListenLimits.silentMs) return void socket.destroy();
    cancel = clock.after(lookMs, look);
  };
  cancel = clock.after(lookMs, look);
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    if (!cut(chunk)) socket.destroy();
  });
  socket.on('close', () => {
    cancel();
    front.forget(key);
  });
}
