import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyOf, type LocalCluster, localCluster, until } from '../../test/node/local-cluster.ts';
import { PeerDiscoveryService } from '../gen/v1/peer_discovery.ts';
import { NodeService } from '../gen/v1/node.ts';

let cluster: LocalCluster;
let base = '';
beforeEach(() => {
  cluster = localCluster();
  base = cluster.network.split('.').slice(0, 3).join('.');
});
afterEach(() => cluster.close());

test('a founder leads a mesh of one, takes a Join, and lists both', async () => {
  const founder = await cluster.found('host');
  expect(founder.node.replica.driver.view.get()).toMatchObject({ role: 'leader', configuration: { servers: [{ id: 'host', address: `${base}.1:19443`, voter: true }] } });
  const joined = await cluster.join(`${base}.1`, 'laptop', { primaryEndpoint: '192.0.2.7' });
  expect(joined).toMatchObject({ addressIpv4: `${base}.2/16`, peers: [] });
  const nodes = await cluster.listNodes(`${base}.1`);
  expect(nodes.map(({ id, privateIpv4, publicKey, grpcPort }) => [id, privateIpv4, publicKey, grpcPort])).toEqual([
    ['host', `${base}.1/16`, '', 18443], ['laptop', `${base}.2/16`, keyOf('laptop'), 18443],
  ]);
  expect(founder.broken()).toBe(undefined);
});

test('members follow the log within a second, catch up after a restart, and are removed when they leave', async () => {
  const founder = await cluster.found('host');
  await cluster.join(`${base}.1`, 'host');
  const first = await cluster.joinAndStart(`${base}.1`, 'first');
  const knows = (node: typeof first, ids: string): boolean => node.node.replica.state.nodes().map(({ id }) => id).join() === ids;
  await until(() => knows(first, 'first,host'), 2000);
  const second = await cluster.joinAndStart(`${base}.1`, 'second');
  await until(() => knows(first, 'first,host,second') && knows(second, 'first,host,second'), 2000);
  expect(await cluster.listNodes(`${base}.2`)).toEqual(await cluster.listNodes(`${base}.1`));

  await first.stop();
  await cluster.join(`${base}.1`, 'third');
  const again = await cluster.start('first', { meshIpv4: `${base}.2` });
  await until(() => knows(again, 'first,host,second,third') && again.health().ready, 3000);

  await cluster.call(`${base}.3`, NodeService.leave, { id: 'third' });
  await cluster.call(`${base}.3`, NodeService.leave, { id: 'second' });
  await until(() => knows(again, 'first,host'), 2000);
  await until(() => founder.node.replica.driver.view.get().configuration.servers.map(({ id }) => id).join() === 'host,first', 2000);
  expect([founder.broken(), second.broken(), again.broken()]).toEqual([undefined, undefined, undefined]);
});

test('a follower passes Join on to the leader, and answers from its own replica otherwise', async () => {
  await cluster.found('host');
  const follower = await cluster.joinAndStart(`${base}.1`, 'laptop');
  await until(() => follower.health().ready, 3000);
  expect((await cluster.join(`${base}.2`, 'phone')).addressIpv4).toBe(`${base}.3/16`);
  const { peers } = await cluster.call(`${base}.2`, PeerDiscoveryService.listPeers, {}, { 'prefer-leader': 'true' });
  expect(peers).toEqual([]);
  await expect(cluster.call(`${base}.2`, NodeService.join, { ...joinOf('x'), publicKey: 'bad' })).rejects.toMatchObject({ code: 3 });
});

const joinOf = (id: string) => ({ id, publicKey: keyOf(id), raftPort: 1, grpcPort: 1, wireguardPort: 1, primaryEndpoint: '', endpoints: [], assignIpv4: true, preferRaftIpv6: false, asVoter: false });

test('a mesh address that changes moves the listeners without a restart', async () => {
  const founder = await cluster.found('host');
  const member = await cluster.joinAndStart(`${base}.1`, 'laptop');
  await until(() => member.node.replica.state.nodes().length === 2, 3000);
  member.update({ meshIpv4: `${base}.77` });
  await until(async () => (await cluster.listNodes(`${base}.77`).catch(() => [])).length === 2, 3000);
  expect(member.node.replica.driver.transport.listening()).toEqual([`${base}.77:19443`]);
  await expect(cluster.listNodes(`${base}.2`)).rejects.toMatchObject({ code: 14 });
  expect(founder.health()).toEqual({ ready: true, problem: null });
});

