import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { type Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { tcpSockets } from '../../platform/sockets.ts';
import { type Configuration, entryType, type Message, type Unanswered } from '../../raft/types.ts';
import { type AnswerMessage, encodeAnswer, encodeError, encodeRequest, type RequestMessage, versionRefusal } from './codec.ts';
import { type Sockets } from '../ports.ts';
import { createTransport } from './tcp-transport.ts';
import { type Transport } from './transport.ts';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The same clock, `factor` times faster: deadlines of seconds pass in milliseconds. */
const hurried = (factor: number): Clock => ({ ...clock, monotonicMs: () => performance.now() * factor, after: (delayMs, run) => clock.after(delayMs / factor, run) });

/** Some containers have no IPv6 loopback at all. */
const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some((entry) => entry.address === '::1'));

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

interface Node {
  readonly id: string;
  readonly transport: Transport;
  readonly received: { message: Message; bytes: Uint8Array | null }[];
  readonly unanswered: Unanswered[];
  address: string;
  /** What it does with each request; nothing by default. */
  serve: (message: Message) => void;
}

async function node(id: string, options: { sockets?: Sockets; clock?: Clock; hears?: (id: string) => boolean } = {}): Promise<Node> {
  const port = await freePort();
  const received: Node['received'] = [];
  const unanswered: Unanswered[] = [];
  const address = `127.0.0.1:${port}`;
  const transport = createTransport(
    { id, address: () => address, hears: options.hears ?? (() => true) },
    { sockets: options.sockets ?? tcpSockets, clock: options.clock ?? clock, log: silentLog },
    {
      receive: (message, bytes) => {
        received.push({ message, bytes });
        made.serve(message);
      },
      unanswered: (request) => unanswered.push(request),
    },
  );
  const made: Node = { id, transport, received, unanswered, address, serve: () => {} };
  cleanUps.push(() => transport.close());
  await transport.listen([address]);
  return made;
}

async function pair(options: Parameters<typeof node>[1] = {}): Promise<[Node, Node]> {
  const a = await node('a', options);
  const b = await node('b', options);
  for (const n of [a, b]) n.transport.setConfiguration(configurationOf(a, b));
  return [a, b];
}

function configurationOf(...nodes: readonly { id: string; address: string }[]): Configuration {
  return { servers: nodes.map(({ id, address }) => ({ id, address, voter: true })) };
}

const heartbeat = (term: number): RequestMessage => ({ kind: 'heartbeat', from: 'a', to: 'b', term });
const append = (prevIndex: number, dataBytes = 3): RequestMessage => ({
  kind: 'append', from: 'a', to: 'b', term: 2, prevIndex, prevTerm: 1, commit: 0,
  entries: [{ index: prevIndex + 1, term: 2, type: entryType.command, data: new Uint8Array(dataBytes).fill(prevIndex), extensions: null, appendedAt: null }],
});
const appendedTo = (request: Message, success = true): AnswerMessage => {
  if (request.kind !== 'append') throw new Error('not an append');
  return { kind: 'appended', from: request.to, to: request.from, term: 2, requestTerm: request.term, success, matched: request.prevIndex + request.entries.length, lastIndex: request.prevIndex };
};

