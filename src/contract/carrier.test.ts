import { describe, expect, test } from 'vitest';
import { abortError } from '../base/abort.ts';
import { cell } from '../base/cell.ts';
import { failure } from '../base/failure.ts';
import { between, chance, pick, type Random, seeded } from '../base/random.ts';
import { type Answer, attach, limits, type Port, serve, type Topics } from './carrier.ts';
import { commands, type CommandName, type Handlers } from './commands.ts';
import { topicNames } from './state.ts';

/** One end of a pipe that hands JSON over at once; the test holds the other end. */
function pipe(): { port: Port; sent: unknown[]; deliver(message: unknown): void; close(): void } {
  const receivers: ((message: unknown) => void)[] = [];
  const closers: (() => void)[] = [];
  const sent: unknown[] = [];
  let open = true;
  const close = (): void => {
    open = false;
    for (const closed of closers) closed();
  };
  const port: Port = {
    send: (message) => {
      if (!open) throw new Error('the port is closed');
      sent.push(JSON.parse(JSON.stringify(message)));
    },
    onMessage: (receive) => void receivers.push(receive),
    onClose: (closed) => void closers.push(closed),
    close,
  };
  return { port, sent, deliver: (message) => receivers.forEach((receive) => receive(message)), close };
}

/** Two ends that deliver to each other in a later microtask. */
function joined(): [Port, Port] {
  const [a, b] = [pipe(), pipe()];
  const joinedPort = (mine: typeof a, other: typeof a): Port => ({
    ...mine.port,
    send: (message) => queueMicrotask(() => other.deliver(JSON.parse(JSON.stringify(message)))),
    close: () => {
      mine.close();
      other.close();
    },
  });
  return [joinedPort(a, b), joinedPort(b, a)];
}

const topics = (): Topics => Object.fromEntries(topicNames.map((name) => [name, cell({ topic: name })])) as unknown as Topics;
const never = (_: unknown, signal: AbortSignal): Promise<never> => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
function handlers(some: Partial<Handlers> = {}): Handlers {
  const all = Object.fromEntries((Object.keys(commands) as CommandName[]).map((name) => [name, async () => null]));
  return { ...(all as unknown as Handlers), ...some };
}
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const replies = (sent: readonly unknown[]): Extract<Answer, { kind: 'reply' }>[] => (sent as Answer[]).filter((m) => m.kind === 'reply');
const call = (id: number, name: string, input: unknown = {}): unknown => ({ kind: 'call', id, name, input });

describe('a call', () => {
  test('runs its handler with the parsed input and brings its value', async () => {
    const [near, far] = joined();
    const seen: unknown[] = [];
    serve(far, handlers({ 'peer.ping': async (input) => (seen.push(input), { latencyMs: 1.5 }) }), topics());
    expect(await attach(near).call('peer.ping', { id: '  node-1 ' })).toEqual({ latencyMs: 1.5 });
    expect(seen).toEqual([{ id: 'node-1' }]);
  });
  test('brings its failure whole, and anything else as unexpected', async () => {
    const [near, far] = joined();
    const refuse = async (): Promise<never> => Promise.reject(failure('node.port-in-use', { port: 9443 }));
    const break_ = async (): Promise<never> => Promise.reject(new Error('boom'));
    serve(far, handlers({ 'session.retry': refuse, 'app.quit': break_ }), topics());
    const client = attach(near);
    await expect(client.call('session.retry', {})).rejects.toMatchObject({ code: 'node.port-in-use', retry: 'after-user', detail: { port: 9443 } });
    await expect(client.call('app.quit', {})).rejects.toMatchObject({ code: 'internal.unexpected', detail: { message: 'boom' } });
  });
  test('that a shell gives up is cancelled in the core', async () => {
    const [near, far] = joined();
    let aborted = false;
    const wait = (input: unknown, signal: AbortSignal): Promise<never> => {
      signal.addEventListener('abort', () => (aborted = true));
      return never(input, signal);
    };
    serve(far, handlers({ 'peer.ping': wait }), topics());
    const controller = new AbortController();
    const reason = abortError('enough');
    const pending = attach(near).call('peer.ping', { id: 'a' }, controller.signal);
    await settled();
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await settled();
    expect(aborted).toBe(true);
  });
  test('with a signal that was aborted before is not even sent', async () => {
    const end = pipe();
    await expect(attach(end.port).call('session.retry', {}, AbortSignal.abort('no'))).rejects.toMatchObject({ name: 'AbortError' });
    expect(end.sent).toEqual([]);
  });
  test('ends with app.not-running when the port closes, and so does each later one', async () => {
    const end = pipe();
    const client = attach(end.port);
    let told = 0;
    client.onClose(() => told++);
    const pending = client.call('session.retry', {});
    end.close();
    await expect(pending).rejects.toMatchObject({ code: 'app.not-running' });
    await expect(client.call('session.retry', {})).rejects.toMatchObject({ code: 'app.not-running' });
    expect(told).toBe(1);
  });
});

