import { expect, test } from 'vitest';
import { lanesWorld } from '../../../test/fakes/helper-lanes.ts';
import { settle } from '../../../test/fakes/helper-machine.ts';
import { asFailure } from '../../base/failure.ts';
import { type Call, type Handlers } from '../../base/rpc.ts';
import { type HelperService, NodeSpec, TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';
import { type Caller } from './callers.ts';
import { createHolder } from './holder.ts';
import { helperService } from './service.ts';

const ann: Caller = { uid: 1000, privileged: false };
const bob: Caller = { uid: 1001, privileged: false };
const root: Caller = { uid: 0, privileged: true };
const order = (epoch: number, revision: number) => ({ epoch: BigInt(epoch), revision: BigInt(revision) });
const answer = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'done', (error: unknown) => {
  const { code, detail } = asFailure(error);
  return [code, detail['holder'] ?? detail['field']].filter((word) => word !== undefined).join(' ');
});
const call = (signal = new AbortController().signal): Call => ({ caller: { kind: 'local' }, metadata: {}, peer: 'local', signal, deadlineMs: undefined });

/** The calls of the API as three users have them, on machines in memory. */
async function world() {
  const inner = await lanesWorld();
  const { lanes, fences, keys, clock } = inner;
  const holder = createHolder({ inUse: lanes.inUse, endOthers: (uid) => lanes.end(({ place }) => place.uid !== uid), nameOf: (uid) => `user ${uid}` });
  const parts = {
    version: '1', clock, lanes, fences, keys, holder, deviceName: (id: string) => `wm${id}`, device: { choose: async () => ({ engine: 'wireguard-go' as const, version: '1' }) },
    diagnostics: async (of: readonly unknown[] | null) => (of === null ? 'nothing' : `${of.length} networks`), shutdown: async () => {},
  };
  const handlersOf = (who: Caller) => helperService(parts, who).handlers as unknown as Required<Handlers<typeof HelperService>>;
  const apply = (who: Caller, n: number, at = order(1, 1)) => answer(handlersOf(who).applyTunnel({ generation: at, spec: TunnelSpec.fromPartial({ tunnelId: `t${n}`, addresses: [`10.${n}.0.1/32`], routes: [`10.${n}.0.0/16`], listenPort: 51_000 + n }) }, call()));
  const clear = (who: Caller, n: number, at = order(1, 2)) => answer(handlersOf(who).clearTunnel({ tunnelId: `t${n}`, generation: at }, call()));
  const setNode = (who: Caller, n: number, at = order(1, 1), wants = true) => {
    const spec = wants ? NodeSpec.fromPartial({ tunnelId: `t${n}`, nodeId: 'alpha', insecure: true }) : undefined;
    return answer(handlersOf(who).setNode({ tunnelId: `t${n}`, generation: at, spec }, call()));
  };
  /** What a watcher hears, each event as the ids of its networks. */
  function watch(who: Caller): { readonly events: string[]; end(): void } {
    const ending = new AbortController();
    const events: string[] = [];
    void (async () => {
      for await (const { networks } of handlersOf(who).watch({}, call(ending.signal))) events.push(networks.map(({ tunnelId }) => tunnelId).join());
      events.push('ended');
    })();
    return { events, end: () => ending.abort() };
  }
  return { ...inner, handlersOf, apply, clear, setNode, watch };
}

test('one user has all networks until the last of them is gone; another adds none beside them', async () => {
  const { apply, clear, setNode, handlersOf } = await world();
  expect([await apply(ann, 1), await apply(ann, 2), await setNode(ann, 2), await apply(bob, 3)]).toEqual(['done', 'done', 'done', 'helper.declined user 1000']);
  expect([await clear(ann, 1), await clear(ann, 2), await apply(bob, 3), await clear(bob, 2), await setNode(bob, 2, order(1, 1), false)]).toEqual(['done', 'done', ...Array<string>(3).fill('helper.declined user 1000')]);
  expect([await handlersOf(bob).exportDiagnostics({}, call()), await handlersOf(ann).exportDiagnostics({}, call())]).toEqual([{ report: 'nothing' }, { report: '1 networks' }]);
  expect([await setNode(ann, 2, order(1, 2), false), await apply(bob, 3), await apply(ann, 1, order(2, 1))]).toEqual(['done', 'done', 'helper.declined user 1001']);
});

test('root that applies takes over and ends what the other had; root that clears ends that one network alone', async () => {
  const { apply, clear, lanes, processes, setNode } = await world();
  const present = (): string[] => lanes.all().map(({ place }) => `${place.uid}/${place.tunnelId}`);
  await Promise.all([apply(ann, 1), apply(ann, 2), setNode(ann, 1)]);
  expect([await clear(root, 1), present(), processes.running, await apply(ann, 3)]).toEqual(['done', ['1000/t2'], 0, 'done']);
  expect([await apply(root, 4), present(), await apply(ann, 1, order(2, 1))]).toEqual(['done', ['0/t4'], 'helper.declined user 0']);
});

test('an order to end what is not there is remembered all the same; an order that names nothing is none', async () => {
  const { apply, clear, setNode, handlersOf, lanes } = await world();
  expect([await clear(ann, 1, order(5, 1)), await apply(ann, 1, order(4, 9)), await setNode(ann, 2, order(5, 1), false), await setNode(ann, 2, order(5, 0))]).toEqual(['done', 'helper.stale', 'done', 'helper.stale']);
  const { clearTunnel, setNode: set } = handlersOf(ann);
  expect([await answer(clearTunnel({ tunnelId: '', generation: order(6, 1) }, call())), await answer(set({ tunnelId: '../x', generation: order(6, 1), spec: undefined }, call())), lanes.all()]).toEqual(['input.invalid tunnel_id', 'input.invalid tunnel_id', []]);
});

test('hello tells the generation of the network that it names, the newest of this user\'s when it names none, and of nobody else\'s', async () => {
  const { apply, clear, handlersOf } = await world();
  await apply(ann, 1, order(3, 4));
  await apply(ann, 2, order(9, 1));
  await clear(ann, 1, order(3, 5));
  const newest = async (who: Caller, tunnelId: string) => (await handlersOf(who).hello({ clientVersion: '', tunnelId, nextKey: false }, call())).generation;
  expect([await newest(ann, 't1'), await newest(ann, 't2'), await newest(ann, 't3'), await newest(ann, ''), await newest(bob, '')]).toEqual([order(3, 5), order(9, 1), order(0, 0), order(9, 1), order(0, 0)]);
});

test('each watches their own networks, root all; several changes at once are one event', async () => {
  const { apply, clear, watch, clock } = await world();
  const [anns, bobs, roots] = [watch(ann), watch(bob), watch(root)];
  await settle();
  await Promise.all([apply(ann, 1), apply(ann, 2), apply(ann, 3)]);
  await settle();
  await clock.pass(10);
  expect([anns.events, bobs.events, roots.events]).toEqual([['', 't1,t2,t3'], [''], ['', 't1,t2,t3']]);
  // Three engines are read each second.
  await clock.pass(2_000);
  expect([anns.events.length, bobs.events]).toEqual([4, ['']]);
  for (const n of [1, 2, 3]) await clear(ann, n);
  await settle();
  await clock.pass(10);
  for (const watcher of [anns, bobs, roots]) watcher.end();
  await settle();
  expect([anns.events.slice(-2), bobs.events]).toEqual([['', 'ended'], ['', 'ended']]);
});
