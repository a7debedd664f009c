import { createHmac } from 'node:crypto';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect as connectTcp, type Socket as StreamSocket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type TurnServer, type TurnServerOptions } from '../node/path-ports.ts';
import { systemClock } from './clock.ts';
import { Socket, wire } from './turn-library.ts';
import { createTurnServers, turnListenLimits } from './turn-server.ts';

const secret = 'a secret of this test';
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let nextPort = 21_400 + (process.pid % 300) * 4;

async function serving(given: Partial<TurnServerOptions> = {}): Promise<{ server: TurnServer; port: number }> {
  const port = (nextPort += 4);
  const server = await createTurnServers(systemClock).start({
    port, hosts: ['127.0.0.1'], realm: 'webmesh', secret, external: { ipv4: '127.0.0.1', ipv6: null }, relayPorts: [port + 8_000, port + 8_100], take: () => true,
    allocationsMax: 8, allocationsPerUserMax: 4, mayUse: () => true, mayRelayTo: () => true, ...given,
  });
  ends.push(() => server.close());
  return { server, port };
}

const nameOf = (user: string, lifeSeconds = 3_600): string => `${Math.floor(Date.now() / 1000) + lifeSeconds}:${user}`;
const passwordOf = (username: string): string => createHmac('sha1', secret).update(username).digest('base64');

type Reply = { method: string; ok: boolean; code: number | null; relayed: { ip: string; port: number } | null };

/** A client of the library, one request at a time. */
async function client(port: number, { transport = 'udp' as 'udp' | 'tcp', username = nameOf('ann'), password = passwordOf(username) } = {}) {
  const socket = new Socket({ server: '127.0.0.1', port, transportType: transport, authMech: 'long-term', username, password, rto: transport === 'udp' ? 500 : null });
  socket.on('error', () => {});
  ends.push(() => socket.close());
  await new Promise<void>((resolve) => socket.connect(resolve));
  const ask = (name: string, send: () => void): Promise<Reply> => new Promise((resolve) => {
    const settle = (ok: boolean) => (message: { getAttribute(type: number): never }, error?: { code: number }): void => {
      socket.off(`${name}:success`, won);
      socket.off(`${name}:error`, lost);
      resolve({ method: name, ok, code: error?.code ?? null, relayed: message.getAttribute(wire.ATTR['XOR_RELAYED_ADDRESS'] ?? 0) });
    };
    const [won, lost] = [settle(true), settle(false)];
    socket.on(`${name}:success`, won);
    socket.on(`${name}:error`, lost);
    send();
  });
  return {
    socket,
    allocate: (options: Record<string, unknown> = {}) => ask('allocate', () => socket.allocate(options)),
    refresh: (lifetime: number) => ask('refresh', () => (socket.refresh as unknown as (lifetime: number) => void)(lifetime)),
    permit: (ip: string, port = 0) => ask('create_permission', () => socket.createPermission({ ip, port })),
    bind: (channel: number, ip: string, peerPort: number) => ask('channel_bind', () => socket.channelBind(channel, { ip, port: peerPort })),
  };
}

async function peer(): Promise<{ socket: DatagramSocket; port: number; next: () => Promise<{ text: string; port: number }> }> {
  const socket = createSocket('udp4');
  ends.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const next = (): Promise<{ text: string; port: number }> => new Promise((resolve) => socket.once('message', (bytes, from) => resolve({ text: bytes.toString(), port: from.port })));
  return { socket, port: socket.address().port, next };
}

