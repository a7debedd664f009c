import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createMeshKeys } from '../../../test/node/mesh-keys.ts';
import { type Identity } from '../../base/identity.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../platform/clock.ts';
import { createSockets, tcpSockets } from '../../platform/sockets.ts';
import { type Configuration, entryType, type Message, type Unanswered } from '../../raft/types.ts';
import { type Connection } from '../ports.ts';
import { type AnswerMessage, encodeRequest, type RequestMessage } from './codec.ts';
import { createTransport } from './tcp-transport.ts';
import { type Proof, type Transport, type TransportIdentity } from './transport.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

interface Node {
  readonly id: string;
  readonly address: string;
  readonly transport: Transport;
  readonly received: { message: Message }[];
  readonly unanswered: Unanswered[];
  serve: (message: Message) => void;
}

async function node(id: string, { sockets, ...identity }: Pick<TransportIdentity, 'hears' | 'cutOff'> & { sockets: ReturnType<typeof createSockets> }): Promise<Node> {
  const bound = await tcpSockets.listen('127.0.0.1', 0, () => {});
  if (!bound.ok) throw new Error(bound.message);
  bound.close();
  const address = `127.0.0.1:${bound.port}`;
  const [received, unanswered]: [Node['received'], Unanswered[]] = [[], []];
  const transport = createTransport({ id, address: () => address, ...identity }, { sockets, clock: systemClock, log: silentLog }, {
    receive: (message) => {
      received.push({ message });
      made.serve(message);
    },
    unanswered: (request) => unanswered.push(request),
  });
  const made: Node = { id, address, transport, received, unanswered, serve: () => {} };
  cleanUps.push(() => transport.close());
  await transport.listen([address]);
  return made;
}

const configurationOf = (...nodes: readonly { id: string; address: string }[]): Configuration => ({ servers: nodes.map(({ id, address }) => ({ id, address, voter: true })) });
const append = (prevIndex: number): Extract<RequestMessage, { kind: 'append' }> => ({
  kind: 'append', from: 'a', to: 'b', term: 2, prevIndex, prevTerm: 1, commit: 0,
  entries: [{ index: prevIndex + 1, term: 2, type: entryType.command, data: new Uint8Array(3), extensions: null, appendedAt: null }],
});
const appendedTo = (request: Message): AnswerMessage => {
  if (request.kind !== 'append') throw new Error('not an append');
  return { kind: 'appended', from: request.to, to: request.from, term: 2, requestTerm: request.term, success: true, matched: request.prevIndex + request.entries.length, lastIndex: request.prevIndex };
};

async function until(holds: () => boolean): Promise<void> {
  for (const start = Date.now(); !holds(); await new Promise((resolve) => setTimeout(resolve, 2))) {
    if (Date.now() - start > 4_000) throw new Error(`waited too long for ${holds.toString()}`);
  }
}

/** Two nodes over TLS; `b` hears whoever proves to be whom it says it is, and `mallory` was cut off once `cut` is set. */
async function secured() {
  const keys = await createMeshKeys();
  const identities = { a: await keys.device('a'), b: await keys.device('b'), mallory: await keys.device('mallory') };
  const world = { cut: false };
  const options = (id: keyof typeof identities) => ({
    sockets: createSockets(() => identities[id]), hears: (from: string, { provenId }: Proof) => provenId === from && !(world.cut && from === 'mallory'), cutOff: (other: string) => world.cut && other === 'mallory',
  });
  const [a, b] = [await node('a', options('a')), await node('b', options('b'))];
  for (const each of [a, b]) {
    each.transport.setConfiguration(configurationOf(a, b));
    each.serve = (message) => message.kind === 'append' && each.transport.send(appendedTo(message));
  }
  const dialAs = async (identity: Identity, to: Node, expectId = to.id): Promise<{ connection: Connection; closed: () => boolean }> => {
    const [host = '', port = ''] = to.address.split(':');
    const connection = await createSockets(() => identity).connect(host, Number(port), expectId, new AbortController().signal);
    let closed = false;
    connection.listen({ data: () => {}, drained: () => {}, closed: () => (closed = true) });
    cleanUps.push(() => connection.destroy());
    return { connection, closed: () => closed };
  };
  return { keys, identities, world, options, a, b, dialAs };
}

test('members talk, both ends proven', async () => {
  const { a } = await secured();
  a.transport.send(append(1));
  await until(() => a.received.length === 1);
  expect([a.received.map((r) => r.message), a.unanswered]).toEqual([[appendedTo(append(1))], []]);
});

test('clear text, another mesh, and no certificate never get as far as a frame', async () => {
  const { b, dialAs } = await secured();
  const plain = connect(Number(b.address.split(':')[1]), '127.0.0.1').on('error', () => {});
  cleanUps.push(() => plain.destroy());
  plain.write(encodeRequest(append(1), 'x'));
  await until(() => plain.closed);
  const foreign = await (await createMeshKeys()).device('a');
  await expect(dialAs(foreign, b)).rejects.toThrow();
  expect(b.received).toEqual([]);
});

test('speaking under another id, or as one that is not heard, ends the connection', async () => {
  const { identities, b, dialAs, world } = await secured();
  const mallory = await dialAs(identities.mallory, b);
  mallory.connection.write(encodeRequest(append(1), 'x'));
  await until(mallory.closed);
  world.cut = true;
  const revoked = await dialAs(identities.mallory, b);
  revoked.connection.write(encodeRequest({ ...append(1), from: 'mallory' }, 'x'));
  await until(revoked.closed);
  expect(b.received).toEqual([]);
});

test('whoever is cut off loses the connections that stand, in and out; nothing more is asked of it', async () => {
  const { identities, b, options, world, dialAs } = await secured();
  const mallory = await node('mallory', options('mallory'));
  for (const each of [b, mallory]) each.transport.setConfiguration(configurationOf(b, mallory));
  mallory.serve = (message) => message.kind === 'append' && mallory.transport.send(appendedTo(message));
  b.transport.send({ ...append(1), from: 'b', to: 'mallory' });
  mallory.transport.send({ ...append(1), from: 'mallory' });
  await until(() => b.received.length === 2 && mallory.received.length >= 1);
  const before = mallory.received.length;
  const standing = await dialAs(identities.mallory, b);
  standing.connection.write(encodeRequest({ ...append(1), from: 'mallory' }, 'x'));
  await until(() => b.received.length === 3);
  world.cut = true;
  b.transport.recheck();
  await until(standing.closed);
  b.transport.send({ ...append(2), from: 'b', to: 'mallory' });
  mallory.transport.send({ ...append(2), from: 'mallory' });
  await until(() => b.unanswered.length === 1 && mallory.unanswered.length >= 1);
  expect([b.received.length, mallory.received.slice(before).filter(({ message }) => message.kind === 'append')]).toEqual([3, []]);
});

test('another member at the address is not the one that is asked', async () => {
  const { a, b } = await secured();
  a.transport.setConfiguration(configurationOf(a, { id: 'c', address: b.address }));
  a.transport.send({ ...append(1), to: 'c' });
  await until(() => a.unanswered.length === 1);
  expect(b.received).toEqual([]);
});