describe('between two nodes', () => {
  test('every kind of request gets its answer, with the request put back into it', async () => {
    const [a, b] = await pair();
    const snapshot = { index: 9, term: 1, configuration: configurationOf(a, b), configurationIndex: 4 };
    const requests: RequestMessage[] = [
      heartbeat(2),
      append(5),
      { kind: 'vote', from: 'a', to: 'b', term: 3, lastIndex: 7, lastTerm: 2, transfer: false, pre: true },
      { kind: 'vote', from: 'a', to: 'b', term: 3, lastIndex: 7, lastTerm: 2, transfer: true, pre: false },
      { kind: 'snapshot', from: 'a', to: 'b', term: 2, snapshot },
    ];
    const answers: AnswerMessage[] = [
      { kind: 'heard', from: 'b', to: 'a', term: 2, requestTerm: 2, success: true },
      { kind: 'appended', from: 'b', to: 'a', term: 2, requestTerm: 2, success: true, matched: 6, lastIndex: 5 },
      { kind: 'voted', from: 'b', to: 'a', term: 2, requestTerm: 3, granted: true, pre: true },
      { kind: 'voted', from: 'b', to: 'a', term: 3, requestTerm: 3, granted: false, pre: false },
      { kind: 'installed', from: 'b', to: 'a', term: 2, requestTerm: 2, success: true, index: 9 },
    ];
    b.serve = (message) => b.transport.send(answers[requests.findIndex((r) => r.kind === message.kind && (r.kind !== 'vote' || message.kind !== 'vote' || r.pre === message.pre))] as Message);
    for (const [i, request] of requests.entries()) {
      a.transport.send(request, request.kind === 'snapshot' ? new Uint8Array(300_000).fill(7) : undefined);
      await until(() => a.received.length === i + 1);
    }
    expect(a.received.map((r) => r.message)).toEqual(answers);
    expect(b.received.map((r) => r.message)).toEqual(requests);
    expect(b.received.map((r) => r.bytes?.length ?? null)).toEqual([null, null, null, null, 300_000]);
    expect(b.received[4]?.bytes?.every((byte) => byte === 7)).toBe(true);
    expect(a.unanswered).toEqual([]);
  });

  test('timeout-now is delivered without a term and needs no answer', async () => {
    const [a, b] = await pair();
    a.transport.send({ kind: 'timeout-now', from: 'a', to: 'b', term: 4 });
    await until(() => b.received.length === 1);
    expect(b.received[0]?.message).toEqual({ kind: 'timeout-now', from: 'a', to: 'b', term: 0 });
    a.transport.send({ kind: 'vote', from: 'a', to: 'b', term: 3, lastIndex: 7, lastTerm: 2, transfer: false, pre: true });
    await until(() => b.received.length === 2);
    expect(a.unanswered).toEqual([]);
  });

  test('pipelined appends are answered in their order, also when the answers are made in another', async () => {
    const [a, b] = await pair();
    for (let i = 1; i <= 10; i++) a.transport.send(append(i));
    await until(() => b.received.length === 10);
    for (const { message } of [...b.received].reverse()) b.transport.send(appendedTo(message));
    await until(() => a.received.length === 10);
    // Each answer's own last index shows that it went to its own request.
    expect(a.received.map((r) => r.message)).toEqual(Array.from({ length: 10 }, (_, i) => appendedTo(append(i + 1))));
  });

  test('a sender that runs ahead is held back and loses nothing', async () => {
    const [a, b] = await pair();
    for (let i = 1; i <= 60; i++) a.transport.send(append(i, 50_000));
    await until(() => b.received.length === 16);
    await pause(30);
    expect(b.received.length).toBe(16);
    b.serve = (message) => b.transport.send(appendedTo(message));
    for (const { message } of [...b.received]) b.transport.send(appendedTo(message));
    await until(() => a.received.length === 60);
    expect(a.unanswered).toEqual([]);
  });

  test('what exceeds the number in flight is unanswered', async () => {
    const [a] = await pair();
    for (let i = 1; i <= 66; i++) a.transport.send(append(i));
    await until(() => a.unanswered.length === 2);
    expect(a.unanswered).toEqual(Array(2).fill({ to: 'b', kind: 'append', requestTerm: 2 }));
  });

  test('one connection is kept for appends, another for votes', async () => {
    let dials = 0;
    const counting: Sockets = { ...tcpSockets, connect: (...target) => (dials++, tcpSockets.connect(...target)) };
    const [a, b] = await pair({ sockets: counting });
    b.serve = (message) => b.transport.send(message.kind === 'append' ? appendedTo(message) : { kind: 'voted', from: 'b', to: 'a', term: 3, requestTerm: 3, granted: true, pre: true });
    for (let i = 1; i <= 5; i++) {
      a.transport.send(append(i));
      a.transport.send({ kind: 'vote', from: 'a', to: 'b', term: 3, lastIndex: 7, lastTerm: 2, transfer: false, pre: true });
      await until(() => a.received.length === 2 * i);
    }
    expect(dials).toBe(2);
  });

  test('an answer that nobody waits for, or of another term, kind or peer, is dropped', async () => {
    const [a, b] = await pair();
    b.transport.send(appendedTo(append(1)));
    a.transport.send(append(1));
    await until(() => b.received.length === 1);
    const right = appendedTo(append(1));
    b.transport.send({ ...right, requestTerm: 1 });
    b.transport.send({ ...right, to: 'c' });
    b.transport.send({ kind: 'heard', from: 'b', to: 'a', term: 2, requestTerm: 2, success: true });
    await pause(20);
    expect([a.received, a.unanswered]).toEqual([[], []]);
    b.transport.send(right);
    await until(() => a.received.length === 1);
  });

  test('a peer that never answers is unanswered after the deadline, and heard again afterwards', async () => {
    const [a, b] = await pair({ clock: hurried(20) });
    a.transport.send(append(1));
    a.transport.send(append(2));
    await until(() => a.unanswered.length === 2);
    b.serve = (message) => b.transport.send(appendedTo(message));
    await pause(20);
    a.transport.send(append(3));
    await until(() => a.received.length === 1);
    expect(a.received[0]?.message).toMatchObject({ kind: 'appended', matched: 4 });
  });

  test('a peer that is down is unanswered, and reached once it is up', async () => {
    const a = await node('a');
    const port = await freePort();
    a.transport.setConfiguration(configurationOf(a, { id: 'b', address: `127.0.0.1:${port}` }));
    a.transport.send(heartbeat(2));
    await until(() => a.unanswered.length === 1);
    expect(a.unanswered).toEqual([{ to: 'b', kind: 'heartbeat', requestTerm: 2 }]);
    // The port answers now, at the end of the back-off.
    const peer = await fakePeer(port, (socket) => socket.on('data', () => socket.write(encodeAnswer({ kind: 'heard', from: 'b', to: 'a', term: 2, requestTerm: 2, success: true }, 'x'))));
    await until(() => {
      a.transport.send(heartbeat(2));
      return a.received.length > 0;
    });
    peer.close();
  });

  test('a member that moved is dialled at its new address; one that left is unanswered', async () => {
    const [a, b] = await pair();
    const moved = await node('b');
    a.transport.send(append(1));
    await until(() => b.received.length === 1);
    a.transport.setConfiguration(configurationOf(a, moved));
    await until(() => a.unanswered.length === 1);
    a.transport.send(append(2));
    await until(() => moved.received.length === 1);
    a.transport.setConfiguration(configurationOf(a));
    a.transport.send(append(3));
    await until(() => a.unanswered.length === 3);
    expect(b.received.length).toBe(1);
  });
});

