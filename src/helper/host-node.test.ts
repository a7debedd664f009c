import { expect, test } from 'vitest';
import { FakeFenceFile, ManualClock, settle } from '../../test/fakes/helper-machine.ts';
import { cell } from '../base/cell.ts';
import { asFailure, failure } from '../base/failure.ts';
import { silentLog } from '../base/log.ts';
import { NodeControl, NodeIdentity, NodeSpec, TunnelState } from '../gen/webmesh/helper/v1/helper.ts';
import { createHostNode } from './host-node.ts';
import { parseNodeSpec } from './node-spec.ts';
import { type NodeEars, type NodeEnd, type NodeProcess, type NodeProcesses, type TunnelPlace } from './ports.ts';
import { openFences } from './tunnel/fence.ts';

/** A process in memory: it writes down what it was told, and ends when told to, at the politeness it was given. */
class FakeProcess implements NodeProcess {
  readonly dataDir = '/state/nodes/home';
  readonly socketPath = '/run/nodes/home/node.sock';
  readonly pid: number;
  readonly ears: NodeEars;
  readonly told: NodeControl[] = [];
  readonly diary: string[] = [];
  endsOn: 'input' | 'SIGTERM' | 'SIGKILL' = 'input';
  private readonly end_ = Promise.withResolvers<NodeEnd>();
  readonly ended = this.end_.promise;

  constructor(pid: number, ears: NodeEars) {
    this.pid = pid;
    this.ears = ears;
  }

  send(line: string): void {
    this.told.push(NodeControl.fromJSON(JSON.parse(line)));
  }

  endInput(): void {
    this.diary.push('input ended');
    if (this.endsOn === 'input') this.crash({ code: 0, signal: null });
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.diary.push(signal);
    if (this.endsOn === signal) this.crash({ code: null, signal });
  }

  crash(end: NodeEnd): void {
    this.end_.resolve(end);
  }
}

class FakeProcesses implements NodeProcesses {
  readonly all: FakeProcess[] = [];
  failing = false;

  async start(_place: TunnelPlace, ears: NodeEars): Promise<NodeProcess> {
    if (this.failing) throw failure('node.start-failed', { path: '/x' });
    const process = new FakeProcess(100 + this.all.length, ears);
    this.all.push(process);
    return process;
  }

  async stopStray(): Promise<void> {}
}

const spec = (change: Partial<NodeSpec> = {}): NodeSpec => NodeSpec.fromPartial({ tunnelId: 'home', nodeId: 'alpha', raftPort: 9443, grpcPort: 8443, insecure: change.identity === undefined, ...change });
const place: TunnelPlace = { uid: 1000, tunnelId: 'home' };
const at = (epoch: number, revision: number) => ({ epoch: BigInt(epoch), revision: BigInt(revision) });

async function world() {
  const [processes, clock, tunnel] = [new FakeProcesses(), new ManualClock(), cell(TunnelState.fromPartial({}))];
  const node = createHostNode({ place, processes, tunnel, fence: (await openFences(new FakeFenceFile(), () => true)).of(place), clock, log: silentLog });
  const last = (): FakeProcess => processes.all.at(-1) as FakeProcess;
  return { processes, clock, tunnel, node, last };
}

test('starts the process, tells it the whole order, and again when something changed', async () => {
  const { processes, tunnel, node, last } = await world();
  expect(await node.set(at(1, 1), spec())).toMatchObject({ running: true, pid: 100, socketPath: '/run/nodes/home/node.sock', restarts: 0 });
  await node.set(at(1, 2), spec());
  await node.set(at(1, 3), spec({ meshIpv4: '172.16.0.2' }));
  tunnel.set(TunnelState.fromPartial({ interfaceName: 'wmhome' }));
  expect(processes.all.length).toBe(1);
  expect(last().told.map((control) => [control.dataDir, control.spec?.meshIpv4, control.tunnel?.interfaceName])).toEqual([
    ['/state/nodes/home', '', ''], ['/state/nodes/home', '172.16.0.2', ''], ['/state/nodes/home', '172.16.0.2', 'wmhome'],
  ]);
});

