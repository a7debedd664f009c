import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../base/log.ts';
import { attach } from '../contract/client.ts';
import { serve } from '../contract/carrier.ts';
import { present } from '../contract/wait.ts';
import { systemClock } from '../platform/clock.ts';
import { systemRandom } from '../platform/random.ts';
import { createFakeApp } from '../../test/fakes/app.ts';
import { messageLimits } from '../platform/message-limits.ts';
import { createFileSecrets } from '../platform/secrets-file.ts';
import { webServerTls } from '../platform/web-tls.ts';
import { limits, servePages, type PageServer } from './http.ts';
import { createTickets, type Tickets } from './tickets.ts';
import { webSocketPort } from './web-socket-port.ts';

let folder = '';
let server: PageServer;
let tickets: Tickets;
const app = createFakeApp(systemClock, { scene: 'connected' });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wm-web-'));
  await mkdir(join(folder, 'pages'));
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'pages/index.html'), '<h1>page</h1>');
  tickets = createTickets(systemClock, systemRandom);
  server = await servePages({ pages: join(folder, 'pages'), port: 0, tickets, log: silentLog, open: (port) => serve(port, app.handlers, app.topics) });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const cookieOf = async (): Promise<string> => {
  const { headers } = await get(`/?ticket=${tickets.issue()}`);
  return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
};
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const [host, port] = server.authority.split(':');
  return new Promise((resolve, reject) => {
    const call = request({ host, port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    call.on('error', reject).end();
  });
}
function socket(headers: Record<string, string>): WebSocket {
  return new WebSocket(`ws://${server.authority}/ws`, { headers });
}
const refused = (ws: WebSocket): Promise<string> =>
  new Promise((resolve) => {
    ws.once('open', () => resolve('open'));
    ws.once('error', (error) => resolve(error.message));
  });

test('a ticket becomes a strict cookie, the cookie opens the page, and both carry every guard header', async () => {
  const door = await get(`/?ticket=${tickets.issue()}`, { 'sec-fetch-site': 'cross-site' });
  expect([door.status, door.headers['set-cookie']]).toEqual([200, [expect.stringMatching(/^webmesh-\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/)]]);
  expect(door.body).toContain('content="0;url=/"');
  expect((await get(`/?ticket=${tickets.issue()}`)).body).toBe('<h1>page</h1>');
  const page = await get('/', { cookie: await cookieOf() });
  expect([page.status, page.body]).toEqual([200, '<h1>page</h1>']);
  for (const { headers } of [door, page, await get('/')]) {
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['access-control-allow-origin']).toBe(undefined);
  }
});

test('strangers get 403 and nothing else: no cookie, a used ticket, a re-bound name, another origin', async () => {
  const ticket = `/?ticket=${tickets.issue()}`;
  await get(ticket);
  const cookie = await cookieOf();
  const answers = await Promise.all([
    get('/'), get(ticket), get('/', { cookie, host: `evil.example:${server.authority.split(':')[1]}` }), get('/', { cookie, origin: 'http://evil.example' }),
  ]);
  expect(answers.map(({ status, headers }) => [status, headers['set-cookie']])).toEqual(Array(4).fill([403, undefined]));
});

test('raw request lines cannot climb out of the folder', async () => {
  const cookie = await cookieOf();
  for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/./../secret.txt']) expect((await get(path, { cookie })).status).toBe(404);
});

test('the page talks to the core through the WebSocket', async () => {
  const ws = socket({ cookie: await cookieOf(), origin: `http://${server.authority}` });
  const client = attach(webSocketPort(ws));
  expect(await present(client, 'session')).toMatchObject({ phase: 'connected' });
  await expect(client.call('peer.ping', { id: 'attic' })).resolves.toEqual({ latencyMs: 8.5 });
  await expect(client.call('peer.ping', { id: '' })).rejects.toMatchObject({ code: 'input.invalid' });
  client.close();
});

test('a WebSocket without cookie or from another origin is refused', async () => {
  const cookie = await cookieOf();
  const origin = `http://${server.authority}`;
  const answers = await Promise.all([socket({ origin }), socket({ cookie }), socket({ cookie, origin: 'http://evil.example' }), socket({ cookie: 'webmesh-1=x', origin })].map(refused));
  expect(answers).toEqual(Array(4).fill('Unexpected server response: 403'));
});