describe('a peer that misbehaves as a server', () => {
  const cases: readonly [string, (socket: Socket) => void][] = [
    ['resets in the middle of an answer', (socket) => socket.once('data', () => socket.write(Uint8Array.of(0xa0, 0x87), () => socket.resetAndDestroy()))],
    ['closes without an answer', (socket) => socket.once('data', () => socket.end())],
    ['answers an error', (socket) => socket.once('data', () => socket.write(encodeError(versionRefusal)))],
    ['answers garbage', (socket) => socket.once('data', () => socket.write(Uint8Array.of(0xc1, 0xff)))],
    ['answers without end', (socket) => socket.once('data', () => socket.write(Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff)))],
  ];
  for (const [name, behave] of cases) {
    test(name, async () => {
      const port = await freePort();
      await fakePeer(port, behave);
      const a = await node('a');
      a.transport.setConfiguration(configurationOf(a, { id: 'b', address: `127.0.0.1:${port}` }));
      a.transport.send(append(1));
      await until(() => a.unanswered.length === 1);
      expect([a.unanswered, a.received]).toEqual([[{ to: 'b', kind: 'append', requestTerm: 2 }], []]);
    });
  }
  test('answers twice: the second answer ends the connection and does no other harm', async () => {
    const port = await freePort();
    const answer = encodeAnswer(appendedTo(append(1)), 'x');
    let ended = 0;
    await fakePeer(port, (socket) => socket.on('close', () => ended++).once('data', () => socket.write(Buffer.concat([answer, answer]))));
    const a = await node('a');
    a.transport.setConfiguration(configurationOf(a, { id: 'b', address: `127.0.0.1:${port}` }));
    a.transport.send(append(1));
    await until(() => ended === 1);
    expect(a.received.map((r) => r.message)).toEqual([appendedTo(append(1))]);
    a.transport.send(append(1));
    await until(() => a.received.length === 2);
  });
  test('gives its answer in single bytes', async () => {
    const port = await freePort();
    const answer = encodeAnswer(appendedTo(append(1)), 'x');
    await fakePeer(port, (socket) => socket.once('data', () => void drip(socket, answer, 1)));
    const a = await node('a');
    a.transport.setConfiguration(configurationOf(a, { id: 'b', address: `127.0.0.1:${port}` }));
    a.transport.send(append(1));
    await until(() => a.received.length === 1);
    expect(a.received[0]?.message).toEqual(appendedTo(append(1)));
  });
});

