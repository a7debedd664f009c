import { expect, test } from 'vitest';
import { failure } from '../../../src/base/failure.ts';
import { run } from '../../../src/contract/carrier.ts';
import type { CommandName, Input, Output } from '../../../src/contract/commands.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import { keepMs } from '../../../src/core/paths/follow.ts';
import { MeshNode } from '../../../src/gen/v1/mesh_messages.ts';
import type { PathView } from '../../../src/gen/webmesh/local/v1/local.ts';
import { coreWorld, type CoreWorld, keyOf } from '../../fakes/core-world.ts';

const never = new AbortController().signal;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never) as Promise<Output<K>>;

async function joined(world: CoreWorld): Promise<App> {
  const app = await createApp(world.ports);
  await call(app, 'mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  return app;
}

const peer = (id: string, n: number) => MeshNode.fromPartial({ id, publicKey: keyOf(n), privateIpv4: `10.7.0.${n}/16`, privateIpv6: `fd00:7:7:${n}::/64`, primaryEndpoint: `192.0.2.${n}`, clusterStatus: 3 });
const leader = (more: Partial<PathView>): Partial<PathView> => ({ id: 'leader', publicKey: keyOf(1), phase: 3, tier: 1, ...more });
const wished = (world: CoreWorld) => world.helper.tunnel?.peers.map(({ endpoint, push, restart }) => `${endpoint} ${push} ${restart}`);
const applies = (world: CoreWorld) => world.helper.orders.filter((order) => order.startsWith('apply')).length;
const rowOf = (app: App) => app.topics.peers.get().list.find(({ id }) => id === 'leader');

test('the path finder is told who there is, where they say they are, and that this is a new tunnel', async () => {
  const world = coreWorld();
  const before = BigInt(world.ports.clock.nowMs());
  const app = await joined(world);
  const told = world.node.told.at(-1);
  expect(told).toMatchObject({
    online: true, listenPort: 51820, publicKey: keyOf(50), ownAddresses: ['192.0.2.50/24'], retry: [],
    peers: [{ id: 'leader', publicKey: keyOf(1), ipv4: '10.7.0.1', ipv6: 'fd00:7:7:1::', endpoints: ['192.0.2.1:51820'], primary: '192.0.2.1', grpcPort: 8443, serves: true }],
  });
  expect(told?.moves).toBeGreaterThan(before);
  const times = world.node.told.length;
  await world.pass(20_000);
  expect(world.node.told).toHaveLength(times);
  await app.close();
});

test('a peer has its advertised endpoint at once, and the finder\'s word within 30 ms of it', async () => {
  const world = coreWorld();
  const app = await joined(world);
  expect(wished(world)).toEqual(['192.0.2.1:51820 0 0']);
  world.node.say([leader({ tier: 3, endpoint: '127.0.0.1:40001', restart: 1, remote: '198.51.100.9:61000', via: 'srflx-host', latencyMs: 7.5, reasons: [{ code: 'hard-nat-there', tier: 2, detail: { a: 'b' } }, { code: 'of-a-later-version', tier: 1, detail: {} }] })]);
  await world.pass(30);
  expect(wished(world)).toEqual(['127.0.0.1:40001 0 1']);
  world.helper.report({ peers: [{ publicKey: keyOf(1), endpoint: '127.0.0.1:40001', allowedIps: [], keepaliveSeconds: 25, lastHandshakeMs: 0n, receiveBytes: 0n, transmitBytes: 0n }] });
  await world.pass(200);
  expect(rowOf(app)).toMatchObject({ path: { kind: 'ice', how: 'raw' }, endpoint: '198.51.100.9:61000', latencyMs: 7.5, why: [{ code: 'hard-nat-there', tier: 'punch', detail: { a: 'b' } }] });
  await app.close();
});

test('a finder that changes its mind all the time gives at most twenty orders a second, and the newest word wins', async () => {
  const world = coreWorld();
  const app = await joined(world);
  const before = applies(world);
  for (let i = 1; i <= 200; i++) {
    world.node.say([leader({ endpoint: `198.51.100.9:${20_000 + i}`, push: i })]);
    await world.pass(10);
  }
  expect(applies(world) - before).toBeLessThanOrEqual(41);
  expect(applies(world) - before).toBeGreaterThanOrEqual(38);
  await world.pass(60);
  expect(wished(world)).toEqual(['198.51.100.9:20200 200 0']);
  await app.close();
});

test('a node process that ends: its carriers are left at once, other endpoints are kept for a while, nobody is made anew', async () => {
  const world = coreWorld();
  world.mesh.nodes = [...world.mesh.nodes, peer('b', 9)];
  const app = await joined(world);
  const b = { id: 'b', publicKey: keyOf(9), phase: 3, tier: 2 } as const;
  world.node.say([leader({ tier: 3, endpoint: '127.0.0.1:40001', restart: 3, push: 1 }), { ...b, endpoint: '198.51.100.9:61000', restart: 2 }]);
  await world.pass(100);
  expect(wished(world)).toEqual(['198.51.100.9:61000 0 2', '127.0.0.1:40001 1 3']);
  world.helper.pid = 8;
  world.node.away = true;
  world.node.forget();
  world.helper.report();
  await world.pass(100);
  expect(wished(world)).toEqual(['198.51.100.9:61000 0 2', '192.0.2.1:51820 1 3']);
  // The next life counts from zero; what it asks for is one thing more, and what it does not ask for is nothing.
  world.node.away = false;
  await world.pass(1_000);
  expect(world.node.told.at(-1)?.peers).toHaveLength(2);
  world.node.say([leader({ tier: 3, endpoint: '127.0.0.1:40002', restart: 1 }), { ...b, endpoint: '198.51.100.9:61000' }]);
  await world.pass(100);
  expect(wished(world)).toEqual(['198.51.100.9:61000 0 2', '127.0.0.1:40002 1 4']);
  await app.close();
});

test('a node process that does not come back: advertised endpoints, as ever, and rows by handshakes', async () => {
  const world = coreWorld();
  const app = await joined(world);
  world.node.say([leader({ tier: 2, endpoint: '198.51.100.9:61000', restart: 1 })]);
  await world.pass(100);
  expect(rowOf(app)?.path).toEqual({ kind: 'direct', how: 'punched' });
  world.node.away = true;
  world.node.forget();
  await world.pass(keepMs - 200);
  expect(wished(world)).toEqual(['198.51.100.9:61000 0 1']);
  await world.pass(400);
  expect(wished(world)).toEqual(['192.0.2.1:51820 0 1']);
  expect(rowOf(app)?.path).toEqual({ kind: 'waiting', reason: 'no-handshake-yet' });
  await app.close();
});

test('a node that starts anew inside of its process is told everything again', async () => {
  const world = coreWorld();
  const app = await joined(world);
  const times = world.node.told.length;
  world.node.forget();
  await world.pass(1_000);
  expect(world.node.told.length).toBe(times + 1);
  expect(world.node.told.at(-1)).toEqual(world.node.told.at(-2));
  await app.close();
});

test('waking up and another network make the finder look again; while offline it is told so, once', async () => {
  const world = coreWorld();
  const app = await joined(world);
  const moves = () => world.node.told.at(-1)?.moves ?? 0n;
  const first = moves();
  world.wake();
  await world.pass(50);
  expect(moves()).toBe(first + 1n);
  world.addresses.set([]);
  world.online.set(false);
  await world.pass(200);
  const times = world.node.told.length;
  expect(world.node.told.at(-1)).toMatchObject({ online: false, ownAddresses: [], moves: first + 2n });
  await world.pass(60_000);
  expect(world.node.told).toHaveLength(times);
  world.online.set(true);
  world.addresses.set([{ interfaceName: 'wlan0', address: '198.51.100.9', bits: 24, loopback: false }]);
  await world.pass(200);
  expect(world.node.told.at(-1)).toMatchObject({ online: true, ownAddresses: ['198.51.100.9/24'], moves: first + 3n });
  await app.close();
});

test('a person asks for a better path: the finder hears it once, also when it is away at that moment', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await call(app, 'peer.retry', { id: 'leader' });
  await world.pass(200);
  world.addresses.set([...world.addresses.get(), { interfaceName: 'eth1', address: '198.51.100.9', bits: 24, loopback: false }]);
  await world.pass(200);
  expect(world.node.told.slice(-2).map(({ retry }) => retry)).toEqual([['leader'], []]);
  await expect(call(app, 'peer.retry', { id: 'me' })).rejects.toMatchObject({ code: 'input.invalid' });
  await expect(call(app, 'peer.retry', { id: 'nobody' })).rejects.toMatchObject({ code: 'mesh.not-found' });
  await app.close();
});

