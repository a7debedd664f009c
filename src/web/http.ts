import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { failure } from '../base/failure.ts';
import { type Log } from '../base/log.ts';
import { type Port } from '../contract/client.ts';
import { mediaType, pageHeaders } from '../contract/page-policy.ts';
import { systemClock } from '../platform/clock.ts';
import { limited } from '../platform/message-limits.ts';
import { loopbackPeerUid, mayUse } from '../platform/tcp-peer.ts';
import { type WebTls } from '../platform/web-tls.ts';
import { cookieName, judge, judgeUpgrade, type Knock, type Scheme } from './guard.ts';
import { type Tickets } from './tickets.ts';
import { webSocketPort } from './web-socket-port.ts';

export interface PageServer {
  /** The name that browsers must use, such as 127.0.0.1:41234. */
  readonly authority: string;
  /** That name as browsers put it before a path. */
  readonly origin: string;
  close(): Promise<void>;
}

export interface PageServerOptions {
  /** Folder of the built page. */
  readonly pages: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tickets: Tickets;
  readonly log: Log;
  /** Left out: plain HTTP, which on loopback no other machine can hear. */
  readonly tls?: Pick<WebTls, 'options'> | undefined;
  /** Gets the carrier of each window. */
  open(port: Port): void;
}

/** Limits: connections and windows at once, bytes in one message of a page, bytes of headers, and how long a request may take to arrive. */
export const limits = { connectionsMax: 128, windowsMax: 16, messageBytesMax: 1 << 20, headerBytesMax: 16 << 10, requestMs: 10_000 } as const;

/**
 * Serves the page and its WebSocket on 127.0.0.1. Who connects must be this user by the word of the kernel, where it has one: a browser gives
 * its cookies to every port of an address, so another user's server could have caught ours. Fails with input.invalid when the wanted port is taken.
 */
export async function servePages({ pages, port, tickets, log, tls, open }: PageServerOptions): Promise<PageServer> {
  let authority = '';
  let isOurs = (_socket: Socket): Promise<boolean> => Promise.resolve(false);
  const scheme: Scheme = tls === undefined ? 'http' : 'https';
  const settings = { maxHeaderSize: limits.headerBytesMax, requestTimeout: limits.requestMs, headersTimeout: limits.requestMs };
  const take = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response).catch(() => response.destroy());
  const server = tls === undefined ? createServer(settings, take) : createTlsServer({ ...settings, ...tls.options }, take);
  server.maxConnections = limits.connectionsMax;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytesMax, perMessageDeflate: false });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await isOurs(request.socket))) {
      log.warn('request.refused', { status: 403, why: 'user' });
      return void response.writeHead(403, { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' }).end(refusal[403]);
    }
    const verdict = judge(knockOf(request), authority, tickets, scheme);
    switch (verdict.kind) {
      case 'refuse':
        log.debug('request.refused', { status: verdict.status, why: verdict.why });
        return void response.writeHead(verdict.status, { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' }).end(refusal[verdict.status]);
      case 'admit':
        response.setHeader('set-cookie', setCookie(cookieName(authority, scheme), verdict.cookie, scheme));
        // Browsers say where a request comes from. What does not is a program, which follows no page and gets the page itself.
        if (request.headers['sec-fetch-site'] === undefined) return sendFile(request, response, 'index.html');
        return void response.writeHead(200, { ...pageHeaders, 'content-type': mediaType('.html') }).end(doorPage);
      case 'file':
        return sendFile(request, response, verdict.file);
    }
  }

  async function sendFile(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
    const content = await readFile(join(pages, file)).catch(() => undefined);
    if (content === undefined) return void response.writeHead(404, { ...pageHeaders, 'content-type': 'text/plain' }).end(refusal[404]);
    response.writeHead(200, { ...pageHeaders, 'content-type': mediaType(file), 'content-length': content.length });
    response.end(request.method === 'HEAD' ? undefined : content);
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    void upgrade(request, socket, head).catch(() => socket.destroy());
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const known = await isOurs(request.socket);
    const verdict = !known ? 'user' : sockets.clients.size >= limits.windowsMax ? 'full' : judgeUpgrade(knockOf(request), authority, tickets, scheme);
    if (verdict !== 'admit') {
      log.debug('upgrade.refused', { why: verdict });
      return void socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }
    sockets.handleUpgrade(request, socket, head, (connection) => open(limited(webSocketPort(connection), systemClock)));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(failure('input.invalid', { field: 'port', problem: `cannot listen on port ${port} (${error.code ?? error.message})` }, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  authority = `127.0.0.1:${bound}`;
  isOurs = await userCheck(bound, log);
  return {
    authority,
    origin: `${scheme}://${authority}`,
    close: async () => {
      for (const connection of sockets.clients) connection.terminate();
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
    },
  };
}

/**
 * Asks the kernel about a connection of our own first. Where that is not answered (other systems, some sandboxes) no other will be, and the
 * cookie alone decides; where it is, a connection that the kernel does not know is refused.
 */
async function userCheck(port: number, log: Log): Promise<(socket: Socket) => Promise<boolean>> {
  const own = connect(port, '127.0.0.1');
  const localPort = await new Promise<number>((resolve) => {
    own.once('connect', () => resolve(own.localPort ?? 0));
    own.once('error', () => resolve(0));
  });
  const told = await loopbackPeerUid({ localPort: port, remotePort: localPort });
  own.destroy();
  if (told === undefined) {
    log.info('users.not-told', {});
    return () => Promise.resolve(true);
  }
  const verdicts = new WeakMap<Socket, Promise<boolean>>();
  return (socket) => {
    const known = verdicts.get(socket);
    if (known !== undefined) return known;
    const verdict = loopbackPeerUid({ localPort: port, remotePort: socket.remotePort ?? 0 }).then((uid) => uid !== undefined && mayUse(uid));
    verdicts.set(socket, verdict);
    return verdict;
  };
}

const refusal = {
  400: 'This request makes no sense here.\n',
  403: 'This page belongs to the person who started Webmesh. Run "webmesh open" for a fresh link.\n',
  404: 'There is no such file.\n',
  405: 'Only GET is answered here.\n',
} as const;

/**
 * The cookie is SameSite=Strict, so a browser that was sent here by a file or by another page would not send it with a redirect.
 * A page of our own that goes on to the root is a request from our own site, with the cookie.
 */
const doorPage = '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Webmesh</title><p><a href="/">Continue to Webmesh</a></p></html>\n';

function setCookie(name: string, value: string, scheme: Scheme): string {
  return `${name}=${value}; HttpOnly; SameSite=Strict; Path=/${scheme === 'https' ? '; Secure' : ''}`;
}

function knockOf({ method, url, headers }: IncomingMessage): Knock {
  const one = (name: string): string | undefined => (typeof headers[name] === 'string' ? headers[name] : undefined);
  return {
    method: method ?? '',
    url: url ?? '',
    host: headers.host,
    origin: headers.origin,
    cookie: headers.cookie,
    fetchSite: one('sec-fetch-site'),
    fetchDest: one('sec-fetch-dest'),
  };
}
