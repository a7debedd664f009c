import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { asFailure } from '../base/failure.ts';
import { type HttpAnswer, type HttpRequest, type MetricsHttp } from '../node/path-ports.ts';
import { createMetricsHttp, httpLimits } from './metrics-http.ts';
import { openProcessMeter } from './process-metrics.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const host = '127.0.0.1';
const good: HttpAnswer = { status: 200, headers: { 'content-type': 'text/plain' }, body: 'a 1\n' };
const never = new AbortController().signal;

async function serve({ answer = async () => good, admits = () => true, limits = {} }: { answer?: (asked: HttpRequest) => Promise<HttpAnswer>; admits?: (source: string) => boolean; limits?: Partial<Record<keyof typeof httpLimits, number>> } = {}): Promise<{ http: MetricsHttp; port: number }> {
  const http = createMetricsHttp({ admits, answer }, { ...httpLimits, ...limits });
  ends.push(() => http.close());
  return { http, port: await http.listen({ host, port: 0 }, never) };
}

/** Sends bytes and collects what comes back until the other side ends. */
function raw(port: number, text: string): Promise<string> {
  const { socket, said } = open(port);
  socket.write(text);
  return said;
}

function open(port: number, from = host): { socket: Socket; said: Promise<string> } {
  const socket = connect({ host, port, localAddress: from });
  ends.push(() => socket.destroy());
  let seen = '';
  socket.setEncoding('latin1').on('data', (text) => (seen += text)).on('error', () => {});
  return { socket, said: new Promise((resolve) => socket.once('close', () => resolve(seen))) };
}

const get = (path = '/metrics', more = ''): string => `GET ${path} HTTP/1.1\r\nhost: whatever\r\n${more}\r\n`;
const statusOf = (text: string): string => text.split('\r\n', 1)[0] ?? '';