test('forwards are opened again on the same port when the node process is another one, and their counters go on', async () => {
  const world = coreWorld();
  const app = await joined(world);
  const { forward } = await call(app, 'forward.open', { peer: 'leader', remotePort: 8080 });
  expect(forward).toMatchObject({ peer: 'leader', protocol: 'tcp', localAddress: '127.0.0.1', localPort: 40_000, remoteAddress: '127.0.0.1', remotePort: 8080, problem: null });
  const there = [...world.node.forwards.values()][0];
  if (there) world.node.forwards.set(there.id, { ...there, sentBytes: 100n, receivedBytes: 7n, connections: 2 });
  world.node.say([]);
  await world.pass(200);
  expect(app.topics.paths.get().forwards).toMatchObject([{ id: forward.id, sentBytes: 100, receivedBytes: 7, connections: 2 }]);

  world.node.portsTaken.add(40_000);
  world.node.forget();
  await world.pass(1_000);
  expect(app.topics.paths.get().forwards).toMatchObject([{ id: forward.id, localPort: 40_000, connections: 0, problem: { code: 'node.port-in-use', detail: { port: 40_000 } } }]);
  world.node.portsTaken.clear();
  await world.pass(12_000);
  expect(app.topics.paths.get().forwards).toMatchObject([{ id: forward.id, localPort: 40_000, sentBytes: 100, problem: null }]);
  expect([...world.node.forwards.values()]).toMatchObject([{ localPort: 40_000, remotePort: 8080 }]);

  await call(app, 'forward.close', { id: forward.id });
  await world.pass(200);
  expect({ there: world.node.forwards.size, shown: app.topics.paths.get().forwards }).toEqual({ there: 0, shown: [] });
  await expect(call(app, 'forward.close', { id: forward.id })).rejects.toMatchObject({ code: 'mesh.not-found' });
  await app.close();
});

