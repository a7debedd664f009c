/**
 * Data channels against members that want more than what is shared: into the far node's network, into its memory, past its limits. Two nodes on
 * loopback with the real library; each counter is the same by a request that keeps to the rules.
 */
import { connect, createServer } from 'node:net';
import { DataChannelNegotiation } from '../../../src/gen/v1/node_messages.ts';
import { NodeService } from '../../../src/gen/v1/node.ts';
import { type RpcError } from '../../../src/base/rpc.ts';
import { type DataChannel, type PeerConnection } from '../../../src/node/path-ports.ts';
import { type RemoteStream } from '../../../src/node/ports.ts';
import { createGrpcCaller } from '../../../src/platform/grpc-call.ts';
import { createPeerConnections } from '../../../src/platform/peer-connections.ts';
import { channelNode, type ChannelNode, type Directory } from '../../node/channel-nodes.ts';
import { type Attack, atEnd, demand, once, pause, summary, until } from '../attack.ts';

const directory: Directory = new Map();
const never = new AbortController().signal;

interface World {
  readonly near: ChannelNode;
  readonly far: ChannelNode;
  /** What answers `hello` and is shared, and what is not. Whoever reaches the second is counted. */
  readonly shared: number;
  readonly secret: number;
  readonly reached: () => number;
  readonly library: ReturnType<typeof createPeerConnections>;
}

const world = once(async (): Promise<World> => {
  const library = createPeerConnections();
  const [near, far] = [await channelNode('near', directory, library), await channelNode('far', directory, library)];
  let reached = 0;
  const serve = (greet: () => void): Promise<number> => new Promise((resolve) => {
    const server = createServer((socket) => {
      greet();
      socket.on('error', () => {}).end('hello');
    });
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    atEnd(() => server.close());
  });
  const shared = await serve(() => {});
  const secret = await serve(() => reached++);
  far.share('tcp', shared);
  atEnd(async () => {
    await near.close();
    await far.close();
    library.close();
  });
  return { near, far, shared, secret, reached: () => reached, library };
});

/** What a forward to this port of the far node brings: its problem, or what the program there said. */
async function through(port: number, remoteAddress = ''): Promise<string> {
  const { near } = await world();
  const view = await near.channels.forwards.open({ peer: 'far', protocol: 'tcp', localAddress: '', localPort: 0, remoteAddress, remotePort: port }, never);
  const said = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect({ port: view.localPort, host: '127.0.0.1' });
    const done = (): void => resolve(text);
    socket.on('data', (part: Buffer) => void (text += part.toString())).on('end', done).on('error', done);
    setTimeout(() => socket.destroy(), 3_000).unref();
    socket.on('close', done);
  });
  near.channels.forwards.close(view.id);
  return said === '' ? 'refused' : said;
}

interface Talk {
  readonly stream: RemoteStream;
  send(message: Partial<DataChannelNegotiation>): void;
  next(): Promise<string>;
}

async function talk(): Promise<Talk> {
  const { far } = await world();
  const caller = createGrpcCaller(() => null);
  atEnd(() => caller.close());
  const stream = caller.duplex(`127.0.0.1:${far.port}`, NodeService.negotiateDataChannel.path, { metadata: {}, deadlineMs: 12_000, signal: never, expectId: '' });
  const messages = stream.messages[Symbol.asyncIterator]();
  return {
    stream,
    send: (message) => void stream.write(DataChannelNegotiation.encode(DataChannelNegotiation.fromPartial(message)).finish()),
    next: () => messages.next().then((step) => (step.done ? 'ended' : DataChannelNegotiation.decode(Buffer.from(step.value)).offer), (error: RpcError) => `${error.code} ${error.message}`),
  };
}

/** A connection of the attacker's own, who speaks the protocol as far as it likes. */
async function connection(): Promise<{ readonly connection: PeerConnection; readonly control: DataChannel }> {
  const { library, shared } = await world();
  const call = await talk();
  call.send({ proto: 'tcp', dst: '127.0.0.1', port: shared });
  const made = library.create({ iceServers: [], hosts: ['127.0.0.1'] });
  const control = made.createChannel('CHANNELS', { id: 0, protocol: 'tcp' });
  call.send({ answer: JSON.stringify(await made.answer(JSON.parse(await call.next()) as never)) });
  made.onCandidate((candidate) => call.send({ candidate }));
  await control.opened;
  call.stream.end();
  atEnd(() => made.close());
  return { connection: made, control };
}

