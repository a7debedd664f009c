import { expect, test } from 'vitest';
import { virtualClock, type VirtualClock } from '../../../test/sim/session/clock.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type DataChannel, type ForwardSockets } from '../path-ports.ts';
import { flowsMax, type Forward, idleMs, openForward } from './forward.ts';
import { createLinkPool } from './link-pool.ts';
import { type Link } from './link.ts';
import { type Target } from './destinations.ts';

function channel(): DataChannel & { readonly sent: string[] } {
  const closed = Promise.withResolvers<void>();
  const sent: string[] = [];
  return { sent, opened: Promise.resolve(), closed: closed.promise, buffered: () => 0, send: (bytes) => sent.push(Buffer.from(bytes).toString()) > 0, onMessage: () => {}, onDrained: () => {}, close: closed.resolve };
}

interface World {
  readonly clock: VirtualClock;
  readonly channels: ReturnType<typeof channel>[];
  readonly dials: number[];
  say(text: string, from: string): void;
  readonly forward: Forward;
  endLink(): void;
  /** Lets everything that is due happen. */
  pass(ms: number): Promise<void>;
}

async function world(dial: (attempt: number) => RpcError | null = () => null): Promise<World> {
  const clock = virtualClock();
  const channels: ReturnType<typeof channel>[] = [];
  const dials: number[] = [];
  let receive: (bytes: Uint8Array, from: string) => void = () => {};
  let ended = Promise.withResolvers<void>();
  const sockets = { openUdp: async (_host: string, _port: number, take: typeof receive) => {
    receive = take;
    return { port: 7, send: () => {}, close: () => {} };
  } } as unknown as ForwardSockets;
  const link = (): Link => ({
    ours: true, alive: true, ended: ended.promise, pair: () => null, close: () => {},
    open: (_target, hear) => {
      const made = channel();
      channels.push(made);
      queueMicrotask(() => hear({ kind: 'credit', number: 1, bytes: 1 }));
      return { number: channels.length, channel: made, say: () => {} };
    },
  });
  const pool = createLinkPool(async () => {
    dials.push(clock.monotonicMs());
    const refusal = dial(dials.length);
    if (refusal) throw refusal;
    return link();
  });
  const target: Target = { protocol: 'udp', host: '127.0.0.1', port: 53 };
  const forward = await openForward('b', target, { host: '127.0.0.1', port: 0 }, { sockets, pool, clock }, () => {});
  const pass = async (ms: number): Promise<void> => {
    const until = clock.monotonicMs() + ms;
    for (;;) {
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
      if (!clock.next(until)) return;
    }
  };
  await pass(0);
  return { clock, channels, dials, forward, pass, say: (text, from) => receive(Buffer.from(text), from), endLink: () => {
    const last = ended;
    ended = Promise.withResolvers<void>();
    last.resolve();
  } };
}

test('a flow for each program that sends, a bounded number of them, forgotten after a minute of silence', async () => {
  const { forward, say, pass, channels } = await world();
  for (let i = 0; i < flowsMax + 10; i++) say('x', `127.0.0.1:${i}`);
  await pass(1);
  expect([channels.length, forward.figures.connections, forward.figures.sentBytes]).toEqual([flowsMax, flowsMax, flowsMax]);
  await pass(idleMs / 2);
  say('y', '127.0.0.1:5');
  await pass(idleMs / 2 + 15_000);
  expect([forward.figures.connections, channels[5]?.sent]).toEqual([1, ['x', 'y']]);
  await pass(idleMs);
  expect(forward.figures.connections).toBe(0);
});

test('tries again, later and later, tells why, and begins anew when it had worked', async () => {
  const w = await world((attempt) => (attempt <= 3 ? new RpcError(status.unavailable, 'nobody there') : null));
  expect(w.forward.figures.problem).toEqual({ code: 'mesh.unreachable', words: 'nobody there' });
  await w.forward.tried;
  await w.pass(20_000);
  expect([w.dials, w.forward.figures.problem]).toEqual([[0, 500, 1_500, 3_500], null]);
  w.endLink();
  await w.pass(400);
  expect(w.forward.figures.problem).toEqual({ code: 'mesh.unreachable', words: 'the connection to the node ended' });
  await w.pass(200);
  expect(w.forward.figures.problem).toBe(null);
  w.forward.close();
  w.endLink();
  await w.pass(100_000);
  expect(w.dials.length).toBe(5);
});

test('a refusal is told in the code that fits', async () => {
  const code = async (refusal: RpcError): Promise<string | undefined> => (await world(() => refusal)).forward.figures.problem?.code;
  expect([await code(new RpcError(status.permissionDenied, 'no')), await code(new RpcError(status.notFound, 'no')), await code(new RpcError(status.resourceExhausted, 'no')), await code(new RpcError(status.unimplemented, 'no'))])
    .toEqual(['auth.not-permitted', 'mesh.not-found', 'mesh.busy', 'mesh.incompatible']);
});