test('a stream that breaks without more loses no forward', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await call(app, 'forward.open', { peer: 'leader', remotePort: 8080 });
  const before = [...world.node.forwards.keys()];
  const kept = new Map(world.node.forwards);
  world.node.forget();
  for (const [id, forward] of kept) world.node.forwards.set(id, forward);
  await world.pass(5_000);
  expect([...world.node.forwards.keys()]).toEqual(before);
  await app.close();
});

test('forwards that cannot be: no names, not ours, too many, nobody connected', async () => {
  const world = coreWorld();
  const app = await joined(world);
  const open = (more: Partial<Input<'forward.open'>> = {}) => call(app, 'forward.open', { peer: 'leader', remotePort: 80, ...more });
  await expect(open({ remoteAddress: 'localhost' })).rejects.toMatchObject({ code: 'input.invalid' });
  await expect(open({ peer: 'nobody' })).rejects.toMatchObject({ code: 'mesh.not-found' });
  for (let i = 0; i < 32; i++) await open();
  await expect(open()).rejects.toMatchObject({ code: 'input.limit' });
  await call(app, 'session.disconnect', {});
  await world.pass(500);
  await expect(open()).rejects.toMatchObject({ code: 'mesh.unreachable' });
});

test('offers are kept, reach the node at once, and are what a later life goes on with', async () => {
  const world = coreWorld();
  const app = await joined(world);
  expect(world.helper.node).toMatchObject({ services: { iceNegotiation: true, turnServer: false, meshDns: true, prometheus: true }, paths: { relayBytesPerSecond: 0n, shares: [], turnPort: 0 } });
  await call(app, 'offers.set', { turnServer: true, relayMbit: 8, meshDns: false, shares: ['tcp 127.0.0.1:8080', 'tcp 127.0.0.1:8080', 'udp [::1]:53'] });
  await world.pass(100);
  const offered = { services: { iceNegotiation: true, turnServer: true, meshDns: false, prometheus: true, leaderProxy: true }, paths: { relayBytesPerSecond: 1_000_000n, shares: ['tcp 127.0.0.1:8080', 'udp [::1]:53'] } };
  expect(world.helper.node).toMatchObject(offered);
  const offers = { iceNegotiation: true, turnServer: true, meshDns: false, prometheus: true, relayMbit: 8, shares: ['tcp 127.0.0.1:8080', 'udp [::1]:53'] };
  expect([app.topics.paths.get().offers, app.topics.profiles.get().list[0]?.offers]).toEqual([offers, offers]);
  await expect(call(app, 'offers.set', { shares: ['tcp 999.0.0.1:8080'] })).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'shares' } });
  expect(app.topics.session.get().phase).toBe('connected');
  await app.close();

  const reborn = coreWorld();
  for (const [name, value] of world.documents) reborn.documents.set(name, value);
  const next = await createApp(reborn.ports);
  await reborn.pass(1_000);
  expect(reborn.helper.node).toMatchObject(offered);
  await next.close();
});

