import { expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { failure } from '../../base/failure.ts';
import { silentLog } from '../../base/log.ts';
import { Feature } from '../../gen/v1/mesh_messages.ts';
import { NodeControl, PeerState, TunnelPhase, TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { type RaftView } from '../../raft/types.ts';
import { type NodeConfig, parseControl } from '../config.ts';
import { type HttpAnswer, type HttpPage, type ProcessSample } from '../path-ports.ts';
import { type HostSample } from '../ports.ts';
import { type NodeRow } from '../state/reads.ts';
import { type DeviceRow } from '../state/trust-rows.ts';
import { createCallFigures } from './call-counts.ts';
import { createPrometheusPart, type PrometheusPorts } from './prometheus-part.ts';
import { createReaders } from './readers.ts';
import { textOf } from './registry.ts';

const node = (id: string, leaseIpv4: string | null, networkIpv6: string | null = null, publicKey: string | null = `key-${id}`): NodeRow => ({
  id, publicKey, raftPort: 1, grpcPort: 1, wireguardPort: 1, primaryEndpoint: null, endpoints: [], networkIpv6, leaseIpv4, createdAt: {} as NodeRow['createdAt'], updatedAt: {} as NodeRow['updatedAt'],
});
const device = (id: string, role: DeviceRow['role'], state: DeviceRow['state']): DeviceRow => ({ id, role, state, name: '', invitedBy: '', inviteId: '', keyHash: '', certificateRequest: null, createdAtMs: 0, revokedAtMs: 0 });
const roster = {
  rows: [node('ann', '172.16.0.1/12', 'fd00:1:2:1::/64'), node('bob', '172.16.0.2/12', 'fd00:1:2:2::/64'), node('guest', '172.16.0.3/12', 'fd00:1:2:3::/64'), node('gone', '172.16.0.4/12'), node('new', '172.16.0.5/12'), node('nobody', '172.16.0.6/12'), node('odd', 'fd00::7/64', '172.16.0.7/24')],
  devices: [device('ann', 'admin', 'active'), device('bob', 'member', 'active'), device('guest', 'guest', 'active'), device('gone', 'member', 'revoked'), device('new', 'admin', 'pending')],
};
const readsOf = ({ rows, devices } = roster) => {
  const revision = cell(1);
  let asked = 0;
  return { revision, asked: () => asked, nodes: () => { asked += 1; return rows; }, trust: { device: (id: string) => devices.find((one) => one.id === id) } };
};

const sources = ['172.16.0.1', '172.16.0.2', 'fd00:1:2:2::', 'fd00:1:2:2:ffff::9', '172.16.0.3', 'fd00:1:2:3::', '172.16.0.4', '172.16.0.5', '172.16.0.6', '172.16.0.7', 'fd00::7', '172.16.0.9', '127.0.0.1', '::1', '198.51.100.1', '', 'ann', '::ffff:172.16.0.1'];

test('members and admins whose device is active may read, from every address that is theirs; nobody else', () => {
  const secured = createReaders(readsOf(), true);
  expect(sources.filter(secured)).toEqual(['172.16.0.1', '172.16.0.2', 'fd00:1:2:2::', 'fd00:1:2:2:ffff::9']);
  const clear = createReaders(readsOf(), false);
  expect(sources.filter(clear)).toEqual(['172.16.0.1', '172.16.0.2', 'fd00:1:2:2::', 'fd00:1:2:2:ffff::9', '172.16.0.3', 'fd00:1:2:3::', '172.16.0.4', '172.16.0.5', '172.16.0.6']);
  expect(sources.filter(createReaders(readsOf({ rows: [], devices: [] }), true))).toEqual([]);
});

test('the list of readers is made once a revision, however often strangers ask', () => {
  const devices = [...roster.devices];
  const reads = readsOf({ rows: roster.rows, devices });
  const mayRead = createReaders(reads, true);
  expect(sources.concat(sources).filter(mayRead).length).toBe(8);
  expect(reads.asked()).toBe(1);
  devices[1] = device('bob', 'member', 'revoked');
  reads.revision.set(2);
  expect([mayRead('172.16.0.2'), mayRead('172.16.0.1'), reads.asked()]).toEqual([false, true, 2]);
});

const tunnel = TunnelState.fromPartial({ phase: TunnelPhase.TUNNEL_PHASE_UP, peers: [
  PeerState.fromPartial({ publicKey: 'key-bob', lastHandshakeMs: 1_700_000_000_250n, receiveBytes: 2n ** 60n + 5n, transmitBytes: 7n, forgottenReceiveBytes: 5n }),
  PeerState.fromPartial({ publicKey: 'no"body\\\n' }),
] });
const view: RaftView = {
  id: 'ann', role: 'leader', term: 3, leader: 'ann', lastIndex: 12, commitIndex: 11, configurationCommitted: true, leaderContactTicks: 0, quorumActive: true, violations: 2,
  configuration: { servers: [{ id: 'ann', address: 'a', voter: true }, { id: 'bob', address: 'b', voter: false }] },
  progress: new Map([['bob', { match: 10, snapshotting: false, active: true }]]),
};
const host: HostSample = {
  atMs: 0, hostname: 'h', architecture: 'x', kernel: 'k', containerized: false, timezone: 'UTC', bootTimeMs: 1_600_000_000_500, addresses: [], macs: [],
  os: { type: 'linux', family: '', platform: '', name: '', version: '', build: '', codename: '' }, processors: 2,
  cpuMs: { user: 1_500, nice: 0, system: 10, idle: 36e5, ioWait: null, irq: null, softIrq: 20, steal: 30 }, load: [0.5, 1, 2.25],
  memory: { total: 1000, available: 600, free: 400, swapTotal: 100, swapFree: 30 },
  disks: [{ path: '/', device: '/dev/under', total: 1, free: 1, used: 1, inodesTotal: 1, inodesFree: 1 }, { path: '/', device: '/dev/a', total: 300, free: 100, used: 150, inodesTotal: 9, inodesFree: 4 }],
};
const process: ProcessSample = { runtime: 'v24', startedAtSeconds: 1_700_000_000.5, cpuSeconds: { user: 1.5, system: 0.25 }, residentBytes: 1000, heapUsedBytes: null, openDescriptors: 9, loopDelaySeconds: { mean: 0.001, p99: 0.01, max: 0.5 } };

function configOf(change: { prometheus?: boolean; port?: number; tunnel?: TunnelState } = {}): NodeConfig {
  const { prometheus = true, port = 8080 } = change;
  return parseControl(JSON.stringify(NodeControl.toJSON(NodeControl.fromPartial({
    dataDir: '/d', socketPath: '/s', tunnel: change.tunnel ?? tunnel,
    spec: { tunnelId: 't', nodeId: 'ann', insecure: true, meshIpv4: '172.16.0.1', meshIpv6: 'fd00:1:2:1::', services: { prometheus }, paths: { prometheusPort: port } },
  }))));
}

function world(change: Partial<PrometheusPorts> = {}) {
  const listening = new Set<string>();
  const absent = new Set<string>();
  const taken = new Set<string>();
  const timers: (() => void)[] = [];
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: (_ms, run) => {
    timers.push(run);
    return () => void (timers.includes(run) && timers.splice(timers.indexOf(run), 1));
  } };
  let page: HttpPage | undefined;
  let meters = 0;
  let samples = 0;
  const calls = createCallFigures();
  const part = createPrometheusPart({
    config: configOf(), build: { version: '1.2.3', commit: 'abc' }, calls, view: cell(view), appliedIndex: cell(10), tickMs: 100, reads: readsOf(), clock, log: silentLog,
    https: { create: (made) => {
      page = made;
      return {
        listen: async ({ host: at, port }, signal) => {
          if (taken.has(at)) throw failure('node.port-in-use', { port });
          if (absent.has(at)) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
          listening.add(`${at} ${port}`);
          return port;
        },
        unlisten: ({ host: at, port }) => void listening.delete(`${at} ${port}`),
        close: async () => listening.clear(),
      };
    } },
    hostSample: async () => { samples += 1; return host; },
    openProcessMeter: () => { meters += 1; return { sample: () => process, close: () => void (meters -= 1) }; },
    paths: () => ({ peers: [{ peer: 'bob', tier: 'turn', via: 'carl', switches: 4, latencyMs: 12.5, carrier: { sentBytes: 5, receivedBytes: 6, droppedDatagrams: 1 } }, { peer: 'dora', tier: null, via: '', switches: 0, latencyMs: null, carrier: null }] }),
    relays: () => [{ kind: 'turn', bytes: 99, open: 2, refused: 1 }],
    ...change,
  });
  const settle = async (): Promise<void> => { for (let i = 0; i < 20; i++) await Promise.resolve(); };
  const get = (path = '/metrics', method = 'GET', source = '172.16.0.2'): Promise<HttpAnswer> => (page as HttpPage).answer({ method, path, source });
  return { part, calls, get, settle, listening, absent, taken, timers, admits: (source: string) => page?.admits(source), meters: () => meters, samples: () => samples };
}

test('the whole text', async () => {
  const { calls, get } = world();
  const join = calls.open({ path: '/v1.Node/Join', requestStream: false, responseStream: false });
  join.received();
  join.sent();
  join.handled(0, 0.02);
  calls.open({ path: '/v1.Node/Join', requestStream: false, responseStream: false }).handled(16, 60);
  const watch = calls.open({ path: '/v1.PeerDiscovery/Watch', requestStream: false, responseStream: true });
  watch.sent();
  watch.sent();
  calls.open({ path: '/webmesh.paths.v1.PathService/Relay', requestStream: true, responseStream: true }).handled(99, 0.005);
  const { status, headers, body } = await get();
  expect([status, headers]).toEqual([200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }]);
  await expect(body).toMatchFileSnapshot('golden.prom');
});

