import { createServer, connect as connectTcp, type Server, type Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { afterAll, afterEach, expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { type Ip, parseIp } from '../../base/ip.ts';
import { silentLog } from '../../base/log.ts';
import { seeded } from '../../base/random.ts';
import { service } from '../../base/rpc.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { type ForwardView } from '../../gen/webmesh/local/v1/local.ts';
import { systemClock } from '../../platform/clock.ts';
import { forwardSockets } from '../../platform/forward-sockets.ts';
import { createGrpcCaller } from '../../platform/grpc-call.ts';
import { createGrpcServer } from '../../platform/grpc-server.ts';
import { loopbackPorts } from '../../platform/loopback-port.ts';
import { createPeerConnections } from '../../platform/peer-connections.ts';
import { type RaftView } from '../../raft/types.ts';
import { type NodeConfig } from '../config.ts';
import { createDataChannels, type DataChannels } from './data-channels.ts';

const library = createPeerConnections();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => library.close());

interface TestNode {
  readonly channels: DataChannels;
  readonly port: number;
  readonly shares: { protocol: 'tcp' | 'udp'; ip: Ip; port: number }[];
}

const nodes = new Map<string, TestNode>();

/** A node with nothing but its data channels, on loopback, in clear text. */
async function node(id: string): Promise<TestNode> {
  const remote = createGrpcCaller(() => null);
  const shares: TestNode['shares'] = [];
  const config = { meshIpv4: null, meshIpv6: null, wireguardPort: 51_820, tunnel: null, paths: { shares }, services: { iceNegotiation: true } } as unknown as NodeConfig;
  const view = cell({ configuration: { servers: [] } } as unknown as RaftView);
  const row = (other: string) => nodes.has(other) ? { id: other, grpcPort: nodes.get(other)?.port ?? 0, primaryEndpoint: '127.0.0.1', leaseIpv4: null, networkIpv6: null, wireguardPort: 51_820 } : undefined;
  const channels = createDataChannels({
    nodeId: id, config: () => config, remote, connections: library, sockets: forwardSockets, loopback: loopbackPorts, servers: cell([]), hosts: () => ['127.0.0.1'],
    guard: { secure: false, consensus: { view }, reads: { trust: { device: () => undefined, certificate: () => undefined }, revision: cell(0) }, clock: systemClock },
    reads: { node: row, get: () => undefined, leases: () => [] } as never,
    peers: () => [...nodes].filter(([other]) => other !== id).map(([other, { port }]) => ({ id: other, publicKey: '', ipv4: '', ipv6: '', endpoints: [], primary: '127.0.0.1', grpcPort: port, serves: true })),
    reached: () => false, defer: (run) => void setImmediate(run), clock: systemClock, random: seeded(1), log: silentLog,
  });
  const open = { kind: 'clear-text', via: null } as const;
  const server = createGrpcServer({ services: [service(NodeService, { negotiateDataChannel: (requests, call) => channels.negotiate(requests, call, open) }), ...channels.services], log: silentLog });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  const made = { channels, port, shares };
  nodes.set(id, made);
  ends.push(() => remote.close(), () => server.close(50), () => channels.close(), () => nodes.delete(id));
  return made;
}

function share(at: TestNode, protocol: 'tcp' | 'udp', port: number): void {
  at.shares.push({ protocol, ip: parseIp('127.0.0.1') as Ip, port });
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

async function read(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

const never = new AbortController().signal;
const forward = (at: TestNode, peer: string, protocol: string, remotePort: number): Promise<ForwardView> =>
  at.channels.forwards.open({ peer, protocol, localAddress: '', localPort: 0, remoteAddress: '', remotePort }, never);

test('a forward carries a question, a half-close and the answer, for many at once, over one connection', async () => {
  const [a, b] = [await node('a'), await node('b')];
  const port = await serve(async (socket) => socket.end(`you said ${await read(socket)}`));
  share(b, 'tcp', port);
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
  share(b, 'tcp', port);
  const good = await forward(a, 'b', 'tcp', port);
  expect(await read(client(good.localPort))).toBe('hello');
  const bad = await forward(a, 'b', 'tcp', 22);
  expect(await read(client(bad.localPort))).toBe('');
  await expect.poll(() => a.channels.forwards.views.get().find(({ id }) => id === bad.id), { timeout: 2_000 }).toMatchObject({ problemCode: 'mesh.refused', problem: 'this node does not share tcp 127.0.0.1:22' });
});

test('UDP both ways, each program by itself', async () => {
  const [a, b] = [await node('a'), await node('b')];
  const echo = createSocket('udp4');
  echo.on('message', (datagram, from) => echo.send(`${datagram}!`, from.port, from.address));
  await new Promise<void>((resolve) => echo.bind(0, '127.0.0.1', resolve));
  ends.push(() => echo.close());
  share(b, 'udp', echo.address().port);
  const { localPort } = await forward(a, 'b', 'udp', echo.address().port);
  const answers = await Promise.all(['x', 'y', 'z'].map((word) => new Promise<string>((resolve) => {
    const socket = createSocket('udp4');
    ends.push(() => socket.close());
    socket.on('message', (datagram) => resolve(String(datagram)));
    socket.send(word, localPort, '127.0.0.1');
  })));
  expect(answers).toEqual(['x!', 'y!', 'z!']);
});