test('an offer that the helper does not take is told again until it is taken', async () => {
  const world = coreWorld();
  const app = await joined(world);
  const { setNode } = world.ports.helper;
  world.ports.helper.setNode = async () => Promise.reject(failure('helper.unreachable'));
  await call(app, 'offers.set', { turnServer: true });
  await world.pass(3_000);
  expect(world.helper.node?.services?.turnServer).toBe(false);
  world.ports.helper.setNode = setNode;
  await world.pass(3_000);
  expect(world.helper.node?.services?.turnServer).toBe(true);
  await app.close();
});

test('a wanted offer that does not answer is said after ten seconds; UDP that is blocked is said', async () => {
  const world = coreWorld();
  const app = await joined(world);
  world.mesh.features = [5, 6];
  world.node.nat = { mapping: 4, publicIpv4: '', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };
  world.node.say([]);
  await world.pass(9_000);
  const codes = () => app.topics.health.get().warnings.map(({ code }) => code);
  expect(codes()).toContain('udp-blocked');
  expect(codes()).not.toContain('service-down');
  await world.pass(6_000);
  expect(app.topics.health.get().warnings.filter(({ code }) => code === 'service-down').map(({ detail }) => detail['service'])).toEqual(['meshDns']);
  await call(app, 'offers.set', { meshDns: false });
  await world.pass(2_000);
  expect(codes()).not.toContain('service-down');
  await app.close();
});

test('ping by path and netcheck, as the node measured them', async () => {
  const world = coreWorld();
  const app = await joined(world);
  const ping = (tier: 1 | 3 | 5, latencyMs: number, more = {}) => ({ tier, current: tier === 3, endpoint: 'e', latencyMs, reason: undefined, mtu: 0, ...more });
  world.node.pings = [ping(3, 5), ping(3, -1), ping(3, 7), ping(1, -1, { reason: { code: 'no-answer', tier: 1, detail: {} } }), ping(3, -1, { mtu: 1412 })];
  expect(await call(app, 'peer.paths', { id: 'leader', count: 3, mtu: true })).toEqual({
    mtu: 1412,
    paths: [
      { tier: 'ice', current: true, endpoint: 'e', latenciesMs: [5, 7], lost: 1, reason: null },
      { tier: 'direct', current: false, endpoint: 'e', latenciesMs: [], lost: 0, reason: { code: 'no-answer', tier: 'direct', detail: {} } },
    ],
  });
  const { check } = await call(app, 'network.check', {});
  expect(check).toMatchObject({
    nat: { mapping: 'easy', publicIpv4: '198.51.100.7', publicIpv6: null, portMapping: 'upnp' }, udp: true, ipv6: false, findings: [{ code: 'best', tier: null }],
    servers: [{ node: 'leader', kind: 'stun', latencyMs: 4.5, problem: null }, { kind: 'turn-tcp', latencyMs: null, problem: 'no answer' }],
  });
  await app.close();
  await expect(call(app, 'network.check', {})).rejects.toMatchObject({ code: 'mesh.unreachable' });
});