test('answers GET and HEAD, tells method, path and source, and keeps the connection for the next', async () => {
  const asked: HttpRequest[] = [];
  const { port } = await serve({ answer: async (one) => { asked.push(one); return good; } });
  const { socket, said } = open(port);
  socket.write(get('/metrics?name=x'));
  await new Promise((done) => socket.once('data', done));
  socket.write(`HEAD /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  const text = (await said).replace(/date: .*\r\n/gi, '');
  expect(asked).toEqual([{ method: 'GET', path: '/metrics', source: host }, { method: 'HEAD', path: '/metrics', source: host }]);
  expect(text.split('HTTP/1.1 ').slice(1).map((each) => [each.split('\r\n\r\n')[0]?.toLowerCase().split('\r\n').filter((line) => !/^(connection|keep-alive)/.test(line)), each.split('\r\n\r\n')[1]])).toEqual([
    [['200 ok', 'content-type: text/plain', 'x-content-type-options: nosniff', 'content-length: 4'], 'a 1\n'],
    [['200 ok', 'content-type: text/plain', 'x-content-type-options: nosniff', 'content-length: 4'], ''],
  ]);
});

test('who is not admitted hears 403, is not read, and takes no place', async () => {
  let asked = 0;
  const { port } = await serve({ admits: (source) => source === '127.0.0.2', answer: async () => { asked += 1; return good; }, limits: { connectionsMax: 1, refusalMs: 200 } });
  const silent = Array.from({ length: 8 }, () => open(port));
  expect(statusOf(await raw(port, get()))).toBe('HTTP/1.1 403 Forbidden');
  const member = open(port, '127.0.0.2');
  member.socket.write(get('/metrics', 'connection: close\r\n'));
  expect([statusOf(await member.said), asked]).toEqual(['HTTP/1.1 200 OK', 1]);
  expect(new Set((await Promise.all(silent.map(({ said }) => said))).map(statusOf))).toEqual(new Set(['HTTP/1.1 403 Forbidden']));
});

test('sixteen connections, four from one address; more are closed, and a place that is free again is given again', async () => {
  const { port } = await serve();
  const held = Array.from({ length: 20 }, (_, i) => open(port, `127.0.0.${1 + Math.floor(i / 4)}`));
  expect((await Promise.all(held.slice(16).map(({ said }) => said))).join('')).toBe('');
  await expect(raw(port, get())).resolves.toBe('');
  held[0]?.socket.destroy();
  await expect.poll(async () => statusOf(await raw(port, get('/metrics', 'connection: close\r\n')))).toBe('HTTP/1.1 200 OK');
});

test('a fifth connection from one address is closed though there is room', async () => {
  const { port } = await serve();
  for (let i = 0; i < 4; i++) open(port);
  expect(await raw(port, get())).toBe('');
  const other = open(port, '127.0.0.2');
  other.socket.write(get('/metrics', 'connection: close\r\n'));
  expect(statusOf(await other.said)).toBe('HTTP/1.1 200 OK');
});

test('a second request before the first was answered ends the connection', async () => {
  let asked = 0;
  const { port } = await serve({ answer: () => { asked += 1; return new Promise(() => {}); } });
  expect(await raw(port, get() + get() + get())).toBe('');
  expect(asked).toBe(1);
});

test('more than 8 KB of headers, and what is no HTTP, are refused', async () => {
  const { port } = await serve();
  expect(statusOf(await raw(port, get('/metrics', `x: ${'y'.repeat(9_000)}\r\n`)))).toBe('HTTP/1.1 431 Request Header Fields Too Large');
  expect(statusOf(await raw(port, '\x16\x03\x01\x02\x00garbage\r\n\r\n'))).toBe('HTTP/1.1 400 Bad Request');
  expect(statusOf(await raw(port, 'CONNECT example.com:443 HTTP/1.1\r\nhost: a\r\n\r\n'))).toBe('');
});

test('a body is not read: the answer comes, then the connection ends', async () => {
  const { port } = await serve();
  const text = await raw(port, `POST /metrics HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\nsome`);
  expect([statusOf(text), /connection: close/i.test(text)]).toEqual(['HTTP/1.1 200 OK', true]);
});

test('a request that does not come, an answer that does not, and quiet after one: each ends after the limit', async () => {
  const slow = await serve({ limits: { timeMs: 150 }, answer: ({ path }) => (path === '/never' ? new Promise(() => {}) : Promise.resolve(good)) });
  const trickle = open(slow.port);
  trickle.socket.write('GET /metrics HTTP/1.1\r\n');
  const drip = setInterval(() => trickle.socket.write('x: y\r\n'), 20);
  ends.push(() => clearInterval(drip));
  const [none, half, unanswered, quiet] = await Promise.all([raw(slow.port, ''), trickle.said, raw(slow.port, get('/never')), raw(slow.port, get())]);
  expect([none, half, unanswered, statusOf(quiet)]).toEqual(['', '', '', 'HTTP/1.1 200 OK']);
});

test('an address that goes away ends its connections; another one stays', async () => {
  const { http, port } = await serve();
  const other = await http.listen({ host: '127.0.0.2', port: 0 }, never);
  const held = open(port);
  held.socket.write(get());
  await new Promise((done) => held.socket.once('data', done));
  http.unlisten({ host, port: 0 });
  await held.said;
  const status = await new Promise((done) => request({ host: '127.0.0.2', port: other, path: '/metrics' }, (response) => done(response.resume().statusCode)).end());
  expect(status).toBe(200);
  const taken = await http.listen({ host: '127.0.0.2', port: other }, never).then(() => 'done', (error: unknown) => asFailure(error).code);
  expect(taken).toBe('node.port-in-use');
});

test('an address that this machine does not have is waited for until nobody wants it any more', async () => {
  const http = createMetricsHttp({ admits: () => true, answer: async () => good });
  const stop = new AbortController();
  const waiting = http.listen({ host: '192.0.2.77', port: 18_080 }, stop.signal);
  stop.abort(new DOMException('enough', 'AbortError'));
  await expect(waiting).rejects.toThrow('enough');
  await http.close();
});

test('the process is measured; what the loop was held up for shows', async () => {
  const meter = openProcessMeter();
  ends.push(() => meter.close());
  // The loop is looked at from the first sample on.
  expect(meter.sample().loopDelaySeconds.max).toBe(0);
  await new Promise((done) => setTimeout(done, 250));
  const end = performance.now() + 300;
  while (performance.now() < end);
  await new Promise((done) => setTimeout(done, 250));
  const { runtime, startedAtSeconds, cpuSeconds, residentBytes, loopDelaySeconds } = meter.sample();
  expect([runtime, startedAtSeconds < Date.now() / 1000, cpuSeconds.user > 0, (residentBytes ?? 0) > 1e6]).toEqual([process.version, true, true, true]);
  expect(loopDelaySeconds.max).toBeGreaterThan(0.15);
  expect(loopDelaySeconds.mean).toBeLessThan(loopDelaySeconds.max);
});