describe('as a server', () => {
  test('a one-shot connection in small chunks, as a fresh dial makes it, is answered and may end', async () => {
    const b = await node('b');
    b.serve = (message) => b.transport.send(appendedTo(message));
    const socket = await dial(b);
    await drip(socket, encodeRequest(append(5), '10.0.0.1:9443'), 9);
    const answer = encodeAnswer(appendedTo(append(5)), b.address);
    expect(await take(socket, answer.length)).toEqual(Buffer.from(answer));
    socket.end();
    await until(() => socket.closed);
  });

  test('requests that come in one write are answered one after another', async () => {
    const b = await node('b');
    b.serve = (message) => b.transport.send(appendedTo(message));
    const socket = await dial(b);
    socket.write(Buffer.concat([1, 2, 3].map((i) => encodeRequest(append(i), '10.0.0.1:9443'))));
    const expected = Buffer.concat([1, 2, 3].map((i) => encodeAnswer(appendedTo(append(i)), b.address)));
    expect(await take(socket, expected.length)).toEqual(expected);
  });

  test('of many requests in one write only so many are taken before they are answered', async () => {
    const b = await node('b');
    const socket = await dial(b);
    socket.write(Buffer.concat(Array.from({ length: 40 }, (_, i) => encodeRequest(append(i + 1), '10.0.0.1:9443'))));
    await until(() => b.received.length > 0);
    await pause(20);
    expect(b.received.length).toBe(16);
    b.serve = (message) => b.transport.send(appendedTo(message));
    for (const { message } of [...b.received]) b.transport.send(appendedTo(message));
    await until(() => b.received.length === 40);
  });

  test('a wrong header version is answered with the error text, and the connection goes on', async () => {
    const b = await node('b');
    b.serve = (message) => b.transport.send(appendedTo(message));
    const socket = await dial(b);
    const versioned = (version: number): Uint8Array => {
      const frame = encodeRequest(append(1), '10.0.0.1:9443');
      frame[Buffer.from(frame).indexOf('ProtocolVersion') + 'ProtocolVersion'.length] = version;
      return frame;
    };
    socket.write(Buffer.concat([versioned(4), versioned(1), versioned(2)]));
    const expected = Buffer.concat([encodeError(versionRefusal), encodeError(versionRefusal), encodeAnswer(appendedTo(append(1)), b.address)]);
    expect(await take(socket, expected.length)).toEqual(expected);
    expect(b.received.length).toBe(1);
  });

  const refused: readonly [string, Uint8Array, ((id: string) => boolean)?][] = [
    ['an unknown type byte', Uint8Array.of(5, 0x80)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['an undecodable request', Uint8Array.of(0, 0xc1)],
    ['an announced giant', Uint8Array.of(0, 0xdb, 0xff, 0xff, 0xff, 0xff)],
    ['somebody who is no member', encodeRequest(append(1), 'x'), (id) => id === 'c'],
    ['this node\'s own id', encodeRequest({ ...append(1), from: 'b' }, 'x')],
    ['a nameless sender at an unknown address', Uint8Array.of(0, 0x80)],
    ['a snapshot beyond the limit', encodeRequest({ kind: 'snapshot', from: 'a', to: 'b', term: 1, snapshot: { index: 1, term: 1, configurationIndex: 1, configuration: { servers: [{ id: 'a', address: 'x', voter: true }] } } }, 'x', 2 ** 40)],
  ];
  for (const [name, bytes, hears] of refused) {
    test(`closes on ${name}`, async () => {
      const b = await node('b', hears ? { hears } : {});
      const socket = await dial(b);
      socket.write(bytes);
      await until(() => socket.closed);
      expect([b.received, socket.bytesRead]).toEqual([[], 0]);
    });
  }

  test('a reset in the middle of a frame harms no other connection', async () => {
    const b = await node('b');
    b.serve = (message) => b.transport.send(appendedTo(message));
    const broken = await dial(b);
    await drip(broken, encodeRequest(append(5), 'x').subarray(0, 40), 20);
    broken.resetAndDestroy();
    const socket = await dial(b);
    socket.write(encodeRequest(append(6), 'x'));
    const expected = Buffer.from(encodeAnswer(appendedTo(append(6)), b.address));
    expect(await take(socket, expected.length)).toEqual(expected);
  });

  test('half a frame, and a connection that never speaks, are closed in time', async () => {
    const b = await node('b', { clock: hurried(500) });
    const half = await dial(b);
    half.write(encodeRequest(append(1), 'x').subarray(0, 20));
    const silent = await dial(b);
    await until(() => half.closed);
    expect(silent.closed).toBe(false);
    await until(() => silent.closed);
  });

  test('half frames of all connections together are bounded', async () => {
    const b = await node('b');
    // A byte string of 15 MiB that lacks its last bytes, five times.
    const half = Buffer.concat([Uint8Array.of(0, 0xdb, 0x00, 0xf0, 0x00, 0x10), Buffer.alloc(15 * 1024 * 1024)]);
    const sockets: Socket[] = [];
    for (let i = 0; i < 5; i++) {
      const socket = await dial(b);
      sockets.push(socket);
      await new Promise((resolve) => socket.write(half, resolve));
    }
    await until(() => sockets.some((socket) => socket.closed));
    expect(sockets.filter((socket) => socket.closed).length).toBe(1);
    const honest = await dial(b);
    b.serve = (message) => b.transport.send(appendedTo(message));
    honest.write(encodeRequest(append(1), 'x'));
    expect((await take(honest, 10)).length).toBeGreaterThan(10);
    // What left leaves room again.
    for (const socket of sockets) socket.destroy();
    await pause(20);
    const again = await Promise.all([dial(b), dial(b), dial(b)]);
    for (const socket of again) await new Promise((resolve) => socket.write(half, resolve));
    await pause(50);
    expect(again.filter((socket) => socket.closed)).toEqual([]);
  });

  test('a request without an id is its address\'s member\'s', async () => {
    const b = await node('b');
    b.transport.setConfiguration({ servers: [{ id: 'old', address: '10.0.0.9:9443', voter: true }] });
    const socket = await dial(b);
    // {"Leader": "10.0.0.9:9443", "Term": 3}, as versions before 1.3.7 speak.
    socket.write(Buffer.concat([Buffer.from('0082a64c6561646572ad', 'hex'), Buffer.from('10.0.0.9:9443'), Buffer.from('a45465726d03', 'hex')]));
    await until(() => b.received.length === 1 || socket.closed);
    expect(b.received[0]?.message).toEqual({ kind: 'heartbeat', from: 'old', to: 'b', term: 3 });
  });

  test('a certificate that names another is refused', async () => {
    const proving: Sockets = { ...tcpSockets, listen: (host, port, accept) => tcpSockets.listen(host, port, (connection) => accept({ ...connection, provenId: 'mallory' })) };
    const b = await node('b', { sockets: proving });
    const socket = await dial(b);
    socket.write(encodeRequest(append(1), 'x'));
    await until(() => socket.closed);
    expect(b.received).toEqual([]);
  });
});

describe('listening', () => {
  test('an address that appears later is bound then; the set is replaced whole', async () => {
    let there = false;
    const later: Sockets = {
      ...tcpSockets,
      listen: async (host, port, accept) => (host === '127.0.0.2' && !there ? { ok: false, problem: 'no-such-address', message: 'not yet' } : tcpSockets.listen(host, port, accept)),
    };
    const a = await node('a', { sockets: later, clock: hurried(20) });
    const mesh = `127.0.0.2:${await freePort()}`;
    await a.transport.listen([a.address, mesh]);
    expect(a.transport.listening()).toEqual([a.address]);
    there = true;
    await until(() => a.transport.listening().length === 2);
    await a.transport.listen([mesh]);
    expect(a.transport.listening()).toEqual([mesh]);
    const refused = connect(Number(a.address.split(':')[1]), '127.0.0.1');
    await until(() => refused.closed || refused.destroyed, () => refused.on('error', () => {}));
  });

  test.skipIf(!hasIpv6)('IPv6 addresses are bracketed, bound and dialled', async () => {
    const [a, b] = await pair();
    const address = `[::1]:${await freePort()}`;
    await b.transport.listen([b.address, address]);
    expect(b.transport.listening()).toEqual([b.address, address]);
    a.transport.setConfiguration(configurationOf(a, { id: 'b', address }));
    a.transport.send(heartbeat(2));
    await until(() => b.received.length === 1);
  });

  test('an address that this machine does not have waits for real', async () => {
    const a = await node('a');
    await a.transport.listen([a.address, '203.0.113.77:9443']);
    expect(a.transport.listening()).toEqual([a.address]);
  });

  test('a port that is taken is a Failure', async () => {
    const a = await node('a');
    const b = await node('b');
    await expect(b.transport.listen([b.address, a.address])).rejects.toMatchObject({ code: 'node.port-in-use', detail: { address: a.address } });
    expect(b.transport.listening()).toEqual([b.address]);
  });

  test('a port that is found taken once its address appeared is a Failure for who asks then', async () => {
    let answer: 'no-such-address' | 'in-use' = 'no-such-address';
    const taken: Sockets = { ...tcpSockets, listen: async () => ({ ok: false, problem: answer, message: 'as told' }) };
    const c = await node('c', { sockets: { ...taken, listen: async (host, port, accept) => (host === '127.0.0.2' ? taken.listen(host, port, accept) : tcpSockets.listen(host, port, accept)) } });
    const mesh = `127.0.0.2:${await freePort()}`;
    await c.transport.listen([c.address, mesh]);
    answer = 'in-use';
    await expect(c.transport.listen([c.address, mesh])).rejects.toMatchObject({ code: 'node.port-in-use', detail: { address: mesh } });
    expect(c.transport.listening()).toEqual([c.address]);
  });
});

async function freePort(): Promise<number> {
  const bound = await tcpSockets.listen('127.0.0.1', 0, () => {});
  if (!bound.ok) throw new Error(bound.message);
  bound.close();
  return bound.port;
}

async function fakePeer(port: number, behave: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return server;
}

async function dial(to: Node): Promise<Socket> {
  const socket = connect({ port: Number(to.address.split(':')[1]), host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  cleanUps.push(() => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

async function drip(socket: Socket, bytes: Uint8Array, step: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += step) {
    socket.write(bytes.subarray(at, at + step));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function take(socket: Socket, count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part as Buffer));
  await until(() => parts.reduce((sum, part) => sum + part.length, 0) >= count);
  return Buffer.concat(parts);
}

async function until(holds: () => boolean, first: () => void = () => {}): Promise<void> {
  first();
  for (const start = Date.now(); !holds(); await pause(2)) {
    if (Date.now() - start > 4_000) throw new Error('waited too long');
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
