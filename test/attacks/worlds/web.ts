import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { silentLog } from '../../../src/base/log.ts';
import { serve } from '../../../src/contract/carrier.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { type PageServer, servePages } from '../../../src/web/http.ts';
import { createTickets, type Tickets } from '../../../src/web/tickets.ts';
import { createFakeApp, type FakeApp } from '../../fakes/app.ts';
import { atEnd, once } from '../attack.ts';

/** The web shell's real page server with a made-up core behind it, and a secret beside the folder of pages. */
export interface WebWorld {
  readonly server: PageServer;
  readonly tickets: Tickets;
  readonly app: FakeApp;
  /** `name=value` of a browser that came in. */
  readonly cookie: string;
  readonly origin: string;
}

const served = once(async (): Promise<Omit<WebWorld, 'cookie'>> => {
  const folder = mkdtempSync(join(tmpdir(), 'wm-attack-web-'));
  writeFileSync(join(folder, 'index.html'), '<h1>page</h1>');
  writeFileSync(`${folder}.secret`, 'secret');
  const tickets = createTickets(systemClock, systemRandom);
  const app = createFakeApp(systemClock, { scene: 'connected' });
  const server = await servePages({ pages: folder, port: 0, tickets, log: silentLog, open: (port) => serve(port, app.handlers, app.topics) });
  atEnd(async () => {
    await server.close();
    app.close();
    rmSync(folder, { recursive: true });
    rmSync(`${folder}.secret`);
  });
  return { server, tickets, app, origin: `http://${server.authority}` };
});

/** With a browser that came in just now: only the newest sixteen are remembered. */
export async function webWorld(): Promise<WebWorld> {
  const world = await served();
  return { ...world, cookie: (await get(world.server, `/?ticket=${world.tickets.issue()}`)).cookie };
}

export interface Got {
  readonly status: number;
  readonly body: string;
  readonly cookie: string;
}

/** One HTTP request with any headers. */
export function get({ authority }: PageServer, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const [host, port] = authority.split(':');
  return new Promise((resolve, reject) => {
    const call = request({ host, port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, cookie: (response.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '' }));
    });
    call.on('error', reject).end();
  });
}

/** How an upgrade to a WebSocket ends: open, or the answer's status. */
export function upgrade({ authority }: PageServer, headers: Record<string, string>, path = '/ws'): Promise<string> {
  const socket = new WebSocket(`ws://${authority}${path}`, { headers });
  return new Promise((resolve) => {
    socket.once('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.once('error', (error) => resolve(/\d{3}/.exec(error.message)?.[0] ?? error.message));
  });
}

/** Sends bytes as they are, and tells how the connection ends: the first line of the answer, or closed. */
export function raw({ authority }: PageServer, bytes: string | Buffer, waitMs = 15_000): Promise<string> {
  const [host, port] = authority.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(text === '' ? 'open without an answer' : firstLine(text));
    }, waitMs);
    socket.on('error', () => {});
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text === '' ? 'closed' : firstLine(text));
    });
    socket.write(bytes);
  });
}

const firstLine = (text: string): string => text.slice(0, text.indexOf('\r\n')).replace('HTTP/1.1 ', '');