test('three voters by wish; the leader dies and another leads; the mesh takes Joins and Leaves again', async () => {
  const founder = await cluster.found('host');
  await cluster.join(`${base}.1`, 'host');
  const members = [await cluster.joinAndStart(`${base}.1`, 'one', { asVoter: true }), await cluster.joinAndStart(`${base}.1`, 'two', { asVoter: true })];
  const voters = (node: typeof founder): string => node.node.replica.driver.view.get().configuration.servers.filter(({ voter }) => voter).map(({ id }) => id).sort().join();
  await until(() => [founder, ...members].every((node) => voters(node) === 'host,one,two'), 5000);
  await founder.stop();
  const leader = (): typeof founder | undefined => members.find((node) => node.node.replica.driver.view.get().role === 'leader');
  await until(() => leader() !== undefined, 5000);
  const at = leader()?.id === 'one' ? `${base}.2` : `${base}.3`;
  expect((await cluster.join(at, 'phone')).addressIpv4).toBe(`${base}.4/16`);
  await cluster.call(at, NodeService.leave, { id: 'host' });
  await until(() => members.every((node) => voters(node) === 'one,two'), 3000);
  // Leadership goes to the other voter before the leader that left is removed.
  const [old, next] = [leader(), members.find((node) => node !== leader())];
  await cluster.call(at, NodeService.leave, { id: old?.id ?? '' });
  await until(() => next?.node.replica.driver.view.get().role === 'leader' && voters(next) === next.id, 5000);
  expect(members.map((node) => node.broken())).toEqual([undefined, undefined]);
});

test('a fresh observer gets the state as a snapshot when the log is gone, and both restart from theirs', async () => {
  const options = { snapshotEntries: 8, trailingEntries: 2 };
  const founder = await cluster.found('host', options);
  for (let i = 0; i < 20; i++) await cluster.join(`${base}.1`, `node-${i}`);
  const late = await cluster.joinAndStart(`${base}.1`, 'late', {}, options);
  const state = (node: typeof founder): unknown => node.node.replica.state.nodes();
  await until(() => late.node.replica.state.nodes().length === 22, 3000);
  expect(state(late)).toEqual(state(founder));
  const before = Buffer.from(founder.node.replica.state.snapshot());
  await founder.stop();
  await late.stop();
  const [again, lateAgain] = [await cluster.start('host', { meshIpv4: `${base}.1` }, options), await cluster.start('late', { meshIpv4: `${base}.22` }, options)];
  await until(() => again.health().ready && lateAgain.health().ready, 3000);
  await until(() => Buffer.from(lateAgain.node.replica.state.snapshot()).equals(before), 3000);
  expect([Buffer.from(again.node.replica.state.snapshot()).equals(before), again.broken(), lateAgain.broken()]).toEqual([true, undefined, undefined]);
});

test('a member whose mesh was founded anew keeps the old files aside and follows the new mesh', async () => {
  const host = await cluster.found('host');
  const first = await cluster.join(`${base}.1`, 'laptop');
  const spec = ({ addressIpv4, networkIpv6 }: typeof first) => ({ meshIpv4: addressIpv4.split('/')[0] ?? '', meshIpv6: networkIpv6.split('/')[0] ?? '' });
  const member = await cluster.start('laptop', spec(first));
  await until(() => member.node.replica.state.nodes().length === 2, 3000);
  await member.stop();
  await host.stop();
  rmSync(join(cluster.folder, 'host'), { recursive: true });
  cluster.reconnect();
  await cluster.found('host');
  await cluster.join(`${base}.1`, 'other');
  const again = await cluster.start('laptop', spec(await cluster.join(`${base}.1`, 'laptop')));
  await until(() => again.node.replica.state.nodes().map(({ id }) => id).join() === 'host,laptop,other', 3000);
  expect(readdirSync(join(cluster.folder, 'laptop')).filter((name) => name.includes('former'))).toEqual(['mesh.db.former-1', 'raft.db.former-1']);
});
