import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { type Duplex, RpcError, service } from '../../src/base/rpc.ts';
import { NodeService } from '../../src/gen/v1/node.ts';
import { DataChannelNegotiation } from '../../src/gen/v1/node_messages.ts';
import { WebRTCService } from '../../src/gen/v1/webrtc.ts';
import { DataChannelOffer, StartDataChannelRequest } from '../../src/gen/v1/webrtc_messages.ts';
import { type DataChannel, type PeerConnection } from '../../src/node/path-ports.ts';
import { type RemoteStream } from '../../src/node/ports.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { forwardSockets } from '../../src/platform/forward-sockets.ts';
import { createGrpcCaller } from '../../src/platform/grpc-call.ts';
import { createGrpcServer } from '../../src/platform/grpc-server.ts';
import { createPeerConnections } from '../../src/platform/peer-connections.ts';
import { channelNode, type ChannelNode, type Directory } from '../node/channel-nodes.ts';

/** Old nodes and clients as they were: written from the wire reference alone, they share no code with ours but the library. */
const library = createPeerConnections();
afterAll(() => library.close());
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.clear();
});
const directory: Directory = new Map();

async function node(id: string, options: { direct?: boolean; clock?: Clock } = {}): Promise<ChannelNode> {
  const made = await channelNode(id, directory, library, options);
  ends.push(made.close);
  return made;
}

async function tcpServer(take: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => take(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  return (server.address() as { port: number }).port;
}

function ask(at: { readonly port: number }): { stream: RemoteStream; say(message: Partial<StartDataChannelRequest>): void; next(): Promise<DataChannelOffer | string> } {
  const caller = createGrpcCaller(() => null);
  ends.push(() => caller.close());
  const stream = caller.duplex(`127.0.0.1:${at.port}`, WebRTCService.startDataChannel.path, { metadata: {}, deadlineMs: 30_000, signal: new AbortController().signal, expectId: '' });
  const messages = stream.messages[Symbol.asyncIterator]();
  return {
    stream,
    say: (message) => void stream.write(StartDataChannelRequest.encode(StartDataChannelRequest.fromPartial(message)).finish()),
    next: async () => {
      try {
        const step = await messages.next();
        return step.done ? 'end' : DataChannelOffer.decode(Buffer.from(step.value));
      } catch (error) {
        return `${(error as RpcError).code}`;
      }
    },
  };
}

interface Old {
  readonly connection: PeerConnection;
  readonly control: DataChannel;
  /** What the server sent beside candidates. */
  readonly offer: DataChannelOffer;
  /** Announces, and writes at once, as clients did. */
  stream(number: number, early: string): DataChannel;
}

/** wmctl port-forward, as far as it is documented. */
async function oldClient(at: { readonly port: number }, request: Partial<StartDataChannelRequest>): Promise<Old> {
  const call = ask(at);
  call.say(request);
  const offer = await call.next();
  if (typeof offer === 'string') throw new Error(offer);
  const { type, sdp } = JSON.parse(offer.offer) as { type: 'offer'; sdp: string };
  const connection = library.create({ iceServers: [], hosts: ['127.0.0.1'] });
  ends.push(() => connection.close());
  const control = connection.createChannel('CHANNELS', { id: 0, protocol: 'tcp' });
  call.say({ answer: JSON.stringify(await connection.answer({ type, sdp })) });
  connection.onCandidate((candidate) => call.say({ candidate }));
  void (async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (let message = await call.next(); typeof message !== 'string'; message = await call.next()) connection.addCandidate(message.candidate);
  })();
  await control.opened;
  call.stream.end();
  return {
    connection, control, offer,
    stream: (number, early) => {
      const announcement = Buffer.alloc(4);
      announcement.writeUInt32BE(number);
      control.send(announcement);
      const channel = connection.createChannel('CONNECTIONS', { id: number & 0xffff, protocol: 'tcp' });
      channel.send(Buffer.from(early));
      return channel;
    },
  };
}

async function heard(channel: DataChannel): Promise<string> {
  let text = '';
  channel.onMessage((bytes) => {
    text += Buffer.from(bytes).toString();
  });
  await channel.closed;
  return text;
}

const said = async (port: number, ...messages: Partial<StartDataChannelRequest>[]): Promise<DataChannelOffer | string> => {
  const call = ask({ port });
  for (const message of messages) call.say(message);
  if (messages.length === 0) call.stream.end();
  let answer = await call.next();
  if (typeof answer !== 'string' && messages.length > 1) answer = await call.next();
  call.stream.cancel();
  return answer;
};

