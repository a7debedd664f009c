import { createSocket, type Socket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { afterAll, afterEach, expect, test } from 'vitest';
import { channelNode, type ChannelNode, type Directory } from '../../../test/node/channel-nodes.ts';
import { Proposal } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { createPeerConnections } from '../../platform/peer-connections.ts';
import { type Carrier, type CarrierPeer } from '../path-ports.ts';

const library = createPeerConnections();
afterAll(() => library.close());
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const directory: Directory = new Map();
const never = new AbortController().signal;

async function node(id: string): Promise<ChannelNode> {
  const made = await channelNode(id, directory, library);
  ends.push(made.close);
  return made;
}

/** A socket in WireGuard's place. */
async function wireguard(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  ends.push(() => socket.close());
  return socket;
}

const peer = (id: string, socket: Socket): CarrierPeer => ({
  id, publicKey: '', session: new Uint8Array(16), wireguardPort: socket.address().port, meshIpv4: '', meshIpv6: '',
  nat: { mapping: 1, publicIpv4: '', publicIpv6: '', tunnelEndpoints: [], portMapping: '' },
});

/** As the path finders of both sides do it. */
async function carriers(a: ChannelNode, b: ChannelNode, ours: Socket, theirs: Socket): Promise<readonly [Carrier, Carrier]> {
  const offering = await a.channels.carrier.begin(peer(b.id, ours), 'offering', null, never);
  const offer = Proposal.fromPartial(offering.mine ?? {});
  const answering = await b.channels.carrier.begin(peer(a.id, theirs), 'answering', offer, never);
  const both = await Promise.all([offering.proceed(Proposal.fromPartial(answering.mine ?? {}), never), answering.proceed(offer, never)]);
  ends.push(() => both.forEach((each) => 'close' in each && each.close()));
  return both as unknown as readonly [Carrier, Carrier];
}

const portOf = ({ localEndpoint }: Carrier): number => Number(localEndpoint.split(':')[1]);

async function between(): Promise<{ readonly a: ChannelNode; readonly b: ChannelNode; readonly ours: Socket; readonly theirs: Socket; readonly near: Carrier; readonly far: Carrier }> {
  const [a, b, ours, theirs] = [await node('a'), await node('b'), await wireguard(), await wireguard()];
  const [near, far] = await carriers(a, b, ours, theirs);
  return { a, b, ours, theirs, near, far };
}

test('every datagram arrives, whole and by itself, both ways, many in a message', async () => {
  const { ours, theirs, near, far } = await between();
  const seen = { ours: new Set<string>(), theirs: new Set<string>() };
  ours.on('message', (datagram) => seen.ours.add(`${datagram.length} ${datagram.readUInt32BE()}`));
  theirs.on('message', (datagram) => seen.theirs.add(`${datagram.length} ${datagram.readUInt32BE()}`));
  const count = 3_000;
  for (let i = 0; i < count; i++) {
    const datagram = Buffer.alloc(4 + (i % 1_480));
    datagram.writeUInt32BE(i);
    ours.send(datagram, portOf(near), '127.0.0.1');
    theirs.send(datagram, portOf(far), '127.0.0.1');
    if (i % 25 === 24) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await expect.poll(() => [seen.ours.size, seen.theirs.size, near.counters().droppedDatagrams, far.counters().droppedDatagrams], { timeout: 5_000 }).toEqual([count, count, 0, 0]);
  expect(near.counters()).toEqual(far.counters());
  expect(near).toMatchObject({ tier: 'channel', via: expect.stringMatching(/^host-/), remote: expect.stringMatching(/^127\.0\.0\.1:/) });
}, 30_000);

test('more than the channel takes is dropped and counted, never queued long', async () => {
  const { ours, theirs, near } = await between();
  let arrived = 0;
  theirs.on('message', () => arrived++);
  for (let i = 0; i < 20_000; i++) ours.send(Buffer.alloc(1_400), portOf(near), '127.0.0.1');
  // A busy machine may take its time until the first of them is through; from there on the limits count.
  await expect.poll(() => arrived, { timeout: 10_000 }).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = arrived;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(arrived).toBe(before);
  expect(arrived).toBeGreaterThan(100);
}, 20_000);

test('a stalled and a busy forward to the same node hold up nothing of the tunnel', async () => {
  const { a, b, ours, theirs, near } = await between();
  theirs.on('message', (datagram, from) => theirs.send(datagram, from.port, from.address));
  const deaf = createServer((socket) => void socket.pause().on('error', () => {}));
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  ends.push(() => deaf.close());
  const { port } = deaf.address() as { port: number };
  b.share('tcp', port);
  const { localPort } = await a.channels.forwards.open({ peer: 'b', protocol: 'tcp', localAddress: '', localPort: 0, remoteAddress: '', remotePort: port }, never);
  const pushing = connect({ port: localPort, host: '127.0.0.1' }).on('error', () => {});
  ends.push(() => pushing.destroy());
  let pushed = 0;
  const push = (): void => {
    while (pushed < 64 << 20 && pushing.write(Buffer.alloc(64 << 10))) pushed += 64 << 10;
  };
  pushing.on('drain', push);
  push();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const startedMs = performance.now();
    const back = new Promise((resolve) => ours.once('message', resolve));
    ours.send(Buffer.from(`ping ${i}`), portOf(near), '127.0.0.1');
    await back;
    times.push(performance.now() - startedMs);
  }
  expect(times.sort((x, y) => x - y)[25]).toBeLessThan(20);
  expect(pushed).toBeLessThan(24 << 20);
});

test('the end of the other side is told, and closing twice is one end', async () => {
  const { near, far } = await between();
  far.close();
  far.close();
  expect(await far.ended).toEqual({ code: 'carrier-failed', problem: 'closed' });
  expect(await near.ended).toMatchObject({ code: 'carrier-failed', problem: expect.stringMatching(/ended$/) });
});

test('an offer that is none, a way that leads nowhere and an attempt that is given up are carrier errors', async () => {
  const [a, ours] = [await node('a'), await wireguard()];
  await node('b');
  const begin = (theirs: Partial<Proposal>): Promise<unknown> => a.channels.carrier.begin(peer('b', ours), 'answering', Proposal.fromPartial(theirs), never);
  await expect(begin({})).rejects.toMatchObject({ name: 'CarrierError', code: 'carrier-failed' });
  await expect(begin({ description: '{"type":"answer","sdp":""}' })).rejects.toMatchObject({ code: 'carrier-failed' });
  const stranger = await a.channels.carrier.begin({ ...peer('nobody', ours), nat: null }, 'offering', null, never);
  await expect(stranger.proceed(null, never)).rejects.toMatchObject({ name: 'CarrierError', code: 'carrier-failed' });
  const given = await a.channels.carrier.begin(peer('b', ours), 'offering', null, never);
  given.cancel();
  await expect(given.proceed(Proposal.fromPartial({ description: given.mine?.description ?? '' }), never)).rejects.toMatchObject({ code: 'carrier-failed' });
});
