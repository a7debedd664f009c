import { expect, test } from 'vitest';
import { lanesWorld } from '../../test/fakes/helper-lanes.ts';
import { settle } from '../../test/fakes/helper-machine.ts';
import { asFailure } from '../base/failure.ts';
import { NodeSpec, TunnelPhase } from '../gen/webmesh/helper/v1/helper.ts';
import { type Lane } from './lanes.ts';
import { type WantedTunnel } from './tunnel/spec.ts';

const at = (revision: number) => ({ epoch: 1n, revision: BigInt(revision) });
const placeOf = (tunnelId: string, uid = 1000) => ({ uid, tunnelId });
/** Network n: 10.n.0.0/16, so that none is in another's way. */
const wanted = (n: number, uid = 1000, change: Partial<WantedTunnel> = {}): WantedTunnel => ({
  place: placeOf(`t${n}`, uid), device: `wmt${n}`, publicKey: '', addresses: [`10.${n}.0.1/32`], routes: [`10.${n}.0.0/16`], listenPort: 51_000 + n, mtu: 1420, peers: [], names: null, ...change,
});
const nodeSpec = (tunnelId: string): NodeSpec => NodeSpec.fromPartial({ tunnelId, nodeId: 'alpha', insecure: true });
const phases = new Map<TunnelPhase | undefined, string>([[TunnelPhase.TUNNEL_PHASE_NONE, 'NONE'], [TunnelPhase.TUNNEL_PHASE_UP, 'UP'], [TunnelPhase.TUNNEL_PHASE_FAILED, 'FAILED']]);
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'done', (error: unknown) => asFailure(error).code);

async function world() {
  const inner = await lanesWorld();
  const { lanes } = inner;
  const apply = (n: number, revision = 1, change: Partial<WantedTunnel> = {}, uid = 1000) => lanes.order(placeOf(`t${n}`, uid), ({ tunnel }) => tunnel.apply(at(revision), wanted(n, uid, change)));
  const clear = (n: number, revision = 9) => lanes.orderIn(placeOf(`t${n}`), ({ tunnel }) => tunnel.clear(at(revision)));
  const setNode = (n: number, revision: number, wantsIt = true) => lanes.order(placeOf(`t${n}`), ({ node }) => node.set(at(revision), wantsIt ? nodeSpec(`t${n}`) : undefined));
  const ids = (): string[] => lanes.statesOf(lanes.all()).map(({ tunnelId, tunnel, node }) => `${tunnelId} ${phases.get(tunnel?.phase)} ${node?.running ? 'node' : '-'}`);
  return { ...inner, apply, clear, setNode, ids };
}

test('a lane comes with the first order and goes with the last thing in it', async () => {
  const { lanes, apply, clear, setNode, ids } = await world();
  expect(clear(1)).toBe(undefined);
  await apply(1);
  await setNode(1, 1);
  await setNode(2, 1);
  expect(ids()).toEqual(['t1 UP node', 't2 NONE node']);
  await clear(1);
  expect(ids()).toEqual(['t1 NONE node', 't2 NONE node']);
  await setNode(1, 2, false);
  await setNode(2, 2, false);
  expect([ids(), lanes.all(), lanes.inUse()]).toEqual([[], [], false]);
});

test('an order that failed before it touched anything leaves no lane; one that could not be undone stays to be seen', async () => {
  const { lanes, apply, clear, machine, ids, journal } = await world();
  await apply(1, 5);
  await clear(1);
  expect([await codeOf(apply(1, 2)), lanes.all()]).toEqual(['helper.stale', []]);
  await apply(1, 10);
  machine('t1').failNext = { kind: 'remove-route', halfDone: false };
  expect([await codeOf(clear(1, 11) ?? Promise.resolve()), ids(), journal('t1') === undefined]).toEqual(['tunnel.failed', ['t1 FAILED -'], false]);
  // The claim stands as long as the route may.
  expect([await codeOf(apply(2, 1, { routes: ['10.1.0.0/24'] })), await codeOf(clear(1, 12) ?? Promise.resolve()), journal('t1')]).toEqual(['tunnel.conflict', 'done', undefined]);
  expect([await codeOf(apply(2, 1, { routes: ['10.1.0.0/24'] })), ids()]).toEqual(['done', ['t2 UP -']]);
});

test('what cannot be removed is tried again by the next order, which is refused until it is gone', async () => {
  const { apply, clear, machine } = await world();
  await apply(1);
  const perform = machine('t1').perform.bind(machine('t1'));
  machine('t1').perform = async (step, engine) => {
    if (step.kind === 'remove-device') throw new Error('busy');
    await perform(step, engine);
  };
  expect([await codeOf(clear(1) ?? Promise.resolve()), await codeOf(apply(1, 10))]).toEqual(['tunnel.failed', 'tunnel.failed']);
  machine('t1').perform = perform;
  expect([await codeOf(apply(1, 11)), machine('t1').applied?.routes]).toEqual(['done', ['10.1.0.0/16']]);
});