test('nothing but the page, nothing but reading, and only for who may', async () => {
  const { get, admits } = world();
  expect(await Promise.all([get(), get('/metrics', 'HEAD'), get('/'), get('/metrics/'), get('/metrics', 'POST'), get('/x', 'DELETE'), get('/metrics', 'GET', '203.0.113.1'), get('/x', 'PUT', '')].map(async (answer) => (await answer).status)))
    .toEqual([200, 200, 404, 404, 405, 404, 403, 403]);
  expect((await get('/metrics', 'POST')).headers['allow']).toBe('GET, HEAD');
  expect([admits('172.16.0.2'), admits('203.0.113.1')]).toEqual([true, false]);
});

test('those who ask at once share one look at the machine; one that fails is 503, and the next looks again', async () => {
  const { get, samples } = world();
  await Promise.all([get(), get(), get()]);
  expect(samples()).toBe(1);
  await get();
  expect(samples()).toBe(2);
  let broken = true;
  const other = world({ hostSample: async () => { if (broken) throw new Error('no /proc'); return host; } });
  expect((await other.get()).status).toBe(503);
  broken = false;
  expect((await other.get()).status).toBe(200);
});

test('METRICS is offered while an address answers, and not before or after', async () => {
  const { part, settle, listening, meters } = world({ config: configOf({ prometheus: false }) });
  const seen: (readonly Feature[])[] = [];
  part.features.subscribe((features) => seen.push(features));
  await settle();
  expect([listening.size, seen, meters()]).toEqual([0, [], 0]);
  part.update(configOf());
  await settle();
  expect([[...listening], part.features.get(), meters()]).toEqual([['172.16.0.1 8080', 'fd00:1:2:1:: 8080'], [Feature.METRICS], 1]);
  part.update(configOf({ port: 9090 }));
  await settle();
  expect([[...listening], part.features.get()]).toEqual([['172.16.0.1 9090', 'fd00:1:2:1:: 9090'], [Feature.METRICS]]);
  part.update(configOf({ prometheus: false }));
  expect([listening.size, part.features.get(), meters()]).toEqual([0, [], 0]);
  part.update(configOf());
  await settle();
  await part.close();
  expect([listening.size, part.features.get(), meters()]).toEqual([0, [], 0]);
});