test('starts it again after a crash, later and later, and says so', async () => {
  const { processes, clock, node, last } = await world();
  await node.set(at(1, 1), spec());
  const startsAt: number[] = [];
  for (let crashes = 0; crashes < 9; crashes++) {
    last().crash({ code: 1, signal: null });
    await settle();
    expect(node.state.get()).toMatchObject({ running: false, pid: 0, problem: 'the node process ended (code 1)', problemCode: 'node.lost', restarts: crashes + 1 });
    const [before, started] = [clock.nowMs(), processes.all.length];
    while (processes.all.length === started) await clock.pass(50);
    startsAt.push(clock.nowMs() - before);
  }
  expect(startsAt).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  await clock.pass(61_000);
  last().crash({ code: null, signal: 'SIGKILL' });
  await settle();
  await clock.pass(250);
  expect(node.state.get().running).toBe(true);
});

test('keeps the reason that the process itself gave', async () => {
  const { node, last } = await world();
  await node.set(at(1, 1), spec());
  last().ears.report(JSON.stringify({ ready: false, problem: 'port 8443 is taken', problemCode: 'node.port-in-use' }));
  last().crash({ code: 1, signal: null });
  await settle();
  expect(node.state.get()).toMatchObject({ problem: 'port 8443 is taken', problemCode: 'node.port-in-use' });
});

test('a report is only believed in known words and sizes', async () => {
  const { node, last } = await world();
  await node.set(at(1, 1), spec());
  for (const line of ['garbage', '{"problem":', '[]', 'x'.repeat(100_000), '{"problem":{"a":1}}']) last().ears.report(line);
  last().ears.report(JSON.stringify({ problem: 'y'.repeat(9_999), problemCode: 'rm -rf' }));
  expect([node.state.get().problem.length, node.state.get().problemCode]).toEqual([500, 'internal.unexpected']);
  last().ears.report(JSON.stringify({ ready: true }));
  expect([node.state.get().problem, node.state.get().problemCode]).toEqual(['', '']);
});

const identity = NodeIdentity.fromPartial({ privateKey: Buffer.alloc(138, 0xa7), chain: [Buffer.alloc(9, 1), Buffer.alloc(9, 2)] });

test('an identity goes to the process alone; a line of it that holds the key is left out', async () => {
  const { node, last } = await world();
  const state = await node.set(at(1, 1), spec({ identity }));
  expect([last().told[0]?.spec?.identity?.privateKey.length, JSON.stringify(state).includes('p6en')]).toEqual([138, false]);
  const hex = Buffer.from(identity.privateKey).toString('hex');
  last().ears.log('all is well');
  last().ears.log(`long ${'x'.repeat(100_000)} ${hex}`);
  last().ears.log(`long ${'x'.repeat(100_000)}`);
  last().ears.log(`key ${hex} leaked`);
  last().ears.log(`{"der":"${Buffer.concat([Buffer.from('x'), identity.privateKey, Buffer.from('yz')]).toString('base64')}"}`);
  last().ears.report(JSON.stringify({ problem: `bad key ${hex}`, problemCode: 'internal.unexpected' }));
  expect([node.logLines(), node.state.get().problem]).toEqual([['all is well', ...Array<string>(1).fill('{"scope":"node","event":"line-left-out","why":"it held a secret"}'), `long ${'x'.repeat(2_043)}`, ...Array<string>(2).fill('{"scope":"node","event":"line-left-out","why":"it held a secret"}')], '']);
});

test('a new identity is told to the running process, which is not started again', async () => {
  const { processes, node, last } = await world();
  await node.set(at(1, 1), spec({ identity }));
  await node.set(at(1, 2), spec({ identity: { ...identity, privateKey: Buffer.alloc(138, 0xb8) } }));
  expect([processes.all.length, last().told.map((control) => control.spec?.identity?.privateKey[0])]).toEqual([1, [0xa7, 0xb8]]);
});

test('what keeps it in is collected from both of its lines', async () => {
  const { node, last } = await world();
  await node.set(at(1, 1), spec());
  last().ears.confined('{"layers":["landlock"],"missing":["seccomp: errno 22"]}');
  last().ears.confined('{"layers":["not-dumpable",7],"missing":{}}');
  last().ears.confined('garbage');
  expect(node.confinement()).toEqual({ layers: ['landlock', 'not-dumpable'], missing: ['seccomp: errno 22', 'report: unreadable'] });
});

