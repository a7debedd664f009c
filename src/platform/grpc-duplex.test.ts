import { afterEach, beforeAll, expect, test } from 'vitest';
import { type TestMesh, testMesh } from '../../test/fakes/test-mesh.ts';
import type { Identity } from '../base/identity.ts';
import { silentLog } from '../base/log.ts';
import { type Call, type Duplex, RpcError, service, status } from '../base/rpc.ts';
import { NodeService } from '../gen/v1/node.ts';
import { DataChannelNegotiation } from '../gen/v1/node_messages.ts';
import { type RemoteStream } from '../node/ports.ts';
import { createGrpcCaller } from './grpc-call.ts';
import { createGrpcServer } from './grpc-server.ts';

type Message = DataChannelNegotiation;
type Handler = Duplex<Message, Message>;

let mesh: TestMesh;
let host: Identity;
let alice: Identity;
beforeAll(async () => {
  mesh = await testMesh();
  [host, alice] = [await mesh.device('host'), await mesh.device('alice')];
});

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(handler: Handler, secure = false): Promise<string> {
  const server = createGrpcServer({ services: [service(NodeService, { negotiateDataChannel: handler })], log: silentLog, identity: () => (secure ? host : null) });
  ends.push(() => server.close(50));
  return `127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
}

function open(address: string, { identity = null, deadlineMs = 3_000, signal = new AbortController().signal, expectId = 'host' }: { identity?: Identity | null; deadlineMs?: number; signal?: AbortSignal; expectId?: string } = {}): RemoteStream {
  const caller = createGrpcCaller(() => identity);
  ends.push(() => caller.close());
  return caller.duplex(address, NodeService.negotiateDataChannel.path, { metadata: { 'x-word': 'hi' }, deadlineMs, signal, expectId });
}

const say = (text: string): Uint8Array => DataChannelNegotiation.encode(message(text)).finish();
const message = (text: string): Message => DataChannelNegotiation.fromPartial({ candidate: text });
const read = (bytes: Uint8Array): string => DataChannelNegotiation.decode(bytes).candidate;

/** What comes until the end, and how it ended. */
async function all(stream: RemoteStream): Promise<string[]> {
  const seen: string[] = [];
  try {
    for await (const bytes of stream.messages) seen.push(read(bytes));
    return [...seen, 'end'];
  } catch (error) {
    return [...seen, error instanceof RpcError ? `${error.code} ${error.message}` : String(error)];
  }
}

const echo: Handler = async function* (requests) {
  for await (const { candidate } of requests) yield message(`${candidate}!`);
  yield message('bye');
};

test('over mTLS both sides speak, the caller is known, and a half-close is answered to its end', async () => {
  let seen: Call | undefined;
  const address = await serve((requests, call) => {
    seen = call;
    return echo(requests, call);
  }, true);
  const stream = open(address, { identity: alice });
  const answers = stream.messages[Symbol.asyncIterator]();
  for (const word of ['one', 'two']) {
    stream.write(say(word));
    expect(read((await answers.next()).value)).toBe(`${word}!`);
  }
  stream.end();
  expect(read((await answers.next()).value)).toBe('bye');
  expect((await answers.next()).done).toBe(true);
  expect(seen?.caller).toMatchObject({ kind: 'certified', id: 'alice' });
  expect(seen?.metadata['x-word']).toBe('hi');
  expect(await all(open(address, { identity: alice, expectId: 'other' }))).toEqual([expect.stringMatching(/^14 /)]);
});

test('a refusal keeps its code and words, before and after messages; what nobody expected says nothing', async () => {
  const address = await serve(async function* (requests) {
    for await (const { candidate } of requests) {
      if (candidate === 'bug') throw new TypeError('secret of the house');
      if (candidate === 'no') throw new RpcError(status.notFound, 'no such node');
      yield message(candidate);
    }
  });
  const after = async (...words: string[]): Promise<string[]> => {
    const stream = open(address);
    for (const word of words) stream.write(say(word));
    return all(stream);
  };
  expect(await after('no')).toEqual(['5 no such node']);
  expect(await after('a', 'b', 'no')).toEqual(['a', 'b', '5 no such node']);
  expect(await after('bug')).toEqual(['13 internal error']);
});

test('the server may end first, whatever the caller still says', async () => {
  const address = await serve(async function* () {
    yield message('enough');
  });
  const stream = open(address);
  stream.write(say('and I'));
  expect(await all(stream)).toEqual(['enough', 'end']);
  expect(stream.write(say('too late'))).toBe(true);
  await stream.drained();
  stream.end();
  stream.cancel();
});

test('when the caller goes, by its signal or by leaving the loop, the requests throw and the call aborts', async () => {
  for (const how of (['signal', 'loop', 'cancel'] as const).flatMap((each) => Array.from({ length: 10 }, () => each))) {
    const ended = Promise.withResolvers<string>();
    const address = await serve(async function* (requests, { signal }) {
      yield message('first');
      try {
        for await (const _ of requests) yield message('never');
        ended.resolve('half-closed');
      } catch (error) {
        ended.resolve(`${(error as Error).name} ${signal.aborted}`);
      }
    });
    const controller = new AbortController();
    const stream = open(address, { signal: controller.signal });
    const seen: string[] = [];
    const loop = (async () => {
      for await (const bytes of stream.messages) {
        seen.push(read(bytes));
        if (how === 'loop') return;
        if (how === 'signal') controller.abort(new Error('enough'));
        else stream.cancel();
      }
    })().catch((error: unknown) => seen.push(error instanceof RpcError ? `${error.code}` : (error as Error).message));
    await loop;
    expect([how, seen, await ended.promise]).toEqual([how, { signal: ['first', 'enough'], loop: ['first'], cancel: ['first', '1'] }[how], 'AbortError true']);
  }
});

test('a signal that aborted before, nobody there, and a first message that does not come', async () => {
  const address = await serve((_requests, { signal }) => (async function* (): AsyncGenerator<Message> {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  })());
  expect(await all(open(address, { signal: AbortSignal.abort(new Error('never mind')) }))).toEqual(['Error: never mind']);
  expect(await all(open(address, { deadlineMs: 80 }))).toEqual(['4 no answer in time']);
  expect(await all(open('127.0.0.1:1', { deadlineMs: 3_000 }))).toEqual([expect.stringMatching(/^14 /)]);
});

test('the time bounds the first message alone', async () => {
  const address = await serve(async function* () {
    yield message('quick');
    await new Promise((resolve) => setTimeout(resolve, 250));
    yield message('slow');
  });
  expect(await all(open(address, { deadlineMs: 150 }))).toEqual(['quick', 'slow', 'end']);
});

test('a slow reader slows the writer down, on either side', async () => {
  const big = 'x'.repeat(64 * 1024);
  let taken = 0;
  let given = 0;
  const gate = Promise.withResolvers<void>();
  const address = await serve(async function* (requests) {
    const iterator = requests[Symbol.asyncIterator]();
    await iterator.next();
    await gate.promise;
    for (taken = 1; !(await iterator.next()).done; ) taken++;
    for (; given < 300; given++) yield message(big);
  });
  const stream = open(address);
  let written = 0;
  const writing = (async () => {
    for (; written < 300; written++) if (!stream.write(say(big))) await stream.drained();
    stream.end();
  })();
  await settled(() => written);
  // Windows and buffers hold some, and no more.
  expect(written).toBeLessThan(150);
  gate.resolve();
  await writing;
  await expect.poll(() => taken, { timeout: 15_000 }).toBe(300);
  await settled(() => given);
  expect(given).toBeLessThan(150);
  expect((await all(stream)).length).toBe(301);
});

test('requests nobody asks for are not read: a policy that thinks costs no memory', async () => {
  let before = 0;
  const go = Promise.withResolvers<void>();
  const address = await serve(async function* (requests) {
    await go.promise;
    for await (const _ of requests) before++;
    yield message(`${before}`);
  });
  const stream = open(address);
  let full = false;
  for (let i = 0; i < 200 && !full; i++) full = !stream.write(say('x'.repeat(16 * 1024)));
  expect(full).toBe(true);
  stream.end();
  go.resolve();
  expect((await all(stream)).at(-1)).toBe('end');
});

/** Waits until the number stays for a while. */
async function settled(read: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 6; ) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    same = read() === last ? same + 1 : 0;
    last = read();
  }
}
