import { createHmac } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type RelayServer } from '../gen/webmesh/paths/v1/paths_messages.ts';
import { CarrierError, type TurnAllocation, type TurnServer } from '../node/path-ports.ts';
import { systemClock } from './clock.ts';
import { createTurnClients } from './turn-client.ts';
import { createTurnServers } from './turn-server.ts';

const secret = 'a secret of this test';
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let nextPort = 23_900 + (process.pid % 200) * 4;

async function relay({ allocationsPerUserMax = 4 } = {}): Promise<{ server: TurnServer; known: RelayServer }> {
  const port = (nextPort += 4);
  const server = await createTurnServers(systemClock).start({
    port, hosts: ['127.0.0.1'], realm: 'webmesh', secret, external: { ipv4: '127.0.0.1', ipv6: null }, relayPorts: [port + 8_000, port + 8_100], take: () => true,
    allocationsMax: 8, allocationsPerUserMax, mayUse: () => true, mayRelayTo: () => true,
  });
  ends.push(() => server.close());
  return { server, known: knownAs(port) };
}

function knownAs(port: number): RelayServer {
  const username = `${Math.floor(Date.now() / 1000) + 600}:ann`;
  return {
    nodeId: 'relay', stun: [], turn: [`turn:127.0.0.1:${port}?transport=udp`, `turn:127.0.0.1:${port}?transport=tcp`], username,
    credential: createHmac('sha1', secret).update(username).digest('base64'), expiresMs: 0n,
  };
}

async function allocate(known: RelayServer, transport: 'udp' | 'tcp' = 'udp'): Promise<TurnAllocation> {
  const asking = new AbortController();
  const allocation = await createTurnClients(systemClock).allocate(known, { transport, family: 4 }, asking.signal);
  asking.abort(); // Of the attempt, which is over: the allocation stays.
  ends.push(() => allocation.close());
  return allocation;
}

async function peer(): Promise<{ socket: Socket; endpoint: string; next(): Promise<string> }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  ends.push(() => socket.close());
  return {
    socket, endpoint: `127.0.0.1:${socket.address().port}`,
    next: () => new Promise((resolve) => socket.once('message', (bytes, { port }) => resolve(`${bytes} from ${port}`))),
  };
}

const portOf = (endpoint: string): number => Number(endpoint.split(':').at(-1));
const heard = (allocation: TurnAllocation): Promise<string> => new Promise((resolve) => allocation.onDatagram((bytes, from) => resolve(`${Buffer.from(bytes)} from ${from}`)));
const codeOf = (error: unknown): string => (error instanceof CarrierError ? error.code : String(error));

for (const transport of ['udp', 'tcp'] as const) {
  test(`over ${transport}: what was permitted comes in, and what is sent goes to who sent last`, async () => {
    const { server, known } = await relay();
    const allocation = await allocate(known, transport);
    const [one, two] = [await peer(), await peer()];
    await allocation.permit('127.0.0.1');
    for (const each of [one, two, one]) {
      const arrived = heard(allocation);
      each.socket.send('question', portOf(allocation.relayed), '127.0.0.1');
      expect(await arrived).toBe(`question from ${each.endpoint}`);
      for (const text of ['answer', 'answer on a channel']) {
        const answer = each.next();
        allocation.send(Buffer.from(text));
        expect(await answer).toBe(`${text} from ${portOf(allocation.relayed)}`);
        await sleep(20);
      }
    }
    const big = heard(allocation);
    one.socket.send(Buffer.alloc(1_420, 'x'), portOf(allocation.relayed), '127.0.0.1');
    expect((await big).length).toBe(`${'x'.repeat(1_420)} from ${one.endpoint}`.length);
    allocation.close();
    expect([await allocation.ended, await gone(server)]).toEqual([{ code: 'carrier-failed', problem: 'closed' }, true]);
  });
}

async function gone(server: TurnServer): Promise<boolean> {
  for (let round = 0; round < 50 && server.stats().allocations > 0; round++) await sleep(10);
  return server.stats().allocations === 0;
}

test('a target that was set stays, whoever sends', async () => {
  const { known } = await relay();
  const allocation = await allocate(known);
  const [one, two] = [await peer(), await peer()];
  await allocation.permit('127.0.0.1');
  allocation.target(one.endpoint);
  const arrived = heard(allocation);
  two.socket.send('question', portOf(allocation.relayed), '127.0.0.1');
  await arrived;
  const answer = one.next();
  allocation.send(Buffer.from('to the target'));
  expect(await answer).toBe(`to the target from ${portOf(allocation.relayed)}`);
});

test('who was not permitted is not heard', async () => {
  const { known } = await relay();
  const allocation = await allocate(known);
  const stranger = await peer();
  let heardAny = false;
  allocation.onDatagram(() => {
    heardAny = true;
  });
  stranger.socket.send('question', portOf(allocation.relayed), '127.0.0.1');
  await sleep(60);
  expect(heardAny).toBe(false);
});

test('what cannot be is told by its code', async () => {
  const { known } = await relay({ allocationsPerUserMax: 1 });
  await allocate(known);
  const codes = await Promise.all([
    allocate(known).catch(codeOf),
    allocate({ ...known, credential: 'wrong' }).catch(codeOf),
    allocate({ ...known, turn: [] }).catch(codeOf),
    allocate(knownAs(9), 'tcp').catch(codeOf),
    allocate(knownAs(9), 'udp').catch(codeOf),
  ]);
  expect(codes).toEqual(['relay-full', 'no-relay', 'no-relay', 'no-relay', 'no-relay']);
});

test('cancelling ends it with the signal\'s reason', async () => {
  const leaving = new AbortController();
  const waiting = createTurnClients(systemClock).allocate(knownAs(9), { transport: 'udp', family: 4 }, leaving.signal).catch((error: Error) => error.name);
  leaving.abort();
  expect(await waiting).toBe('AbortError');
});
