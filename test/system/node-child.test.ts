import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Child, startChild } from '../node/child-process.ts';
import { keyOf, until } from '../node/local-cluster.ts';
import { NodeControl } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { LocalNodeClient, type WatchReplicaResponse } from '../../src/gen/webmesh/local/v1/local.ts';
import { NodeClient } from '../../src/gen/v1/node.ts';
import { type JoinResponse } from '../../src/gen/v1/node_messages.ts';
import { goBinaryTimeFromMs } from '../../src/node/consensus/go-time.ts';

const host = `127.${16 + (process.pid % 200)}.1.1`;
const network = `${host.split('.').slice(0, 3).join('.')}.0/24`;
const services = { leaderProxy: true, meshApi: true, peerDiscovery: true, metrics: true, admin: true };
let folder = '';
let children: Child[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webmesh-child-'));
});
afterEach(async () => {
  for (const child of children) child.process.kill('SIGKILL');
  await Promise.all(children.map((child) => child.ended));
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

const control = (spec: object = {}) => NodeControl.fromPartial({
  dataDir: join(folder, 'data'), socketPath: join(folder, 'node.sock'),
  spec: { insecure: true, tunnelId: 't', nodeId: 'host', grpcPort: 28_443, raftPort: 29_443, publicAddresses: [host], services, bootstrap: { networkName: 'home', ipv4Network: network }, ...spec },
});
function start(spec?: object): Child {
  const child = startChild(control(spec));
  children.push(child);
  return child;
}
const join_ = (id: string): Promise<JoinResponse> => new Promise((resolve, reject) => {
  const client = new NodeClient(`${host}:28443`, credentials.createInsecure());
  const request = { id, publicKey: keyOf(id), raftPort: 1, grpcPort: 1, wireguardPort: 1, primaryEndpoint: '', endpoints: [], assignIpv4: true, preferRaftIpv6: false, asVoter: false };
  client.join(request, { deadline: Date.now() + 5000 } as never, (error: Error | null, value: JoinResponse) => {
    client.close();
    if (error) reject(error);
    else resolve(value);
  });
});

test('from the first line to the end of input: founds, answers Join, shows its replica, restarts on its data, ends clean', async () => {
  const first = start();
  await first.ready();
  const seen: WatchReplicaResponse[] = [];
  const local = new LocalNodeClient(`unix:${join(folder, 'node.sock')}`, credentials.createInsecure());
  const watch = local.watchReplica({});
  watch.on('data', (value: WatchReplicaResponse) => seen.push(value));
  watch.on('error', () => {});
  await until(() => seen.some(({ ipv4Network }) => ipv4Network !== ''));
  expect((await join_('laptop')).addressIpv4).toBe(`${host.replace(/1$/, '2')}/24`);
  await until(() => seen.at(-1)?.nodes.length === 2 && seen.at(-1)?.raft?.servers.length === 2);
  expect(seen.at(-1)).toMatchObject({ networkName: 'home', ipv4Network: network, status: { id: 'host', currentLeader: 'host' }, raft: { role: 'leader', leaderId: 'host', leaderContactAgeMs: 0n, quorum: true } });
  const metrics = await new Promise<unknown>((resolve, reject) => local.getMetrics({}, (error, value) => (error ? reject(error) : resolve(value))));
  expect(metrics).toHaveProperty('metrics');
  local.close();
  first.process.stdin?.end();
  expect(await first.ended).toBe(0);

  const second = start();
  await second.ready();
  expect((await join_('laptop')).addressIpv4).toBe(`${host.replace(/1$/, '2')}/24`);
  second.process.kill('SIGTERM');
  expect([await second.ended, readdirSync(folder)]).toEqual([0, ['data']]);
}, 60_000);

test('a wrong line is one report and changes nothing; a port in use is told and waited for', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(28_443, host, resolve));
  const child = start();
  child.tell('no json');
  child.tell({ dataDir: 'relative', spec: {} });
  await until(() => child.reports.some(({ problemCode }) => problemCode === 'node.port-in-use'), 10_000, () => [child.reports, child.log]);
  expect(child.reports.map(({ problemCode }) => problemCode).filter((code) => code === 'input.invalid')).toHaveLength(2);
  holder.close();
  await until(() => child.reports.at(-1)?.ready === true && child.reports.at(-1)?.problemCode === '', 10_000, () => child.reports);
}, 60_000);

test('damaged data ends the process with one report, and the file stays as it was', async () => {
  const first = start();
  await first.ready();
  first.process.stdin?.end();
  await first.ended;
  const path = join(folder, 'data', 'raft.db');
  const bytes = readFileSync(path);
  // The time at which the first entry of this day was appended: a byte that only a checksum protects.
  const at = bytes.indexOf(goBinaryTimeFromMs(Date.now()).subarray(0, 6));
  bytes[at + 12] = (bytes[at + 12] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const second = start();
  expect(await second.ended).toBe(1);
  expect([second.reports.map(({ ready, problemCode }) => [ready, problemCode]), readFileSync(path).equals(bytes)]).toEqual([[[false, 'node.data-damaged']], true]);
}, 60_000);