test('a message that is too long or no JSON ends that window only', async () => {
  const headers = { cookie: await cookieOf(), origin: `http://${server.authority}` };
  const code = (data: string): Promise<number> =>
    new Promise((resolve) => {
      const ws = socket(headers);
      ws.once('open', () => ws.send(data));
      ws.once('close', resolve);
    });
  expect(await Promise.all([code('x'.repeat(limits.messageBytesMax + 1)), code('not json')])).toEqual([1009, 1003]);
  expect((await get('/', headers)).status).toBe(200);
});

test('half a request does not hold the server open', async () => {
  const [host, port] = server.authority.split(':');
  const slow = connect(Number(port), host);
  slow.on('error', () => {});
  await new Promise<void>((resolve) => slow.once('connect', () => resolve()));
  slow.write('GET / HTTP/1.1\r\nHost:');
  await server.close();
  server = await servePages({ pages: folder, port: 0, tickets, log: silentLog, open: () => {} });
});

test('a port that is taken is one clear failure', async () => {
  const taken = Number(server.authority.split(':')[1]);
  await expect(servePages({ pages: folder, port: taken, tickets, log: silentLog, open: () => {} })).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'port' } });
});

test.runIf(process.platform === 'linux' && process.geteuid?.() === 0)('another user of this machine gets nothing, not even with a ticket or a cookie that he caught', async () => {
  const cookie = await cookieOf();
  const ticket = tickets.issue();
  const paths = [`/?ticket=${ticket}`, '/'];
  const code = `Promise.all(${JSON.stringify(paths)}.map((path) => fetch(${JSON.stringify(server.origin)} + path, { headers: { cookie: ${JSON.stringify(cookie)} } }).then(({ status }) => status))).then((all) => console.log(JSON.stringify(all)))`;
  const child = spawn('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (data) => (said += String(data)));
  await once(child, 'close');
  expect(JSON.parse(said)).toEqual([403, 403]);
  expect((await get(`/?ticket=${ticket}`)).status).toBe(200);
  expect((await get('/', { cookie })).status).toBe(200);
});

test('a page that floods its socket hears Failures, and others go on', async () => {
  const headers = { cookie: await cookieOf(), origin: `http://${server.authority}` };
  const ws = socket(headers);
  await once(ws, 'open');
  const replies: { ok: boolean; failure?: { code: string } }[] = [];
  const count = messageLimits.atOnce + 400;
  const all = new Promise<void>((resolve) => ws.on('message', (data) => {
    const message = JSON.parse(String(data)) as { kind: string; ok: boolean };
    if (message.kind === 'reply') replies.push(message);
    if (replies.length === count) resolve();
  }));
  for (let id = 0; id < count; id++) ws.send(JSON.stringify({ kind: 'call', id, name: 'session.nothing', input: {} }));
  await all;
  expect(replies.filter(({ failure }) => failure?.code === 'app.busy').length).toBeGreaterThan(0);
  ws.close();
  const client = attach(webSocketPort(socket(headers)));
  expect(await present(client, 'session')).toMatchObject({ phase: 'connected' });
  client.close();
});

test('with TLS the cookie is secure and bound to the host, and plain HTTP is not answered', async () => {
  const tls = await webServerTls(createFileSecrets(join(folder, 'secrets')), Date.now());
  const secure = await servePages({ pages: join(folder, 'pages'), port: 0, tickets, log: silentLog, tls, open: () => {} });
  const [host, port] = secure.authority.split(':');
  const answer = await new Promise<{ status: number | undefined; cookie: readonly string[] | undefined }>((resolve, reject) => {
    const call = tlsRequest({ host, port, path: `/?ticket=${tickets.issue()}`, ca: tls.authority, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, cookie: response.headers['set-cookie'] });
    });
    call.on('error', reject).end();
  });
  expect([secure.origin, answer]).toEqual([`https://${secure.authority}`, { status: 200, cookie: [expect.stringMatching(/^__Host-webmesh-\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/; Secure$/)] }]);
  await expect(fetch(`http://${secure.authority}/`)).rejects.toThrow();
  await secure.close();
});
