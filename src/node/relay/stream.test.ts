import { expect, test } from 'vitest';
import { settle, virtualClock } from '../../../test/sim/session/clock.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type Proposal, RelayRequest, RelayResponse } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type Carrier, type CarrierPeer, type LoopbackPorts } from '../path-ports.ts';
import { type RemoteCaller, type RemoteStream } from '../ports.ts';
import { createDatagramQueue, queueLimits } from './datagram-queue.ts';
import { createRelayLimits } from './limits.ts';
import { streamCarrier, type StreamRelay } from './stream-carrier.ts';
import { createStreamSwitch, type StreamSwitch, switchLimits } from './stream-switch.ts';

const session = Buffer.alloc(16, 9);
const datagram = (text: string): Buffer => Buffer.from(text);

/** Loopback ports that remember what WireGuard was handed. */
function loopbacks(): { ports: LoopbackPorts; delivered: string[]; wireguard: ((text: string) => void)[]; open: () => number } {
  const delivered: string[] = [];
  const wireguard: ((text: string) => void)[] = [];
  let count = 0;
  let live = 0;
  return {
    delivered, wireguard, open: () => live,
    ports: {
      open: async (port, receive) => {
        const name = `127.0.0.1:${40_000 + (count += 1)}`;
        live += 1;
        wireguard.push((text) => receive(datagram(text)));
        return { endpoint: name, deliver: (bytes) => void delivered.push(`${port} ${Buffer.from(bytes)}`), close: () => void (live -= 1) };
      },
    },
  };
}

