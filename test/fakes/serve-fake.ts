import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../../src/base/clock.ts';
import { serve, type Port } from '../../src/contract/carrier.ts';
import { createFakeApp, type FakeApp, type FakeOptions } from './app.ts';

/** The built pages with a made-up core behind them, on one loopback port. For tests and screenshots only. */
export interface FakeServer {
  readonly url: string;
  readonly app: FakeApp;
  /** Drops every open page's connection, as a core that died would. */
  drop(): void;
  /** While true, new connections are refused. */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

export interface ServeOptions extends FakeOptions {
  readonly port?: number;
  /** The built pages; `dist/renderer` unless told here or by WEBMESH_PAGES. */
  readonly root?: string;
  /** Moves metrics and peers by itself this often; 0 leaves time to `app.tick()`. */
  readonly tickMs?: number;
  readonly clock?: Clock;
}

/** The policy that the product's shells send too: nothing from elsewhere, nothing inline. */
export const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const builtPages = join(import.meta.dirname, '../../dist/renderer');
const types: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png' };

export async function serveFake({ port = 0, root = process.env['WEBMESH_PAGES'] ?? builtPages, tickMs = 0, clock = systemClock, ...options }: ServeOptions = {}): Promise<FakeServer> {
  const app = createFakeApp(clock, options);
  const http = createServer((request, response) => void page(root, request, response));
  const sockets = new WebSocketServer({ noServer: true });
  let refusing = false;
  http.on('upgrade', (request, socket, head) => {
    if (refusing || request.url !== '/ws') socket.destroy();
    else sockets.handleUpgrade(request, socket, head, (ws) => serve(portOf(ws), app.handlers, app.topics));
  });
  await new Promise<void>((done) => http.listen(port, '127.0.0.1', done));
  const address = http.address();
  const timer = tickMs > 0 ? setInterval(() => app.tick(), tickMs) : undefined;
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}/`,
    app,
    drop: () => sockets.clients.forEach((ws) => ws.terminate()),
    refuse: (on) => void (refusing = on),
    close: async () => {
      clearInterval(timer);
      app.close();
      sockets.clients.forEach((ws) => ws.terminate());
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  };
}

/** A port whose peer may be gone: sends to a closed socket are dropped. */
function portOf(ws: WebSocket): Port {
  return {
    send: (message) => void (ws.readyState === ws.OPEN && ws.send(JSON.stringify(message))),
    onMessage: (receive) => void ws.on('message', (data) => receive(JSON.parse(String(data)))),
    onClose: (closed) => void ws.on('close', closed),
    close: () => ws.close(),
  };
}

async function page(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
  const file = join(root, path === '/' ? 'index.html' : path);
  const body = file.startsWith(root) ? await readFile(file).catch(() => undefined) : undefined;
  if (body === undefined) return void response.writeHead(404).end('not here');
  response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream', 'content-security-policy': contentPolicy }).end(body);
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

// `node test/fakes/serve-fake.ts [scene] [peers] [port]` serves until Ctrl-C.
if (process.argv[1] === import.meta.filename) {
  const [scene = 'connected', peers, port = '5199'] = process.argv.slice(2);
  const server = await serveFake({ scene: scene as NonNullable<FakeOptions['scene']>, ...(peers === undefined ? {} : { peers: Number(peers) }), port: Number(port), tickMs: 1000 });
  process.stdout.write(`${server.url}\n`);
}