test('an address that is not there yet is waited for; a port in use is told, and tried again', async () => {
  const { part, settle, listening, absent, taken, timers } = world({ config: configOf({ prometheus: false }) });
  absent.add('fd00:1:2:1::');
  taken.add('172.16.0.1');
  part.update(configOf());
  await settle();
  expect([part.features.get(), part.problem.get()?.code, listening.size]).toEqual([[], 'node.port-in-use', 0]);
  taken.clear();
  for (const run of timers.splice(0)) run();
  await settle();
  expect([part.features.get(), part.problem.get(), [...listening]]).toEqual([[Feature.METRICS], null, ['172.16.0.1 8080']]);
});

test('2,000 peers get labels, the others are only counted', async () => {
  const many = TunnelState.fromPartial({ peers: Array.from({ length: 2_500 }, (_, i) => PeerState.fromPartial({ publicKey: `k${i}`, receiveBytes: 1n })) });
  const { get } = world({ config: configOf({ tunnel: many }) });
  const { body } = await get();
  expect([body.match(/^webmesh_wireguard_receive_bytes_total\{/gm)?.length, /^webmesh_wireguard_peers (\d+)$/m.exec(body)?.[1]]).toEqual([2_000, '2500']);
});

test('two families of one name are a bug, not a text', async () => {
  const one = { name: 'a', type: 'gauge' as const, help: 'A.', values: [] };
  await expect(textOf([one, one])).rejects.toThrow();
});