test('stops politely first, then firmly', async () => {
  for (const [endsOn, diary] of [['input', ['input ended']], ['SIGTERM', ['input ended', 'SIGTERM']], ['SIGKILL', ['input ended', 'SIGTERM', 'SIGKILL']]] as const) {
    const { clock, node, last } = await world();
    await node.set(at(1, 1), spec());
    last().endsOn = endsOn;
    const stopping = node.set(at(1, 2), undefined);
    await settle();
    await clock.pass(10_000);
    expect([endsOn, (await stopping).running, last().diary]).toEqual([endsOn, false, diary]);
  }
});

test('a specification of another tunnel, and any after its end, is refused', async () => {
  const { processes, node } = await world();
  const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'done', (error: unknown) => [asFailure(error).code, asFailure(error).detail['field']]);
  expect(await codeOf(node.set(at(1, 1), spec({ tunnelId: 'work' })))).toEqual(['input.invalid', 'spec.tunnel_id']);
  await node.set(at(1, 1), spec());
  await node.close();
  expect([await codeOf(node.set(at(1, 2), spec())), processes.all.length, processes.all[0]?.diary]).toEqual([['helper.lost', undefined], 1, ['input ended']]);
});

test('a process that was stopped is not started again, also when it crashed just before', async () => {
  const { processes, clock, node, last } = await world();
  await node.set(at(1, 1), spec());
  last().crash({ code: 1, signal: null });
  await settle();
  await node.set(at(1, 2), undefined);
  await clock.pass(100_000);
  expect(processes.all.length).toBe(1);
});

test('a start that fails is answered, and an old order is refused', async () => {
  const { processes, node } = await world();
  const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'done', (error: unknown) => asFailure(error).code);
  processes.failing = true;
  expect(await codeOf(node.set(at(2, 1), spec()))).toBe('node.start-failed');
  processes.failing = false;
  expect(await codeOf(node.set(at(1, 9), spec()))).toBe('helper.stale');
  expect(await codeOf(node.set(at(2, 1), spec()))).toBe('done');
});

test.each<[string, Partial<NodeSpec>]>([
  ['tunnel_id', { tunnelId: '../x' }], ['node_id', { nodeId: '-x' }], ['node_id', { nodeId: '' }], ['mesh_ipv4', { meshIpv4: 'fd00::1' }], ['mesh_ipv6', { meshIpv6: '10.0.0.1' }],
  ['raft_port', { raftPort: 65536 }], ['raft_port', { raftPort: 443 }], ['grpc_port', { grpcPort: 1023 }], ['identity', { insecure: false }], ['insecure', { insecure: true, identity }],
  ['identity.private_key', { identity: { ...identity, privateKey: Buffer.alloc(31) } }], ['identity.private_key', { identity: { ...identity, privateKey: Buffer.alloc(2_049) } }],
  ['identity.chain', { identity: { ...identity, chain: [Buffer.alloc(9)] } }], ['identity.chain', { identity: { ...identity, chain: Array.from({ length: 5 }, () => Buffer.alloc(9)) } }],
  ['identity.chain', { identity: { ...identity, chain: [Buffer.alloc(9), Buffer.alloc(8_193)] } }], ['identity.authority_key', { identity: { ...identity, authorityChain: [Buffer.alloc(9)] } }],
  ['identity.authority_chain', { identity: { ...identity, authorityKey: Buffer.alloc(138) } }], ['primary_endpoint', { primaryEndpoint: 'a b' }], ['endpoints', { endpoints: ['x\n'] }], ['endpoints', { endpoints: Array<string>(65).fill('a') }],
  ['public_addresses', { publicAddresses: ['example.com'] }], ['bootstrap.network_name', { bootstrap: { networkName: '', ipv4Network: '' } }], ['bootstrap.ipv4_network', { bootstrap: { networkName: 'x', ipv4Network: 'fd00::/8' } }],
])('refuses a specification with a bad %s', (field, change) => {
  let found: unknown = null;
  try {
    parseNodeSpec(spec(change));
  } catch (error) {
    found = asFailure(error).detail['field'];
  }
  expect(found).toBe(field);
});
