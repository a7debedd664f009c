import { createSocket } from 'node:dgram';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, expect, test } from 'vitest';
import { channelNode, type ChannelNode, type Directory } from '../../../test/node/channel-nodes.ts';
import { type ForwardView } from '../../gen/webmesh/local/v1/local.ts';
import { createPeerConnections } from '../../platform/peer-connections.ts';

const library = createPeerConnections();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => library.close());

const directory: Directory = new Map();

async function node(id: string): Promise<ChannelNode> {
  const made = await channelNode(id, directory, library);
  ends.push(made.close);
  return made;
}

/** A TCP server; answers its port. */
async function serve(take: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

function client(port: number): Socket {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
  ends.push(() => socket.destroy());
  socket.on('error', () => {});
  return socket;
}

/** All until the end, which may be a reset. */
async function read(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of socket) parts.push(part as Buffer);
  } catch (error) {
    parts.push(Buffer.from((error as NodeJS.ErrnoException).code ?? ''));
  }
  return Buffer.concat(parts).toString();
}

const never = new AbortController().signal;
const forward = (at: ChannelNode, peer: string, protocol: string, remotePort: number): Promise<ForwardView> =>
  at.channels.forwards.open({ peer, protocol, localAddress: '', localPort: 0, remoteAddress: '', remotePort }, never);

test('a forward carries a question, a half-close and the answer, for many at once, over one connection', async () => {
  const [a, b] = [await node('a'), await node('b')];
  const port = await serve(async (socket) => socket.end(`you said ${await read(socket)}`));
  b.share('tcp', port);
  const view = await forward(a, 'b', 'tcp', port);
  expect(view).toMatchObject({ peer: 'b', protocol: 'tcp', localAddress: '127.0.0.1', remoteAddress: '127.0.0.1', remotePort: port, problem: '' });
  const answers = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const socket = client(view.localPort);
    socket.end(`${i}`);
    return read(socket);
  }));
  expect(answers).toEqual(Array.from({ length: 20 }, (_, i) => `you said ${i}`));
  await expect.poll(() => a.channels.forwards.views.get()[0]?.connections, { timeout: 3_000 }).toBe(0);
});

test('what is not shared is refused with a sentence, at first and on a connection that is there', async () => {
  const [a, b] = [await node('a'), await node('b')];
  const port = await serve((socket) => socket.end('hello'));
  expect(await forward(a, 'b', 'tcp', port)).toMatchObject({ problemCode: 'auth.not-permitted', problem: `this node does not share tcp 127.0.0.1:${port}` });
  b.share('tcp', port);
  const good = await forward(a, 'b', 'tcp', port);
  expect(await read(client(good.localPort))).toBe('hello');
  const bad = await forward(a, 'b', 'tcp', 22);
  expect(await read(client(bad.localPort))).toBe('ECONNRESET');
  await expect.poll(() => a.channels.forwards.views.get().find(({ id }) => id === bad.id), { timeout: 2_000 }).toMatchObject({ problemCode: 'mesh.refused', problem: 'this node does not share tcp 127.0.0.1:22' });
});

test('UDP both ways, each program by itself', async () => {
  const [a, b] = [await node('a'), await node('b')];
  const echo = createSocket('udp4');
  echo.on('message', (datagram, from) => echo.send(`${datagram}!`, from.port, from.address));
  await new Promise<void>((resolve) => echo.bind(0, '127.0.0.1', resolve));
  ends.push(() => echo.close());
  b.share('udp', echo.address().port);
  const { localPort } = await forward(a, 'b', 'udp', echo.address().port);
  const answers = await Promise.all(['x', 'y', 'z'].map((word) => new Promise<string>((resolve) => {
    const socket = createSocket('udp4');
    ends.push(() => socket.close());
    socket.on('message', (datagram) => resolve(String(datagram)));
    socket.send(word, localPort, '127.0.0.1');
  })));
  expect(answers).toEqual(['x!', 'y!', 'z!']);
});

