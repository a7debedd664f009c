import { type Socket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { createStunProbe } from './stun-client.ts';
import { parseServerUrl } from './stun-url.ts';
import { wire } from './turn-library.ts';
import { openUdp } from './udp-socket.ts';

const never = new AbortController().signal;
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** A server that answers the n-th question of each kind as told: with an address, not at all, or nonsense. */
async function server(answer: (question: Buffer, port: number, asked: number) => readonly Buffer[]): Promise<string> {
  const socket = await openUdp({ family: 4, host: '127.0.0.1' });
  open.push(socket);
  let asked = 0;
  socket.on('message', (bytes, from) => {
    for (const reply of answer(bytes, from.port, asked++)) socket.send(reply, from.port, from.address);
  });
  return `stun:127.0.0.1:${socket.address().port}`;
}

function success(question: Buffer, port: number, ip = '203.0.113.7'): Buffer {
  return Buffer.from(wire.encode_message({ method: 1, cls: 0x100, transactionId: question.subarray(8, 20), attributes: [{ type: 0x0020, value: { ip, port } }] }).buf);
}

test('tells what each server saw, from one port, and null for who is silent or lies', async () => {
  const probe = createStunProbe(systemClock);
  const servers = await Promise.all([
    server((question, port) => [success(question, port)]),
    server((question, _port, asked) => (asked < 2 ? [] : [success(question, 7)])),
    server(() => []),
    server((question) => [Buffer.alloc(3), question, Buffer.alloc(20), success(Buffer.alloc(20), 9), success(question, 1).subarray(0, 26)]),
  ]);
  const answers = await probe.ask([...servers, 'stun:', 'turn:x:1', 'stun:[2001:db8::1]:3478'], { family: 4, timeoutMs: 700 }, never);
  const { localPort } = answers[0] ?? { localPort: 0 };
  expect(answers.map(({ mapped }) => mapped)).toEqual([`203.0.113.7:${localPort}`, '203.0.113.7:7', null, null, null, null, null]);
  expect([answers.every((each) => each.localPort === localPort), answers[0]?.roundTripMs !== null, answers[2]?.roundTripMs]).toEqual([true, true, null]);
});

test('an answer of another than the server is none', async () => {
  const liar = await openUdp({ family: 4, host: '127.0.0.1' });
  open.push(liar);
  const server1 = await server((question, port) => {
    liar.send(success(question, port), port, '127.0.0.1');
    return [];
  });
  expect((await createStunProbe(systemClock).ask([server1], { family: 4, timeoutMs: 200 }, never))[0]?.mapped).toBe(null);
});

test('ends as soon as all answered, and with the signal', async () => {
  const probe = createStunProbe(systemClock);
  const quick = await server((question, port) => [success(question, port)]);
  const startedMs = performance.now();
  await probe.ask([quick, quick], { family: 4, timeoutMs: 5_000 }, never);
  const leaving = new AbortController();
  const asked = probe.ask([await server(() => [])], { family: 4, timeoutMs: 5_000 }, leaving.signal).catch((error: Error) => error.name);
  setTimeout(() => leaving.abort(), 20);
  expect([await asked, performance.now() - startedMs < 2_000]).toEqual(['AbortError', true]);
});

test('addresses of servers: what is read, and what is not ours', () => {
  expect(['stun:203.0.113.1:3478', 'STUN:host.example', 'turn:[2001:db8::1]:5000?transport=tcp', 'turn:203.0.113.1:1?transport=udp', 'turns:a:1', 'stun:a:0', 'stun:a:70000', 'http://a', ''].map(parseServerUrl)).toEqual([
    { kind: 'stun', host: '203.0.113.1', port: 3478, transport: 'udp' },
    { kind: 'stun', host: 'host.example', port: 3478, transport: 'udp' },
    { kind: 'turn', host: '2001:db8::1', port: 5000, transport: 'tcp' },
    { kind: 'turn', host: '203.0.113.1', port: 1, transport: 'udp' },
    undefined, undefined, undefined, undefined, undefined,
  ]);
});