const inside: Attack = {
  name: 'channel-into-the-far-network', aim: 'NegotiateDataChannel, and streams of a connection that is there', expected: 'refused, nothing dialled',
  attack: async () => {
    const { secret, shared, reached } = await world();
    // First with no connection at all, then beside a stream that may be.
    const outcomes = [await through(secret), await through(shared), await through(secret), await through(secret, '::1'), await through(22, '192.0.2.1')].map((each, i) => (i === 1 && each === 'hello' ? 'refused' : each));
    const call = await talk();
    call.send({ proto: 'unix', dst: '/run/dbus/system_bus_socket', port: 1 });
    demand((await call.next()).startsWith('3 '), 'other protocols of a dialler are refused');
    return `${summary(outcomes)}, ${reached() === 0 ? 'nothing' : 'something'} dialled`;
  },
  counter: async () => demand((await through((await world()).shared)) === 'hello', 'what is shared is reached'),
};

const flood: Attack = {
  name: 'channel-connections-without-end', aim: 'NegotiateDataChannel', expected: 'few connections, then 8 too many peer connections',
  attack: async () => {
    const { shared } = await world();
    const calls = await Promise.all(Array.from({ length: 60 }, talk));
    for (const call of calls) call.send({ proto: 'tcp', dst: '127.0.0.1', port: shared });
    const answers = await Promise.all(calls.map((call) => call.next()));
    const refused = answers.filter((each) => !each.startsWith('{'));
    for (const { stream } of calls) stream.cancel();
    demand(answers.length - refused.length <= 32 && refused.length > 0, 'there is a limit');
    await pause(300);
    return `few connections, then ${summary(refused)}`;
  },
  counter: async () => demand((await through((await world()).shared)) === 'hello', 'whoever keeps to the limit is served, and places come back'),
};

const breaches: Attack = {
  name: 'channel-breaches', aim: 'a connection that is up', expected: 'ended each time, the node lives',
  attack: async () => {
    const outcomes: string[] = [];
    for (const hex of ['00000000', '0000000100', 'ffffffff', `00000001${'01'.repeat(400)}`, '00'.repeat(200_000)]) {
      const { control } = await connection();
      control.send(Buffer.from(hex, 'hex'));
      outcomes.push(await Promise.race([control.closed.then(() => 'ended'), pause(5_000).then(() => `${hex.slice(0, 10)} was taken`)]));
    }
    const call = await talk();
    call.send({ proto: 'tcp', dst: '127.0.0.1', port: (await world()).shared });
    await call.next();
    call.send({ answer: '{"type":"answer","sdp":"v=0\\r\\na=ice-ufrag:%n%n%n%n"}' });
    outcomes.push((await call.next()).startsWith('9 ') ? 'ended' : 'taken');
    return `${summary(outcomes)} each time, the node ${(await through((await world()).shared)) === 'hello' ? 'lives' : 'is gone'}`;
  },
  counter: async () => {
    const { connection: made, control } = await connection();
    control.send(Buffer.from([0, 0, 0, 1]));
    const channel = made.createChannel('CONNECTIONS', { id: 1, protocol: 'tcp' });
    let text = '';
    channel.onMessage((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    await until(() => text === 'hello', 3_000, 'an announcement as it should be is served');
  },
};

const memory: Attack = {
  name: 'channel-fills-the-memory', aim: 'streams whose program does not read', expected: 'cut off, less than 64 MiB more',
  attack: async () => {
    const { far } = await world();
    const deaf = createServer((socket) => void socket.pause().on('error', () => {}));
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    atEnd(() => deaf.close());
    const { port } = deaf.address() as { port: number };
    far.share('tcp', port);
    const { connection: made, control } = await connection();
    const before = process.memoryUsage().rss;
    // As a node of ours would open it, but with no regard for credit: and as a stranger, to a channel that was never announced.
    control.send(Buffer.from([0, 0, 0, 5]));
    const [announced, silent] = [made.createChannel('CONNECTIONS', { id: 5, protocol: 'tcp' }), made.createChannel('CONNECTIONS', { id: 9, protocol: 'tcp' })];
    for (let sent = 0; sent < 96 && announced.send(Buffer.alloc(60_000)); sent++) silent.send(Buffer.alloc(60_000));
    await Promise.race([silent.closed, pause(5_000).then(() => Promise.reject(new Error('a channel that nobody hears takes everything')))]);
    const moreMib = (process.memoryUsage().rss - before) / 2 ** 20;
    return `cut off, ${moreMib < 64 ? 'less' : 'more'} than 64 MiB more`;
  },
  counter: async () => demand((await through((await world()).shared)) === 'hello', 'others are served beside it'),
};

export const channels: readonly Attack[] = [inside, flood, breaches, memory];