/** Messages in order, read one by one. */
function channel<T>(): { push(value: T): void; end(): void; fail(error: unknown): void; values: AsyncIterable<T> } {
  const waiting: T[] = [];
  let over: { error?: unknown } | null = null;
  let wake = (): void => {};
  async function* values(): AsyncIterable<T> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (over) {
        if ('error' in over) throw over.error;
        return;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const end = (how: { error?: unknown }): void => {
    over ??= how;
    wake();
  };
  return {
    push: (value) => {
      waiting.push(value);
      wake();
    },
    end: () => end({}), fail: (error) => end({ error }), values: values(),
  };
}

interface Node {
  readonly id: string;
  readonly sw: StreamSwitch;
  readonly loopback: ReturnType<typeof loopbacks>;
  readonly limits: ReturnType<typeof createRelayLimits>;
}

function world() {
  const clock = virtualClock();
  const nodes = new Map<string, Node>();
  const cutOff = new Set<string>();
  const node = (id: string, rate = 1_000_000): Node => {
    const limits = createRelayLimits(clock);
    limits.set(rate);
    const loopback = loopbacks();
    const sw = createStreamSwitch({ nodeId: id, limits, loopback: loopback.ports, wireguardPort: () => 51_820, keeps: (device) => !cutOff.has(device), defer: (run) => run(), clock });
    nodes.set(id, { id, sw, loopback, limits });
    return nodes.get(id) as Node;
  };
  /** Calls of `member` over a transport that holds `windowMax` messages for a reader that is slow. */
  const callsOf = (member: string | null): Pick<RemoteCaller, 'duplex'> => ({
    duplex: (address, _path, { signal, expectId }): RemoteStream => {
      const target = nodes.get(expectId);
      const [up, down] = [channel<RelayRequest>(), channel<Uint8Array>()];
      const cancel = new AbortController();
      const both = AbortSignal.any([signal, cancel.signal]);
      both.addEventListener('abort', () => {
        up.fail(both.reason);
        down.fail(both.reason);
      });
      if (!target) down.fail(new RpcError(status.unavailable, `nobody is at ${address}`));
      else void (async () => {
        try {
          for await (const answer of target.sw.serve(member, up.values, { signal: both })) down.push(RelayResponse.encode(answer).finish());
          down.end();
        } catch (error) {
          down.fail(error);
        }
      })();
      return {
        messages: down.values, drained: async () => {}, end: () => up.end(), cancel: () => cancel.abort(new Error('cancelled')),
        write: (bytes) => {
          up.push(RelayRequest.decode(Buffer.from(bytes)));
          return true;
        },
      };
    },
  });
  const relayAt = (nodeId: string, roundTripMs: number | null = 1): StreamRelay => ({ nodeId, address: `${nodeId}:8443`, roundTripMs });
  const carrierOf = (id: string, relays: readonly StreamRelay[], loopback = loopbacks()) => ({
    loopback,
    kind: streamCarrier({ nodeId: id, remote: callsOf(id), loopback: loopback.ports, relays: () => relays, own: nodes.get(id)?.sw ?? null, clock, defer: (run) => run() }),
  });
  const peer = (id: string): CarrierPeer => ({ id, publicKey: `key of ${id}`, session, wireguardPort: 51_820, nat: null, meshIpv4: '', meshIpv6: '' });
  const pass = async (ms: number): Promise<void> => {
    const untilMs = clock.monotonicMs() + ms;
    await settle();
    while (clock.next(untilMs)) await settle();
    for (let n = 0; n < 20; n++) await settle();
  };
  return { clock, node, cutOff, carrierOf, callsOf, relayAt, peer, pass };
}
type World = ReturnType<typeof world>;
const theirs = (mine: object | null): Proposal => ({ relayNode: '', ...mine }) as Proposal;
const never = new AbortController().signal;

/** What both sides end up with when `a` offers. */
async function connected(w: World, a: ReturnType<World['carrierOf']>, b: ReturnType<World['carrierOf']>) {
  const offer = await a.kind.begin(w.peer('bob'), 'offering', null, never);
  const answer = await b.kind.begin(w.peer('ann'), 'answering', theirs(offer.mine), never);
  const both = Promise.all([offer.proceed(theirs(answer.mine), never), answer.proceed(theirs(offer.mine), never)]);
  await w.pass(10);
  return both;
}

test('two members meet at a node, and datagrams go both ways', async () => {
  const w = world();
  const host = w.node('host');
  const [a, b] = [w.carrierOf('ann', [w.relayAt('host', 5)]), w.carrierOf('bob', [w.relayAt('host', 9)])];
  const [x, y] = (await connected(w, a, b)) as [Carrier, Carrier];
  expect([x.via, x.tier, y.via, x.localEndpoint]).toEqual(['host', 'stream', 'host', '127.0.0.1:40001']);
  for (const text of ['one', 'two', 'three']) a.loopback.wireguard[0]?.(text);
  b.loopback.wireguard[0]?.('back');
  await w.pass(1);
  expect([b.loopback.delivered, a.loopback.delivered]).toEqual([['51820 one', '51820 two', '51820 three'], ['51820 back']]);
  expect([x.counters(), host.limits.stats().stream.bytes, host.sw.stats()]).toEqual([{ sentBytes: 11, receivedBytes: 4, droppedDatagrams: 0 }, 15, { streams: 2, refused: 0 }]);
  x.close();
  await w.pass(1);
  expect([(await y.ended).code, host.sw.stats().streams, a.loopback.open(), b.loopback.open()]).toEqual(['carrier-failed', 0, 0, 0]);
});

test('a peer that serves is spoken to without a third: its own tunnel is the other end', async () => {
  const w = world();
  const bob = w.node('bob', 0);
  const [a, b] = [w.carrierOf('ann', [w.relayAt('host', 1), w.relayAt('bob', 50)]), w.carrierOf('bob', [])];
  const [x, y] = (await connected(w, a, b)) as [Carrier, Carrier];
  expect([x.via, y.localEndpoint, y.via]).toEqual(['bob', '127.0.0.1:40001', 'ann']);
  a.loopback.wireguard[0]?.('hello');
  bob.loopback.wireguard[0]?.('hi');
  await w.pass(1);
  expect([bob.loopback.delivered, a.loopback.delivered]).toEqual([['51820 hello'], ['51820 hi']]);
  expect(y.counters()).toEqual({ sentBytes: 2, receivedBytes: 5, droppedDatagrams: 0 });
  x.close();
  await w.pass(1);
  expect([(await y.ended).problem, bob.sw.stats().streams, bob.loopback.open()]).toEqual(['the stream ended', 0, 0]);
});

test('the end that relays for itself can end the stream too', async () => {
  const w = world();
  w.node('bob', 0);
  const [x, y] = (await connected(w, w.carrierOf('ann', [w.relayAt('bob')]), w.carrierOf('bob', []))) as [Carrier, Carrier];
  y.close();
  await w.pass(1);
  expect([(await x.ended).code, (await y.ended).code]).toEqual(['carrier-failed', 'carrier-failed']);
});

test('a node that offers and serves lets the other come to it', async () => {
  const w = world();
  w.node('ann');
  const [a, b] = [w.carrierOf('ann', []), w.carrierOf('bob', [w.relayAt('ann')])];
  const [x, y] = (await connected(w, a, b)) as [Carrier, Carrier];
  expect([x.localEndpoint, x.via, y.via]).toEqual(['127.0.0.1:40001', 'bob', 'ann']);
});

test('the nearest relay is chosen, and the answer decides when it cannot be reached from there', async () => {
  const w = world();
  w.node('far');
  w.node('near');
  const [a, b] = [w.carrierOf('ann', [w.relayAt('far', 80), w.relayAt('unmeasured', null), w.relayAt('near', 8)]), w.carrierOf('bob', [w.relayAt('far', 90)])];
  expect((await a.kind.begin(w.peer('bob'), 'offering', null, never)).mine).toEqual({ relayNode: 'near' });
  const [x, y] = (await connected(w, a, b)) as [Carrier, Carrier];
  expect([x.via, y.via]).toEqual(['far', 'far']);
  await expect(w.carrierOf('eve', []).kind.begin(w.peer('bob'), 'offering', null, never)).rejects.toMatchObject({ code: 'no-relay' });
});

/** One Relay call by hand. */
function opened(host: Node, member: string | null, to: string, name: Buffer = session) {
  const requests = channel<RelayRequest>();
  const abort = new AbortController();
  const seen: string[] = [];
  const done = (async () => {
    try {
      for await (const { ready, datagrams } of host.sw.serve(member, requests.values, { signal: abort.signal })) seen.push(ready ? 'ready' : datagrams.map(String).join('+'));
      return 'ended';
    } catch (error) {
      return error instanceof RpcError ? `${error.code} ${error.message}` : String(error);
    }
  })();
  requests.push({ open: { to, session: name }, datagrams: [] });
  return { seen, done, send: (...texts: string[]) => requests.push({ open: undefined, datagrams: texts.map(datagram) }), end: requests.end, abort };
}

test('nothing passes before both were seen, and only two that name each other are joined', async () => {
  const w = world();
  const host = w.node('host');
  const ann = opened(host, 'ann', 'bob');
  ann.send('early');
  await w.pass(1);
  const eve = opened(host, 'eve', 'ann');
  expect(await eve.done).toBe(`${status.permissionDenied} the other side waits for another node`);
  const bob = opened(host, 'bob', 'ann');
  await w.pass(1);
  ann.send('one', 'two');
  await w.pass(1);
  expect([ann.seen, bob.seen]).toEqual([['ready'], ['ready', 'one+two']]);
  bob.end();
  await w.pass(1);
  expect([await ann.done, host.sw.stats().streams]).toEqual([`${status.unavailable} the other side left`, 0]);
});

test('where nobody can be told apart, the session alone joins', async () => {
  const w = world();
  const host = w.node('host');
  const [a, b] = [opened(host, null, 'bob'), opened(host, null, 'ann')];
  await w.pass(1);
  a.send('x');
  await w.pass(1);
  expect([a.seen, b.seen]).toEqual([['ready'], ['ready', 'x']]);
});

test('refuses what is not in order, and waits for nobody for ever', async () => {
  const w = world();
  const host = w.node('host');
  w.cutOff.add('gone');
  const cases = [opened(host, 'ann', 'gone'), opened(host, 'ann', 'ann'), opened(host, 'ann', 'bob', Buffer.alloc(3)), opened(host, 'ann', '')];
  expect((await Promise.all(cases.map(({ done }) => done))).map((text) => text.split(' ')[0])).toEqual([status.notFound, status.invalidArgument, status.invalidArgument, status.invalidArgument].map(String));
  const silent = channel<RelayRequest>();
  const waits = host.sw.serve('ann', silent.values, { signal: never })[Symbol.asyncIterator]().next().then(() => 'ready', (error: RpcError) => error.code);
  const lonely = opened(host, 'ann', 'bob');
  await w.pass(switchLimits.openMs + switchLimits.waitMs);
  expect([await waits, await lonely.done]).toEqual([status.deadlineExceeded, `${status.deadlineExceeded} the other side did not come`]);
  const [a, b] = [opened(host, 'ann', 'bob'), opened(host, 'bob', 'ann')];
  await w.pass(1);
  a.send('x'.repeat(queueLimits.datagramBytesMax + 1));
  await w.pass(1);
  expect([(await a.done).split(' ')[0], (await b.done).split(' ')[0], host.sw.stats().streams]).toEqual([String(status.invalidArgument), String(status.unavailable), 0]);
  const [c, d] = [opened(host, 'ann', 'bob'), opened(host, 'bob', 'ann')];
  await w.pass(switchLimits.idleMs + 10_000);
  expect([(await c.done).split(' ')[0], (await d.done).split(' ')[0]].sort()).toEqual([String(status.deadlineExceeded), String(status.deadlineExceeded)]);
});

test('keeps to its limits: streams of one member, of all, and a node that relays nothing', async () => {
  const w = world();
  const host = w.node('host');
  const name = (n: number): Buffer => Buffer.alloc(16, n);
  const own = Array.from({ length: switchLimits.streamsPerMemberMax + 1 }, (_, n) => opened(host, 'ann', 'bob', name(n)));
  expect(await own.at(-1)?.done).toBe(`${status.resourceExhausted} too many relayed streams`);
  for (let member = 0; member < 7; member++) for (let n = 0; n < switchLimits.streamsPerMemberMax; n++) opened(host, `m${member}`, 'bob', Buffer.from(`${member} ${n}`.padEnd(16)));
  await w.pass(1);
  expect(host.sw.stats().streams).toBe(switchLimits.streamsMax);
  expect(await opened(host, 'eve', 'bob').done).toBe(`${status.resourceExhausted} too many relayed streams`);
  host.sw.close();
  await w.pass(1);
  expect(host.sw.stats()).toEqual({ streams: 0, refused: 2 });
  expect(await opened(w.node('closed', 0), 'ann', 'bob').done).toBe(`${status.resourceExhausted} this node relays nothing`);
});

test('a device that is cut off takes its streams with it', async () => {
  const w = world();
  const host = w.node('host');
  const [a, b] = [opened(host, 'ann', 'bob'), opened(host, 'bob', 'ann')];
  await w.pass(1);
  w.cutOff.add('bob');
  host.sw.recheck();
  await w.pass(1);
  expect([(await a.done).split(' ')[0], (await b.done).split(' ')[0], host.sw.stats().streams]).toEqual([String(status.permissionDenied), String(status.permissionDenied), 0]);
});

test('a reader that does not read loses the oldest, never the memory', async () => {
  const queue = createDatagramQueue();
  for (let n = 0; n < 1_000; n++) queue.push(Buffer.alloc(1_000, n % 250));
  queue.push(Buffer.alloc(5_000));
  expect([queue.size, queue.dropped]).toEqual([262, 739]);
  const sizes: number[] = [];
  for (let batch = queue.batch(); batch.length > 0; batch = queue.batch()) sizes.push(batch.length);
  expect([sizes, queue.size]).toEqual([[65, 65, 65, 65, 2], 0]);
  for (let n = 0; n < 300; n++) queue.push(Buffer.alloc(10));
  expect([queue.batch().length, queue.batch().length, queue.batch().length]).toEqual([128, 128, 44]);
});

test('the carrier says why it could not be', async () => {
  const w = world();
  const a = w.carrierOf('ann', [w.relayAt('host')]);
  const begin = await a.kind.begin(w.peer('bob'), 'offering', null, never);
  await expect(begin.proceed(theirs({ relayNode: 'host' }), never)).rejects.toMatchObject({ code: 'carrier-failed' });
  await expect(begin.proceed(theirs({ relayNode: 'elsewhere' }), never)).rejects.toMatchObject({ code: 'no-relay' });
  w.node('host', 0);
  await expect(begin.proceed(null, never)).rejects.toMatchObject({ code: 'relay-full' });
  const abort = new AbortController();
  w.node('host');
  const waiting = begin.proceed(null, abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(a.loopback.open()).toBe(0);
});
