import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type TestMesh, testMesh } from '../../test/fakes/test-mesh.ts';
import { asFailure } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import type { Connection } from '../node/ports.ts';
import { createSockets, type RaftSockets } from './sockets.ts';

const hourMs = 3_600_000;
let mesh: TestMesh;
let host: Identity;
let alice: Identity;
beforeAll(async () => {
  mesh = await testMesh();
  [host, alice] = [await mesh.device('host'), await mesh.device('alice')];
});

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

const signal = (): AbortSignal => new AbortController().signal;

/** Listens, sends back what it gets, and keeps who came. */
async function echo(identity: () => Identity | null): Promise<{ port: number; came: Connection[]; sockets: RaftSockets; closed: string[] }> {
  const came: Connection[] = [];
  const closed: string[] = [];
  const sockets = createSockets(identity);
  const listener = await sockets.listen('127.0.0.1', 0, (connection) => {
    came.push(connection);
    connection.listen({ data: (bytes) => connection.write(bytes), drained: () => {}, closed: () => closed.push(connection.provenId ?? '') });
  });
  if (!listener.ok) throw new Error(listener.message);
  ends.push(() => listener.close());
  return { port: listener.port, came, sockets, closed };
}

async function say(connection: Connection, text: string): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    connection.listen({ data: (bytes) => ((got += Buffer.from(bytes).toString()).length >= text.length ? resolve(got) : undefined), drained: () => {}, closed: () => resolve(`closed ${got}`) });
    connection.write(Buffer.from(text));
  });
}

async function dial(port: number, as: Identity | null, expectId = 'host'): Promise<string> {
  try {
    const connection = await createSockets(() => as).connect('127.0.0.1', port, expectId, signal());
    ends.push(() => connection.destroy());
    return `${connection.provenId} ${await say(connection, 'ping pong')}`;
  } catch (error) {
    return asFailure(error).code;
  }
}

test('both ends know each other by name and certificate', async () => {
  const { port, came } = await echo(() => host);
  expect(await dial(port, alice)).toBe('host ping pong');
  expect(came.map(({ provenId }) => provenId)).toEqual(['alice']);
  expect(came[0]?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
});

test('in clear text nobody is proven, and only where it was asked for', async () => {
  const clear = await echo(() => null);
  expect(await dial(clear.port, null)).toBe('undefined ping pong');
  expect(clear.came[0]).toMatchObject({ provenId: undefined, fingerprint: undefined });
  expect(await dial((await echo(() => host)).port, null)).toBe('undefined closed ');
  expect(['auth.clear-text', 'mesh.incompatible', 'mesh.unreachable']).toContain(await dial((await echo(() => null)).port, alice));
});

test('who has no certificate, one of tomorrow, or another mesh\'s is not let in', async () => {
  const { port, came } = await echo(() => host);
  for (const identity of [await (await testMesh()).device('alice'), await mesh.device('early', { fromMs: hourMs, toMs: 2 * hourMs })]) {
    expect(await dial(port, identity)).not.toContain('pong');
  }
  const nobody = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['webmesh-raft'] });
  nobody.on('error', () => {});
  nobody.resume();
  await new Promise((resolve) => nobody.on('close', resolve));
  expect(came).toEqual([]);
});

test('a certificate that only ended is told as such at both ends, for consensus to judge', async () => {
  const late = { fromMs: -2 * hourMs, toMs: -hourMs };
  const [sleeper, sleepingHost] = [await mesh.device('late', late), await mesh.device('host', late)];
  const { port, came } = await echo(() => sleepingHost);
  const connection = await createSockets(() => sleeper).connect('127.0.0.1', port, 'host', signal());
  ends.push(() => connection.destroy());
  expect(await say(connection, 'ping pong')).toBe('ping pong');
  expect([connection, came[0]].map((one) => [one?.provenId, one?.expired])).toEqual([['host', true], ['late', true]]);
  expect(await dial(port, sleeper, 'other')).toBe('auth.wrong-mesh');
  const fresh = await echo(() => host);
  const good = await createSockets(() => alice).connect('127.0.0.1', fresh.port, 'host', signal());
  ends.push(() => good.destroy());
  expect(good.expired).toBe(false);
});

test('a dial names the node that must answer', async () => {
  const { port } = await echo(() => host);
  expect(await dial(port, alice, 'other')).toBe('auth.wrong-mesh');
  expect(await dial(port, await (await testMesh()).device('alice'))).toBe('auth.wrong-mesh');
});

test('a renewed identity is used by the next handshake, either way', async () => {
  let current = host;
  const { port, came } = await echo(() => current);
  let own = alice;
  const sockets = createSockets(() => own);
  const first = await sockets.connect('127.0.0.1', port, 'host', signal());
  expect(await say(first, 'one')).toBe('one');
  [current, own] = [await mesh.device('host'), await mesh.device('alice')];
  const second = await sockets.connect('127.0.0.1', port, 'host', signal());
  expect(await say(second, 'two')).toBe('two');
  ends.push(() => first.destroy(), () => second.destroy());
  expect(first.fingerprint).not.toBe(second.fingerprint);
  expect(came[0]?.fingerprint).not.toBe(came[1]?.fingerprint);
});

test('a cut closes inbound and outbound connections of those who are not kept, at once', async () => {
  const { port, sockets, closed } = await echo(() => host);
  const bob = await mesh.device('bob');
  const [mine, his] = [createSockets(() => alice), createSockets(() => bob)];
  const kept = await mine.connect('127.0.0.1', port, 'host', signal());
  const gone = await his.connect('127.0.0.1', port, 'host', signal());
  ends.push(() => kept.destroy(), () => gone.destroy());
  expect(await say(kept, 'a')).toBe('a');
  const over = say(gone, 'never answered in full'.repeat(100_000));
  sockets.cut(({ id }) => id !== 'bob');
  expect(await over).toMatch(/^closed /);
  expect(closed).toEqual(['bob']);
  const end = new Promise<void>((resolve) => kept.listen({ data: () => {}, drained: () => {}, closed: () => resolve() }));
  mine.cut(() => false);
  await end;
});

test('a dial is ended by its signal, before and during the handshake', async () => {
  const { port } = await echo(() => host);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await expect(createSockets(() => alice).connect('127.0.0.1', port, 'host', controller.signal)).rejects.toThrow('enough');
});

test('much data goes through whole, with back-pressure', async () => {
  const { port } = await echo(() => host);
  const connection = await createSockets(() => alice).connect('127.0.0.1', port, 'host', signal());
  ends.push(() => connection.destroy());
  const text = 'x'.repeat(8_000_000);
  expect((await say(connection, text)).length).toBe(text.length);
});