const stun = (type: number, attributes: readonly (readonly [number, Buffer])[] = []): Buffer => {
  const body = Buffer.concat(attributes.map(([name, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(name, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  }));
  const head = Buffer.alloc(20, 7);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(body.length, 2);
  head.writeUInt32BE(0x2112a442, 4);
  return Buffer.concat([head, body]);
};
const wantsUdp = [0x0019, Buffer.from([17, 0, 0, 0])] as const;

for (const transport of ['udp', 'tcp'] as const) {
  test(`relays both ways, by indication and by channel, for a client over ${transport}`, async () => {
    const { server, port } = await serving();
    const [ann, far] = [await client(port, { transport }), await peer()];
    const allocated = await ann.allocate();
    expect(allocated).toMatchObject({ ok: true, relayed: { ip: '127.0.0.1' } });
    const heard = (): Promise<string> => new Promise((resolve) => ann.socket.on('data', (_peer: object, data: Uint8Array) => resolve(Buffer.from(data).toString())));
    await ann.permit('127.0.0.1');
    let arrived = far.next();
    ann.socket.send({ ip: '127.0.0.1', port: far.port }, Buffer.from('out!'));
    expect(await arrived).toEqual({ text: 'out!', port: allocated.relayed?.port });
    const answer = heard();
    far.socket.send('in', allocated.relayed?.port ?? 0, '127.0.0.1');
    expect(await answer).toBe('in');
    await ann.bind(0x4000, '127.0.0.1', far.port);
    arrived = far.next();
    (ann.socket as unknown as { sendChannel(channel: number, data: Buffer): void }).sendChannel(0x4000, Buffer.from('chan'));
    expect((await arrived).text).toBe('chan');
    // The library's client does not read channels: what came is looked at on its socket.
    const raw = new Promise<Buffer>((resolve) => (ann.socket.context['transport'] as StreamSocket).on(transport === 'udp' ? 'message' : 'data', resolve));
    far.socket.send('back', allocated.relayed?.port ?? 0, '127.0.0.1');
    expect((await raw).toString('latin1')).toBe('\x40\x00\x00\x04back');
    expect(server.stats()).toEqual({ allocations: 1, relayedBytes: 14, refused: 0 });
    expect(await ann.refresh(0)).toMatchObject({ ok: true });
    expect(server.stats().allocations).toBe(0);
  });
}

test('refuses names that ended, wrong passwords, and names that every object has', async () => {
  const { port } = await serving();
  const over = nameOf('ann', -5);
  expect(await (await client(port, { username: over })).allocate()).toMatchObject({ ok: false, code: 401 });
  expect(await (await client(port, { password: 'guessed' })).allocate()).toMatchObject({ ok: false, code: 401 });
  expect(await (await client(port, { username: 'constructor', password: String(Object) })).allocate()).toMatchObject({ ok: false, code: 401 });
});

test('asks for each peer: by permission, by channel, and for every datagram', async () => {
  const far = await peer();
  const { server, port } = await serving({ mayRelayTo: (ip, at) => ip === '127.0.0.1' && (at === 0 || at === far.port), external: { ipv4: '127.0.0.9', ipv6: null } });
  const ann = await client(port);
  await ann.allocate();
  expect(await ann.permit('10.0.0.1')).toMatchObject({ code: 403 });
  expect(await ann.bind(0x4000, '127.0.0.1', far.port + 1)).toMatchObject({ code: 403 });
  expect(await ann.bind(0x4000, '::1', far.port)).toMatchObject({ code: 403 });
  expect(await ann.permit('127.0.0.1')).toMatchObject({ ok: true });
  const other = await peer();
  const seen: string[] = [];
  other.socket.on('message', (bytes) => seen.push(bytes.toString()));
  const refusedBefore = server.stats().refused;
  ann.socket.send({ ip: '127.0.0.1', port: other.port }, Buffer.from('no'));
  const arrived = far.next();
  ann.socket.send({ ip: '127.0.0.1', port: far.port }, Buffer.from('yes!'));
  expect((await arrived).text).toBe('yes!');
  expect([seen, server.stats().refused - refusedBefore]).toEqual([[], 1]);
});

test('two allocations of one server reach each other, though nothing else of this machine may be reached', async () => {
  const { port } = await serving({ mayRelayTo: () => false });
  const [ann, bob] = [await client(port), await client(port)];
  const [a, b] = [(await ann.allocate()).relayed, (await bob.allocate()).relayed];
  await ann.permit('127.0.0.1');
  await bob.permit('127.0.0.1');
  const heard = new Promise<unknown>((resolve) => bob.socket.on('data', (from: { port: number }, data: Uint8Array) => resolve([from.port, Buffer.from(data).toString()])));
  ann.socket.send({ ip: '127.0.0.1', port: b?.port ?? 0 }, Buffer.from('ring'));
  expect(await heard).toEqual([a?.port, 'ring']);
});

test('keeps to its limits: allocations, per user, reserved ports, other families, TCP relays', async () => {
  const { port } = await serving({ allocationsMax: 3, allocationsPerUserMax: 2 });
  const [first, second, third, fourth, fifth] = await Promise.all(['ann', 'ann', 'ann', 'bob', 'eve'].map((user) => client(port, { username: nameOf(user) })));
  expect([await first?.allocate(), await second?.allocate(), await third?.allocate(), await fourth?.allocate(), await fifth?.allocate()].map((reply) => reply?.code)).toEqual([null, null, 486, null, 486]);
  await first?.refresh(0);
  expect((await fifth?.allocate({ evenPort: true }))?.code).toBe(403);
  expect((await fifth?.allocate({ transport: 6 }))?.code).toBe(403);
  expect((await fifth?.allocate({ requestedAddressFamily: 2 }))?.code).toBe(403);
  expect((await fifth?.allocate())?.ok).toBe(true);
});

test('drops what the limit on bytes does not let through, and ends users that may not use it any more', async () => {
  let open = true;
  let banned = '';
  const { server, port } = await serving({ take: () => open, mayUse: (user) => user !== banned });
  const [ann, far] = [await client(port, { username: nameOf('ann') }), await peer()];
  await ann.allocate();
  await ann.permit('127.0.0.1');
  const seen: string[] = [];
  far.socket.on('message', (bytes) => seen.push(bytes.toString()));
  open = false;
  ann.socket.send({ ip: '127.0.0.1', port: far.port }, Buffer.from('lost'));
  await ann.permit('127.0.0.1');
  open = true;
  const arrived = far.next();
  ann.socket.send({ ip: '127.0.0.1', port: far.port }, Buffer.from('kept'));
  await arrived;
  expect(seen).toEqual(['kept']);
  banned = 'ann';
  server.recheck();
  expect(server.stats().allocations).toBe(0);
  expect((await (await client(port, { username: nameOf('ann') })).allocate()).code).toBe(403);
});

test('answers binding requests on both ports, and strangers with at most three times what they sent', async () => {
  const { server, port } = await serving();
  const asker = await peer();
  const lengths: number[] = [];
  asker.socket.on('message', (bytes) => lengths.push(bytes.length));
  const questions = [stun(1), stun(3), stun(3, [wantsUdp]), stun(4), stun(8), stun(9), stun(3, [[0x0006, Buffer.from('x')], wantsUdp])];
  for (const question of questions) {
    const before = [lengths.length, server.stats().refused];
    asker.socket.send(question, port, '127.0.0.1');
    await expect.poll(() => lengths.length > (before[0] ?? 0) || server.stats().refused > (before[1] ?? 0)).toBe(true);
    if (lengths.length > (before[0] ?? 0)) expect(lengths.at(-1)).toBeLessThanOrEqual(question.length * 3);
  }
  expect(lengths).toEqual([32, 84, 84]);
  const upstairs = asker.next();
  asker.socket.send(stun(1), port + 1, '127.0.0.1');
  await upstairs;
  asker.socket.send(stun(3, [wantsUdp]), port + 1, '127.0.0.1');
  asker.socket.send(stun(1), port + 1, '127.0.0.1');
  await asker.next();
  expect(lengths.slice(3)).toEqual([32, 32]);
});

test('a flood of strangers is bounded, and who has an allocation does not notice', async () => {
  const { server, port } = await serving();
  const [ann, far, flood] = [await client(port), await peer(), await peer()];
  const allocated = await ann.allocate();
  await ann.permit('127.0.0.1');
  let answers = 0;
  flood.socket.on('message', () => (answers += 1));
  for (let n = 0; n < 5_000; n++) flood.socket.send(stun(n % 2 === 0 ? 1 : 3, n % 2 === 0 ? [] : [wantsUdp]), port, '127.0.0.1', () => {});
  const arrived = far.next();
  // The flood fills the socket's buffer too: some of these are lost there.
  await expect.poll(() => ann.socket.send({ ip: '127.0.0.1', port: far.port }, Buffer.from('through')) ?? server.stats().relayedBytes, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(await arrived).toEqual({ text: 'through', port: allocated.relayed?.port });
  await expect.poll(() => server.stats().refused, { timeout: 10_000 }).toBeGreaterThan(1_000);
  expect(answers).toBeLessThan(600);
});

async function tcp(port: number): Promise<{ socket: StreamSocket; closed: Promise<string>; bytes: () => number }> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  ends.push(() => socket.destroy());
  let got = 0;
  socket.on('data', (chunk) => (got += chunk.length));
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve('closed')));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return { socket, closed, bytes: () => got };
}