test('steps of one tunnel never touch the machine of another', async () => {
  const { apply, clear, machine } = await world();
  for (const n of [1, 2]) await apply(n);
  const before = [...machine('t2').diary];
  machine('t1').failNext = { kind: 'add-route', halfDone: true };
  await codeOf(apply(1, 2, { routes: ['10.1.0.0/16', '10.9.0.0/16'] }));
  await clear(1);
  expect([machine('t2').diary, machine('t2').applied?.routes, machine('t1').applied]).toEqual([before, ['10.2.0.0/16'], null]);
});

test('eight at most; one with neither tunnel nor process gives way, one that is used never', async () => {
  const { lanes, apply, setNode, ids } = await world();
  for (let n = 1; n <= 7; n++) await apply(n);
  await setNode(8, 1);
  expect([await codeOf(apply(9)), await codeOf(setNode(9, 1)), ids().length]).toEqual(['input.limit', 'input.limit', 8]);
  lanes.engineEnded('wmt3', 'wireguard-go ended (SIGKILL)');
  await settle();
  expect(ids()[2]).toBe('t3 FAILED -');
  await apply(9);
  expect([ids().length, ids().includes('t3 FAILED -'), ids().at(-1), await codeOf(apply(3, 2))]).toEqual([8, false, 't9 UP -', 'input.limit']);
});

test('two first orders at the same time share one lane; many at the limit end in eight', async () => {
  const { lanes, apply, setNode, ids } = await world();
  await Promise.all([apply(1), setNode(1, 1)]);
  expect(ids()).toEqual(['t1 UP node']);
  const codes = await Promise.all(Array.from({ length: 20 }, (_, n) => codeOf(apply(n + 2))));
  expect([lanes.all().length, codes.filter((code) => code === 'done').length, codes.filter((code) => code === 'input.limit').length]).toEqual([8, 7, 13]);
});

test('the end of some: theirs are taken away, orders of theirs in flight too, and the rest is untouched', async () => {
  const { lanes, apply, setNode, processes, machine, ids } = await world();
  await Promise.all([apply(1), apply(2), setNode(2, 1)]);
  const late = codeOf(apply(2, 2));
  await lanes.end(({ place }) => place.tunnelId === 't2');
  expect([await late === 'done' || await late === 'helper.lost', ids(), processes.running, machine('t2').applied, machine('t1').applied === null]).toEqual([true, ['t1 UP -'], 0, null, false]);
  await lanes.close();
  expect([await codeOf(apply(3)), machine('t1').applied]).toEqual(['helper.lost', null]);
});

test('another user\'s lane of the same id is another lane', async () => {
  const { lanes, apply, processes, setNode } = await world();
  await apply(1);
  await setNode(1, 1);
  await lanes.order(placeOf('t1', 1001), ({ tunnel }) => tunnel.apply(at(1), wanted(1, 1001)));
  expect([lanes.all().map(({ place }) => place.uid), processes.running, lanes.orderIn(placeOf('t1'), async () => 'mine'), lanes.has(placeOf('t1', 1001))]).toEqual([[1001], 0, undefined, true]);
});

test('a watcher is told of what comes, changes and goes, and of nothing after the end of a lane', async () => {
  const { lanes, apply, clear, ids, clock } = await world();
  const seen = [''];
  lanes.changes.subscribe(() => void (ids().join() !== seen.at(-1) && seen.push(ids().join())));
  const made: Lane[] = [];
  await lanes.order(placeOf('t1'), async (lane) => void made.push(lane));
  await apply(1);
  await apply(2);
  await clear(1);
  await clear(2);
  const before = seen.length;
  await clock.pass(5_000);
  expect([seen, seen.length - before]).toEqual([['', 't1 UP -', 't1 UP -,t2 UP -', 't2 UP -', ''], 0]);
});

test('several tunnels are read at the same moment of each second', async () => {
  const { apply, machine, clock } = await world();
  const reads: string[] = [];
  for (const n of [1, 2, 3]) {
    await apply(n);
    const read = machine(`t${n}`).read.bind(machine(`t${n}`));
    machine(`t${n}`).read = async () => {
      reads.push(`t${n} ${clock.nowMs()}`);
      return read();
    };
    await clock.pass(130);
  }
  await clock.pass(2_000);
  expect(reads).toEqual(['t1 1000', 't2 1000', 't3 1000', 't1 2000', 't2 2000', 't3 2000']);
});

test('what keeps the processes in: what holds for all of them, what is missing for any', async () => {
  const { lanes, setNode } = await world();
  expect(lanes.confinement('')).toEqual({ layers: [], missing: [] });
  for (const n of [1, 2, 3]) await setNode(n, 1);
  const said = [{ layers: ['landlock', 'seccomp'], missing: [] }, { layers: ['landlock'], missing: ['seccomp: errno 22'] }, { layers: [], missing: [] }];
  lanes.all().forEach(({ node }, n) => Object.assign(node, { confinement: () => said[n] }));
  expect([lanes.confinement(''), lanes.confinement('t1'), lanes.confinement('t3')]).toEqual([{ layers: ['landlock'], missing: ['seccomp: errno 22'] }, said[0], said[2]]);
});
