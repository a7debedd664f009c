import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { failure } from '../base/failure.ts';
import { type Log } from '../base/log.ts';
import { type Port } from '../contract/client.ts';
import { mediaType, pageHeaders } from '../contract/page-policy.ts';
import { cookieName, judge, judgeUpgrade, type Knock } from './guard.ts';
import { type Tickets } from './tickets.ts';
import { webSocketPort } from './web-socket-port.ts';

export interface PageServer {
  /** The name that browsers must use, such as 127.0.0.1:41234. */
  readonly authority: string;
  close(): Promise<void>;
}

export interface PageServerOptions {
  /** Folder of the built page. */
  readonly pages: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tickets: Tickets;
  readonly log: Log;
  /** Gets the carrier of each window. */
  open(port: Port): void;
}

/** Limits: windows at once, bytes in one message of a page, bytes of headers, and how long a request may take to arrive. */
export const limits = { windowsMax: 16, messageBytesMax: 1 << 20, headerBytesMax: 16 << 10, requestMs: 10_000 } as const;

/** Serves the page and its WebSocket on 127.0.0.1. Fails with input.invalid when the wanted port is taken. */
export async function servePages({ pages, port, tickets, log, open }: PageServerOptions): Promise<PageServer> {
  let authority = '';
  const server = createServer({ maxHeaderSize: limits.headerBytesMax, requestTimeout: limits.requestMs, headersTimeout: limits.requestMs }, (request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytesMax, perMessageDeflate: false });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verdict = judge(knockOf(request), authority, tickets);
    switch (verdict.kind) {
      case 'refuse':
        log.debug('request.refused', { status: verdict.status, why: verdict.why });
        return void response.writeHead(verdict.status, { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' }).end(refusal[verdict.status]);
      case 'admit':
        response.setHeader('set-cookie', setCookie(authority, verdict.cookie));
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
    const verdict = sockets.clients.size >= limits.windowsMax ? 'full' : judgeUpgrade(knockOf(request), authority, tickets);
    if (verdict !== 'admit') {
      log.debug('upgrade.refused', { why: verdict });
      return void socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }
    sockets.handleUpgrade(request, socket, head, (connection) => open(webSocketPort(connection)));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(failure('input.invalid', { field: 'port', problem: `cannot listen on port ${port} (${error.code ?? error.message})` }, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    authority,
    close: async () => {
      for (const connection of sockets.clients) connection.terminate();
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
    },
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

function setCookie(authority: string, value: string): string {
  return `${cookieName(authority)}=${value}; HttpOnly; SameSite=Strict; Path=/`;
}

function knockOf({ method, url, headers }: IncomingMessage): Knock {
  return {
    method: method ?? '',
    url: url ?? '',
    host: headers.host,
    origin: headers.origin,
    cookie: headers.cookie,
    fetchSite: typeof headers['sec-fetch-site'] === 'string' ? headers['sec-fetch-site'] : undefined,
  };
}