test('a stalled program stalls its own stream and no other, and holds a window of bytes at most', async () => {
  const [a, b] = [await node('a'), await node('b')];
  let stalled: Socket | undefined;
  const deaf = await serve((socket) => {
    stalled = socket.pause();
  });
  const echo = await serve((socket) => socket.pipe(socket));
  b.share('tcp', deaf);
  b.share('tcp', echo);
  const [to, live] = [await forward(a, 'b', 'tcp', deaf), await forward(a, 'b', 'tcp', echo)];
  const pushing = client(to.localPort);
  let pushed = 0;
  const push = (): void => {
    while (pushed < 64 << 20 && pushing.write(Buffer.alloc(64 << 10))) pushed += 64 << 10;
  };
  pushing.on('drain', push);
  push();
  await settled(() => pushed);
  // Both ends' sockets hold some more than the window.
  expect(pushed).toBeLessThan(24 << 20);
  const asking = client(live.localPort);
  const startedMs = performance.now();
  asking.end('still quick');
  expect(await read(asking)).toBe('still quick');
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(stalled?.destroyed).toBe(false);
});

test('the end of each side ends the stream: the server is gone, the program is gone, nobody listens, the forward is closed, the far node dies and comes back', async () => {
  const [a, b] = [await node('a'), await node('b')];
  const arrived: Socket[] = [];
  const port = await serve((socket) => void arrived.push(socket));
  b.share('tcp', port);
  b.share('tcp', 9);
  const view = await forward(a, 'b', 'tcp', port);
  const both = async (): Promise<readonly [Socket, Socket]> => {
    const socket = client(view.localPort);
    const before = arrived.length;
    await expect.poll(() => arrived.length).toBe(before + 1);
    return [socket, arrived.at(-1) as Socket];
  };
  const [first, firstFar] = await both();
  firstFar.resetAndDestroy();
  expect(await read(first)).toBe('ECONNRESET');
  const [second, secondFar] = await both();
  secondFar.resume();
  second.resetAndDestroy();
  await expect.poll(() => secondFar.destroyed).toBe(true);
  const nobody = await forward(a, 'b', 'tcp', 9);
  expect(await read(client(nobody.localPort))).toBe('ECONNRESET');
  const [third, thirdFar] = await both();
  third.resume();
  thirdFar.resume();
  await b.close();
  await expect.poll(() => third.destroyed && thirdFar.destroyed, { timeout: 10_000 }).toBe(true);
  await expect.poll(() => a.channels.forwards.views.get()[0]?.problemCode, { timeout: 5_000 }).toBe('mesh.unreachable');
  const again = await node('b');
  again.share('tcp', port);
  await expect.poll(() => a.channels.forwards.views.get()[0]?.problem, { timeout: 10_000 }).toBe('');
  const [fourth, fourthFar] = await both();
  for (const socket of [fourth, fourthFar]) socket.resume();
  a.channels.forwards.close(view.id);
  await expect.poll(() => fourth.destroyed && fourthFar.destroyed, { timeout: 5_000 }).toBe(true);
  expect(await new Promise((resolve) => connectTcp({ port: view.localPort, host: '127.0.0.1' }).on('error', (error) => resolve((error as NodeJS.ErrnoException).code)))).toBe('ECONNREFUSED');
}, 40_000);

test('a forward is refused that would listen elsewhere, go nowhere, or is one too many', async () => {
  const [a] = [await node('a'), await node('b')];
  const open = (change: object): Promise<unknown> => a.channels.forwards.open({ peer: 'b', protocol: 'tcp', localAddress: '', localPort: 0, remoteAddress: '', remotePort: 1, ...change }, never).then(() => 'open', (error: { code: string }) => error.code);
  for (const change of [{ localAddress: '0.0.0.0' }, { localAddress: '192.0.2.1' }, { protocol: 'unix' }, { remoteAddress: 'example.org' }, { remotePort: 0 }, { localPort: 70_000 }]) expect([change, await open(change)]).toEqual([change, 'input.invalid']);
  expect(await open({ peer: 'nobody' })).toBe('mesh.not-found');
  const taken = await serve(() => {});
  expect(await open({ localPort: taken })).toBe('node.port-in-use');
});

/** Waits until the number stays for a while. */
async function settled(read: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 8; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    same = read() === last ? same + 1 : 0;
    last = read();
  }
}