test('statuses of StartDataChannel are the documented ones', async () => {
  const { port, share } = await node('a');
  share('tcp', 9);
  const good = { nodeId: 'a', port: 9 };
  const rows: readonly (readonly [string, Partial<StartDataChannelRequest>[], string])[] = [
    ['no node', [{ port: 9 }], '3'], ['port 0', [{ nodeId: 'a' }], '3'], ['a port beyond all', [{ nodeId: 'a', port: 70_000 }], '3'], ['an unknown node', [{ nodeId: 'ghost', port: 9 }], '5'],
    ['an empty answer', [good, { answer: '' }], '3'], ['an answer that is none', [good, { answer: '{"type":"answer"}' }], '9'], ['an offer for an answer', [good, { answer: '{"type":"offer","sdp":"v=0"}' }], '9'],
    ['what is not shared', [{ ...good, port: 22 }], '7'], ['a protocol of the dialler', [{ ...good, proto: 'unix' }], '3'], ['nothing', [], 'end'],
  ];
  expect(await Promise.all(rows.map(async ([name, messages]) => [name, await said(port, ...messages)]))).toEqual(rows.map(([name, , code]) => [name, code]));
});

test('ten seconds without a first message, and without an answer: deadline exceeded', async () => {
  // One second of the node's takes twenty milliseconds.
  const { port, share } = await node('a', { clock: { ...systemClock, after: (ms, run) => systemClock.after(ms / 50, run) } });
  share('tcp', 9);
  const [silent, late] = [ask({ port }), ask({ port })];
  late.say({ nodeId: 'a', port: 9 });
  expect(await late.next()).toMatchObject({ offer: expect.stringMatching(/^\{"type":"offer","sdp":"v=0\\r\\n/) });
  expect(await Promise.all([silent.next(), late.next()])).toEqual(['4', '4']);
});

test('an old client reaches our node, itself or through another: early data, both ways, many streams, closing', async () => {
  const [far, middle] = [await node('far', { direct: false }), await node('middle')];
  const port = await tcpServer((socket) => socket.on('data', (bytes) => socket.end(`you said ${bytes}`)));
  far.share('tcp', port);
  for (const [at, request] of [[far, { port }], [middle, { port }], [middle, { port, dst: `127.0.0.1:${port}` }], [middle, { port: 1, dst: `127.0.0.1:${port}`, proto: 'tcp4' }]] as const) {
    const client = await oldClient(at, { nodeId: 'far', ...request });
    // 65 539 stands for channel 3.
    const numbers = [1, 2, 65_539, ...Array.from({ length: 47 }, (_, i) => i + 4)];
    expect(await Promise.all(numbers.map((number) => heard(client.stream(number, `${number}`))))).toEqual(numbers.map((number) => `you said ${number}`));
    expect(JSON.parse(client.offer.offer).sdp).not.toContain('candidate');
    client.connection.close();
  }
});

test('a breach on channel 0 ends the connection: number 0, a number in use, a message that is longer', async () => {
  const far = await node('far');
  const port = await tcpServer(() => {});
  far.share('tcp', port);
  for (const breach of [['00000000'], ['00000001', '00000001'], ['0000000100'], ['000103ff', '00000400']]) {
    const client = await oldClient(far, { nodeId: 'far', port });
    for (const hex of breach) client.control.send(Buffer.from(hex, 'hex'));
    await client.control.closed;
  }
});

/** A far node of old: dials `dst` as it is, closes on a message that has not four bytes, errs on candidates before the answer. */
async function oldFarNode(id: string, negotiations: DataChannelNegotiation[]): Promise<void> {
  const negotiate: Duplex<DataChannelNegotiation, DataChannelNegotiation> = async function* (requests) {
    const messages = requests[Symbol.asyncIterator]();
    const first = (await messages.next()).value as DataChannelNegotiation;
    negotiations.push(first);
    const connection = library.create({ iceServers: [], hosts: ['127.0.0.1'] });
    ends.push(() => connection.close());
    const control = connection.createChannel('CHANNELS', { id: 0, protocol: 'tcp' });
    const empty = DataChannelNegotiation.fromPartial({});
    yield { ...empty, offer: JSON.stringify(await connection.offer()) };
    const second = (await messages.next()).value as DataChannelNegotiation;
    if (second.answer === '') throw new RpcError(2, 'InvalidStateError: remote description is not set');
    connection.accept(JSON.parse(second.answer) as never);
    control.onMessage((bytes) => {
      if (bytes.length !== 4) return connection.close();
      const channel = connection.createChannel('CONNECTIONS', { id: Buffer.from(bytes).readUInt32BE() & 0xffff, protocol: first.proto });
      void dialAsGiven(first, channel);
    });
    const candidates: string[] = [];
    connection.onCandidate((candidate) => candidates.push(candidate));
    void (async () => {
      for (let step = await messages.next(); !step.done; step = await messages.next()) if (step.value.candidate) connection.addCandidate(step.value.candidate);
    })().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const candidate of candidates) yield { ...empty, candidate };
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  };
  const server = createGrpcServer({ services: [service(NodeService, { negotiateDataChannel: negotiate })], log: silentLog });
  ends.push(() => server.close(50));
  directory.set(id, { port: await server.listen({ host: '127.0.0.1', port: 0 }), direct: true });
}

async function dialAsGiven({ proto, dst }: DataChannelNegotiation, channel: DataChannel): Promise<void> {
  const [host = '', port] = dst.split(':');
  if (port === undefined) return channel.close();
  if (proto === 'udp') {
    const socket = await forwardSockets.openUdp('127.0.0.1', 0, (datagram) => channel.send(datagram), { host, port: Number(port) });
    ends.push(() => socket.close());
    return channel.onMessage((bytes) => socket.send(bytes, ''));
  }
  const stream = await forwardSockets.connectTcp(host, Number(port), new AbortController().signal);
  channel.onMessage((bytes) => stream.write(bytes));
  void channel.closed.then(() => stream.end());
  stream.listen({ data: (bytes) => void channel.send(bytes), drained: () => {}, ended: () => channel.close(), closed: () => channel.close() });
}

test('our forward reaches an old far node: the port stands in dst, bytes wait until its side is made, the end is a close', async () => {
  const near = await node('near');
  const negotiations: DataChannelNegotiation[] = [];
  await oldFarNode('old', negotiations);
  const port = await tcpServer((socket) => socket.on('data', (bytes) => socket.end(`old ${bytes}`)));
  const { localPort, problem } = await near.channels.forwards.open({ peer: 'old', protocol: 'tcp', localAddress: '', localPort: 0, remoteAddress: '', remotePort: port }, new AbortController().signal);
  expect(problem).toBe('');
  const answers = await Promise.all(Array.from({ length: 8 }, async (_, i) => {
    const stream = await forwardSockets.connectTcp('127.0.0.1', localPort, new AbortController().signal);
    return new Promise<string>((resolve) => {
      let text = '';
      stream.listen({ data: (bytes) => void (text += Buffer.from(bytes).toString()), drained: () => {}, ended: () => resolve(text), closed: () => resolve(text) });
      stream.write(Buffer.from(`${i}`));
    });
  }));
  expect(answers).toEqual(Array.from({ length: 8 }, (_, i) => `old ${i}`));
  expect(negotiations.map(({ proto, dst, port: asked }) => [proto, dst, asked])).toEqual([['tcp', `127.0.0.1:${port}`, port]]);
});

test('our tunnel reaches an old node\'s: one datagram a message, through its own API', async () => {
  const near = await node('near');
  await oldFarNode('old', []);
  const [ours, theirs] = [createSocket('udp4'), createSocket('udp4')];
  for (const socket of [ours, theirs]) await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  ends.push(() => ours.close(), () => theirs.close());
  directory.set('old', { port: directory.get('old')?.port ?? 0, direct: true, wireguardPort: theirs.address().port });
  theirs.on('message', (datagram, from) => theirs.send(`${datagram} too`, from.port, from.address));
  const peer = { id: 'old', publicKey: '', session: new Uint8Array(16), wireguardPort: ours.address().port, nat: null, meshIpv4: '', meshIpv6: '' };
  const attempt = await near.channels.carrier.begin(peer, 'offering', null, new AbortController().signal);
  expect(attempt.mine).toBeNull();
  const carrier = await attempt.proceed(null, new AbortController().signal);
  if (!('localEndpoint' in carrier)) throw new Error('no carrier');
  ends.push(() => carrier.close());
  const answer = new Promise<string>((resolve) => ours.once('message', (datagram) => resolve(String(datagram))));
  ours.send('hello', Number(carrier.localEndpoint.split(':')[1]), '127.0.0.1');
  expect(await answer).toBe('hello too');
  expect(carrier).toMatchObject({ tier: 'channel', via: expect.stringMatching(/^host-(host|prflx)$/) });
});
