import { expect, test } from 'vitest';
import { metricsAt, sceneOf } from '../../../test/fakes/world.ts';
import { grow, samplesMax, type Sample } from './history.ts';
import { readLogLine } from './log-lines.ts';
import { featureWords, quorumView } from './node-words.ts';
import { readPeerMetrics } from './peer-metrics.ts';
import { noPorts, readPorts } from './ports.ts';
import { hashOf, parseRoute } from './route.svelte.ts';

const at = (atMs: number, receiveBytes: number | null) => ({ ...metricsAt(atMs), tunnel: receiveBytes === null ? null : { receiveBytes, transmitBytes: 0 } });
const all = (topics: ReturnType<typeof at>[]): readonly Sample[] => topics.reduce<readonly Sample[]>(grow, []);

test('rates come from two samples of one tunnel; a new tunnel starts without one', () => {
  expect(all([at(1000, null), at(2000, 500), at(4000, 2500), at(5000, 10)]).map((s) => s.receiveRate)).toEqual([null, null, 1000, null]);
  expect(all([at(1000, 1), at(1000, 1)])).toHaveLength(1);
  expect(all([at(5000, 1), at(1000, 1)])).toHaveLength(1);
  expect(all(Array.from({ length: samplesMax + 40 }, (_, i) => at(i * 1000, i)))).toHaveLength(samplesMax);
});

test('routes survive the address bar', () => {
  expect([parseRoute(''), parseRoute('#/peers/a%2Fb'), parseRoute('#/peers/%E0%A4%A'), parseRoute('#/nonsense/x')]).toEqual([
    { screen: 'connect', detail: null }, { screen: 'peers', detail: 'a/b' }, { screen: 'peers', detail: null }, { screen: 'connect', detail: 'x' },
  ]);
  expect(parseRoute(hashOf({ screen: 'peers', detail: 'ü/ä b' }))).toEqual({ screen: 'peers', detail: 'ü/ä b' });
});

test('tells how many managing devices may be off', () => {
  const { node } = sceneOf('host', 0, 5);
  const tell = (voters: number) => quorumView(node, { role: 'leader', term: 1, lastIndex: 1, commitIndex: 1, appliedIndex: 1, leaderContactAgeMs: 0, servers: Array.from({ length: voters }, (_, i) => ({ id: `${i}`, address: '', voter: true })) });
  expect([0, 1, 2, 3, 5].map((n) => [tell(n).needed, tell(n).canLose])).toEqual([[1, 0], [1, 0], [2, 0], [2, 1], [3, 2]]);
  expect(tell(3).sentence).toBe('3 devices manage this network together. Changes need 2 of them, so one may be off. Devices keep reaching each other in any case.');
  expect(quorumView({ running: true, role: 'observer', leader: null }, { ...(node.raft ?? raise()), leaderContactAgeMs: 312_000 }).contact).toBe('No leader has been heard for 5 min.');
  expect(featureWords('MESH_DNS').name).toBe('Names');
  expect(featureWords('TIME_TRAVEL').name).toBe('time travel');
});

test('reads what another machine says with care', () => {
  expect(readPeerMetrics({ system: { host: { hostname: 'nas', uptime: '26h0m1.5s' }, memory: { total: '4000', used: 1000 }, disks: [{ total: '10', used: '5', filesystemPath: '/' }, { total: 'x' }, 7] } })).toEqual({
    hostname: 'nas', system: null, uptimeMs: 93_601_500, load: null, memory: { total: 4000, used: 1000 }, disks: [{ path: '/', total: 10, used: 5 }],
  });
  for (const odd of [null, 7, 'x', [], { system: 'no' }, { system: { disks: { length: 3 }, memory: { total: -4 }, host: { uptime: 'soon' } } }]) {
    expect(readPeerMetrics(odd)).toEqual({ hostname: null, system: null, uptimeMs: null, load: null, memory: null, disks: [] });
  }
});

test('shows log lines of any shape', () => {
  expect(readLogLine('{"t":"2026-11-22T09:03:57.123Z","level":"warn","scope":"core","event":"late","ms":12,"at":{"x":1}}')).toEqual({ time: '09:03:57', level: 'warn', scope: 'core', event: 'late', rest: 'ms=12 at={"x":1}' });
  expect(readLogLine('{"t":1795338237123,"level":"info","scope":"core","event":"x"}').time).toMatch(/^\d\d:\d\d:\d\d$/);
  expect([readLogLine('panic: no'), readLogLine('[1]')].map((l) => l.event)).toEqual(['panic: no', '[1]']);
});

test('ports are numbers or left to the core', () => {
  expect(readPorts(noPorts())).toEqual({});
  expect(readPorts({ ...noPorts(), grpcPort: ' 8543 ' })).toEqual({ grpcPort: 8543 });
  for (const text of ['0', '65536', '80a', '1.5', '-1']) expect(() => readPorts({ ...noPorts(), raftPort: text })).toThrow(/raftPort/);
});

function raise(): never {
  throw new Error('the scene has raft');
}
