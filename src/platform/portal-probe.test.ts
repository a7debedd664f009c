import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { asFailure } from '../base/failure.ts';
import { portalOf, portalProbe } from './portal-probe.ts';

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
const never = new AbortController().signal;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function ask(answer: RequestListener): Promise<string | null> {
  return portalProbe.look('127.0.0.1', never, await listen(createServer(answer)));
}

test('a network that captures web requests says where to sign in', async () => {
  expect(await ask((_asked, reply) => reply.writeHead(302, { location: 'http://wifi.example/login?back=x' }).end('a long page'))).toBe('http://wifi.example/login?back=x');
  expect(await ask((_asked, reply) => reply.writeHead(511).end())).toBe('http://127.0.0.1/');
});

test('a host that answers for itself is no such network', async () => {
  expect(await ask((_asked, reply) => reply.writeHead(200).end('hello'))).toBe(null);
  expect(await ask((_asked, reply) => reply.writeHead(301, { location: 'https://127.0.0.1/' }).end())).toBe(null);
  expect(await ask((_asked, reply) => reply.writeHead(302, { location: '/elsewhere' }).end())).toBe(null);
});

test('nobody there, or something that is no web server, is no such network either', async () => {
  const tls = createTcpServer((socket) => socket.on('error', () => {}).end('\x15\x03\x01\x00\x02\x02\x46'));
  expect(await portalProbe.look('127.0.0.1', never, await listen(tls))).toBe(null);
  const gone = await listen(createTcpServer());
  ends.pop()?.();
  expect(await portalProbe.look('127.0.0.1', never, gone)).toBe(null);
});

test('who gives up is not answered; a head without an end is refused', async () => {
  const silent = await listen(createTcpServer((socket) => void ends.push(() => socket.destroy())));
  const stop = new AbortController();
  const asked = portalProbe.look('127.0.0.1', stop.signal, silent);
  stop.abort();
  await expect(asked).rejects.toThrow();
  const endless = await listen(createTcpServer((socket) => {
    ends.push(() => socket.destroy());
    socket.on('error', () => {}).write(`HTTP/1.1 302 Found\r\nlocation: http://wifi.example/${'x'.repeat(20_000)}\r\n`);
  }));
  expect(await portalProbe.look('127.0.0.1', never, endless).catch((error: unknown) => asFailure(error).code)).toBe(null);
});

test.each([
  [302, 'javascript:alert(1)', null], [302, 'file:///etc/passwd', null], [302, 'http://user:secret@wifi.example/', null], [302, `http://wifi.example/${'x'.repeat(600)}`, null],
  [302, 'https://wifi.example', 'https://wifi.example/'], [307, '//wifi.example/a', 'http://wifi.example/a'], [302, undefined, null], [404, 'http://wifi.example/', null],
  [511, 'https://wifi.example/in', 'https://wifi.example/in'], [511, 'javascript:alert(1)', 'http://203.0.113.5/'],
])('status %i with location %s', (status, location, expected) => expect(portalOf('203.0.113.5', status, location)).toBe(expected));

test('an IPv6 host is written in brackets', () => expect(portalOf('2001:db8::1', 511, undefined)).toBe('http://[2001:db8::1]/'));
