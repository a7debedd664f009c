import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { type HttpPage, type MetricsHttp, type MetricsHttps } from '../node/path-ports.ts';
import { sourceOf } from './connection-shares.ts';
import { bind, type TcpAddress } from './grpc-listen.ts';

/** Of one page, over all its addresses. `timeMs` bounds the arrival of a request, its answer, and the quiet between two requests: each of them. */
export const httpLimits = { connectionsMax: 16, connectionsPerSourceMax: 4, refusalsMax: 16, headerBytesMax: 8 << 10, timeMs: 10_000, refusalMs: 1_000 } as const;
type Limits = { readonly [Name in keyof typeof httpLimits]: number };

export const metricsHttps: MetricsHttps = { create: (page) => createMetricsHttp(page) };

interface Place {
  readonly source: string;
  readonly listener: string;
  /** Ends the connection when nothing else happens within the limit. */
  await(): void;
  isAnswering: boolean;
}

const forbidden = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/**
 * Serves one page. Who is not admitted is told so without being read, and takes no place of those who are. One request at a time on a connection:
 * what comes before the answer to the one before it ends the connection.
 */
export function createMetricsHttp(page: HttpPage, limits: Limits = httpLimits): MetricsHttp {
  const servers = new Map<string, Server>();
  const places = new Map<Socket, Place>();
  // It gets connections by hand, after they were judged, so its own clocks never run: places have theirs.
  const http = createHttp({ maxHeaderSize: limits.headerBytesMax, keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }, (request, response) => {
    void take(request, response).catch(() => response.destroy());
  });
  let refusals = 0;

  function accept(socket: Socket, listener: string): void {
    const address = socket.remoteAddress ?? '';
    const source = sourceOf(address);
    const fromSource = [...places.values()].filter((place) => place.source === source).length;
    if (!page.admits(address)) return refuse(socket);
    if (places.size >= limits.connectionsMax || fromSource >= limits.connectionsPerSourceMax) return void socket.destroy();
    let timer: NodeJS.Timeout | undefined;
    const place: Place = {
      source, listener, isAnswering: false,
      await: () => {
        clearTimeout(timer);
        timer = setTimeout(() => socket.destroy(), limits.timeMs);
      },
    };
    places.set(socket, place);
    socket.once('close', () => {
      clearTimeout(timer);
      places.delete(socket);
    });
    place.await();
    http.emit('connection', socket);
  }

  function refuse(socket: Socket): void {
    if (refusals >= limits.refusalsMax) return void socket.destroy();
    refusals += 1;
    const timer = setTimeout(() => socket.destroy(), limits.refusalMs);
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      refusals -= 1;
    });
    // What it says is thrown away: closing over unread bytes would reset the connection, and the answer with it.
    socket.resume().end(forbidden);
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const place = places.get(socket);
    if (place === undefined || place.isAnswering) return void socket.destroy();
    place.isAnswering = true;
    place.await();
    response.once('close', () => {
      place.isAnswering = false;
      if (places.has(socket)) place.await();
    });
    // Nobody has anything to send here; a body is not read, so the connection is of no use after it.
    if (hasBody(request)) response.setHeader('connection', 'close');
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const { status, headers, body } = await page.answer({ method: request.method ?? '', path, source: socket.remoteAddress ?? '' });
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...headers, 'x-content-type-options': 'nosniff', 'content-length': bytes.length });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  function unlisten(listener: string): void {
    servers.get(listener)?.close();
    servers.delete(listener);
    for (const [socket, place] of places) if (place.listener === listener) socket.destroy();
  }

  return {
    listen: async (address, signal) => {
      const listener = keyOf(address);
      const server = createServer((socket) => accept(socket, listener));
      const port = await bind(server, address, signal);
      if (signal.aborted) server.close();
      signal.throwIfAborted();
      servers.set(listener, server);
      return port;
    },
    unlisten: (address) => unlisten(keyOf(address)),
    close: async () => {
      const ended = [...servers.values()].map((server) => new Promise<void>((resolve) => server.once('close', resolve)));
      for (const listener of [...servers.keys()]) unlisten(listener);
      await Promise.all(ended);
    },
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0');
}

function keyOf({ host, port }: TcpAddress): string {
  return `${host} ${port}`;
}