describe('topics', () => {
  test('each is sent once on attach and again when it changes, until the port closes', () => {
    const end = pipe();
    const cells = topics();
    serve(end.port, handlers(), cells);
    expect(end.sent).toEqual([...topicNames.filter((name) => name !== 'peers').map((name) => ({ kind: 'topic', name, value: { topic: name } })), { kind: 'topic', name: 'peers', value: { topic: 'peers' }, serial: 1 }]);
    const health = cells.health as unknown as ReturnType<typeof cell<unknown>>;
    health.set({ warnings: [] });
    expect(end.sent.slice(topicNames.length)).toEqual([{ kind: 'topic', name: 'health', value: { warnings: [] } }]);
    end.close();
    health.set({ warnings: [1] });
    expect(end.sent.length).toBe(topicNames.length + 1);
  });
  test('a watcher gets what came before it, then what comes, until it stops', () => {
    const end = pipe();
    const client = attach(end.port);
    const seen: unknown[] = [];
    end.deliver({ kind: 'topic', name: 'health', value: 1 });
    const stop = client.watch('health', (value) => seen.push(value));
    end.deliver({ kind: 'topic', name: 'health', value: 2 });
    end.deliver({ kind: 'topic', name: 'peers', value: 9 });
    stop();
    end.deliver({ kind: 'topic', name: 'health', value: 3 });
    expect(seen).toEqual([1, 2]);
  });
});

describe('a hostile shell', () => {
  test('unknown commands and wrong inputs are failures', async () => {
    const end = pipe();
    serve(end.port, handlers(), topics());
    const bad = [call(1, 'no.such'), call(2, 'toString'), call(3, '__proto__'), call(4, 'x'.repeat(9999)), call(5, 'peer.ping', { id: '' }), call(6, 'peer.ping', { id: 'a', more: 1 }), call(7, 'session.retry', []), call(8, 'profile.select', { profile: '../x' })];
    for (const message of bad) end.deliver(message);
    await settled();
    expect(replies(end.sent).map((r) => [r.id, r.ok ? '' : r.failure.code])).toEqual([
      [1, 'input.unknown-command'], [2, 'input.unknown-command'], [3, 'input.unknown-command'], [4, 'input.unknown-command'], [5, 'input.invalid'], [6, 'input.invalid'], [7, 'input.invalid'], [8, 'input.invalid'],
    ]);
    expect(JSON.stringify(end.sent).length).toBeLessThan(4000);
  });
  test('what is no request is passed over', async () => {
    const end = pipe();
    serve(end.port, handlers(), topics());
    const before = end.sent.length;
    for (const message of [null, 1, 'call', [], {}, { kind: 'call' }, { kind: 'call', id: '1', name: 'session.retry' }, { kind: 'call', id: 0.5, name: 'session.retry' }, { kind: 'call', id: 1, name: 7 }, { kind: 'cancel', id: 99 }, { kind: 'reply', id: 1, ok: true }, { kind: 'topic', id: 1, name: 'health' }]) end.deliver(message);
    await settled();
    expect(end.sent.length).toBe(before);
  });
  test('more calls at once than the limit, and a running id again, are app.busy', async () => {
    const end = pipe();
    serve(end.port, handlers({ 'peer.ping': never }), topics());
    for (let id = 1; id <= limits.callsAtOnce; id++) end.deliver(call(id, 'peer.ping', { id: 'a' }));
    end.deliver(call(limits.callsAtOnce + 1, 'peer.ping', { id: 'a' }));
    await settled();
    expect(replies(end.sent).map((r) => [r.id, r.ok ? '' : r.failure.code])).toEqual([[limits.callsAtOnce + 1, 'app.busy']]);
    end.deliver({ kind: 'cancel', id: 1 });
    await settled();
    end.deliver(call(2, 'peer.ping', { id: 'a' }));
    end.deliver(call(1, 'session.retry'));
    await settled();
    expect(replies(end.sent).slice(2).map((r) => [r.id, r.ok ? 'ok' : r.failure.code])).toEqual([[2, 'app.busy'], [1, 'ok']]);
  });
  test('a port that closes in the middle of a call aborts it and hears nothing more', async () => {
    const end = pipe();
    let reason: unknown;
    serve(end.port, handlers({ 'peer.ping': (_, signal) => never(_, signal).catch((error) => { reason = error; throw error; }) }), topics());
    end.deliver(call(1, 'peer.ping', { id: 'a' }));
    await settled();
    end.close();
    await settled();
    expect([reason instanceof Error, replies(end.sent)]).toEqual([true, []]);
  });
  test('5,000 random messages do no harm on either end', async () => {
    const random = seeded(11);
    const server = pipe();
    serve(server.port, handlers(), topics());
    const client = pipe();
    attach(client.port);
    for (let i = 0; i < 5_000; i++) {
      server.deliver(noise(random, 3));
      client.deliver(noise(random, 3));
      if (i % 50 === 0) await settled();
    }
    server.deliver(call(77_777, 'session.retry'));
    await settled();
    expect(replies(server.sent).at(-1)).toEqual({ kind: 'reply', id: 77_777, ok: true, value: null });
  });
});