test('cuts off what is no STUN over TCP: garbage, frames without end, too many connections', async () => {
  const { port } = await serving();
  const garbage = await tcp(port);
  garbage.socket.write('GET / HTTP/1.1\r\n\r\n');
  const giant = await tcp(port);
  giant.socket.write(Buffer.from([0x40, 0x00, 0xff, 0xff]));
  expect(await Promise.all([garbage.closed, giant.closed])).toEqual(['closed', 'closed']);
  const many = await Promise.all(Array.from({ length: turnListenLimits.connectionsPerSourceMax + 4 }, () => tcp(port)));
  await Promise.all(many.slice(-4).map(({ closed }) => closed));
  const piecewise = many[0];
  for (const byte of stun(1)) piecewise?.socket.write(Buffer.from([byte]));
  await expect.poll(() => piecewise?.bytes()).toBe(32);
});

test('a port that is taken is a failure, and leaves nothing open', async () => {
  const { port } = await serving();
  await expect(serving({ port })).rejects.toMatchObject({ code: 'node.port-in-use', detail: { port } });
  const blocked = createSocket('udp4');
  ends.push(() => blocked.close());
  const other = (nextPort += 4);
  await new Promise<void>((resolve) => blocked.bind(other + 1, '127.0.0.1', resolve));
  await expect(serving({ port: other })).rejects.toMatchObject({ code: 'node.port-in-use', detail: { port: other + 1 } });
  const again = createSocket('udp4');
  ends.push(() => again.close());
  await new Promise<void>((resolve, reject) => again.once('error', reject).bind(other, '127.0.0.1', resolve));
});