/** Random JSON with the words of the protocol in it. */
function noise(random: Random, depth: number): unknown {
  const words = ['kind', 'id', 'name', 'input', 'call', 'cancel', 'reply', 'topic', 'session.retry', 'peer.ping', 'health', '__proto__', 'ok', 'failure', 'value'];
  if (depth === 0 || chance(random, 0.2)) return pick(random, [null, true, 0, 1, -1, 1.5, 1e300, '', ...words]);
  if (chance(random, 0.1)) return Array.from({ length: between(random, 0, 3) }, () => noise(random, depth - 1));
  const pairs = Array.from({ length: between(random, 0, 5) }, () => [pick(random, words), noise(random, depth - 1)]);
  return { ...(chance(random, 0.7) ? { kind: pick(random, ['call', 'cancel', 'reply', 'topic']), id: between(random, 0, 9) } : {}), ...Object.fromEntries(pairs) };
}

describe('a topic of many rows', () => {
  const row = (id: string, bytes = 0): unknown => ({ id, bytes, path: { kind: 'waiting' } });
  const peersOf = (list: readonly unknown[], source = 'replica'): never => ({ source, list }) as never;
  function world(list: readonly unknown[]) {
    const peers = cell<never>(peersOf(list));
    const [near, far] = joined();
    const told: Answer[] = [];
    const watched = { ...far, send: (message: unknown) => (told.push(message as Answer), far.send(message)) };
    serve(watched, handlers(), { ...topics(), peers });
    const client = attach(near);
    const seen: unknown[] = [];
    client.watch('peers', (value) => seen.push(value));
    const kinds = (): string[] => told.flatMap((answer) => (answer.kind !== 'reply' && answer.name === 'peers' ? [answer.kind] : []));
    return { peers, near, far, client, seen, told, kinds };
  }

  test('travels whole once, then by the rows that changed', async () => {
    const many = Array.from({ length: 100 }, (_, i) => row(`n${i}`));
    const { peers, seen, kinds, told } = world(many);
    await settled();
    const steps = [
      peersOf([...many.slice(0, 50), row('n50', 7), ...many.slice(51)]), peersOf([...many.slice(0, 20), row('new'), ...many.slice(21)]), peersOf(many.slice(30), 'stored'), peersOf(many.toReversed()), peersOf([]),
    ];
    for (const step of steps) {
      peers.set(step);
      await settled();
      expect(seen.at(-1)).toEqual(step);
    }
    expect(kinds()).toEqual(['topic', 'change', 'change', 'change', 'topic', 'change']);
    expect(JSON.stringify(told.find(({ kind }) => kind === 'change'))).toBe('{"kind":"change","name":"peers","serial":2,"change":{"rest":{"source":"replica"},"removed":[],"put":[[50,{"id":"n50","bytes":7,"path":{"kind":"waiting"}}]]}}');
  });

  test('keeps the very objects of rows that did not change', async () => {
    const { peers, seen } = world([row('a'), row('b'), row('c')]);
    await settled();
    peers.set(peersOf([row('a'), row('b', 1), row('c')]));
    await settled();
    const [before, after] = seen as { list: unknown[] }[];
    expect([after?.list[0] === before?.list[0], after?.list[1] === before?.list[1], after?.list[2] === before?.list[2]]).toEqual([true, false, true]);
  });

  test('goes on whole for an end that never says that it takes changes', () => {
    const { port, sent } = pipe();
    const peers = cell<never>(peersOf([row('a'), row('b'), row('c')]));
    serve(port, handlers(), { ...topics(), peers });
    peers.set(peersOf([row('a', 1), row('b'), row('c')]));
    expect((sent as Answer[]).flatMap((answer) => (answer.kind !== 'reply' && answer.name === 'peers' ? [answer.kind] : []))).toEqual(['topic', 'topic']);
  });

  test('is sent whole again when a message was lost, once however often it is asked for', async () => {
    const { peers, far, near, seen, kinds } = world([row('a'), row('b'), row('c')]);
    await settled();
    const deliver = far.send.bind(far);
    far.send = () => {};
    peers.set(peersOf([row('a', 1), row('b'), row('c')]));
    far.send = deliver;
    peers.set(peersOf([row('a', 1), row('b', 2), row('c')]));
    peers.set(peersOf([row('a', 1), row('b', 3), row('c')]));
    await settled();
    expect(seen.at(-1)).toEqual(peers.get());
    const before = kinds().length;
    for (let i = 0; i < 50; i++) near.send({ kind: 'rows', name: 'peers', have: -1 });
    await settled();
    expect(kinds().slice(before).length).toBeLessThan(2);
  });

  test('refuses what is no request for rows', async () => {
    const { near, kinds } = world([row('a')]);
    await settled();
    const before = kinds().length;
    for (const bad of [{ kind: 'rows' }, { kind: 'rows', name: 'session', have: 0 }, { kind: 'rows', name: 'peers' }, { kind: 'rows', name: 'peers', have: '0' }, { kind: 'rows', name: '__proto__', have: 0 }]) near.send(bad);
    await settled();
    expect(kinds().length).toBe(before);
  });
});
