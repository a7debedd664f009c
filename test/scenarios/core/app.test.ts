import { expect, test } from 'vitest';
import type { CommandName, Input, Output } from '../../../src/contract/commands.ts';
import { run } from '../../../src/contract/carrier.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import { MeshNode } from '../../../src/gen/v1/mesh_messages.ts';
import { coreWorld, type CoreWorld, keyOf } from '../../fakes/core-world.ts';

const never = new AbortController().signal;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never) as Promise<Output<K>>;

async function joined(world: CoreWorld): Promise<App> {
  const app = await createApp(world.ports);
  await call(app, 'mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: null });
  return app;
}

const peer = (id: string, n: number) => MeshNode.fromPartial({ id, publicKey: keyOf(n), privateIpv4: `10.7.0.${n}/16`, privateIpv6: `fd00:7:7:${n}::/64`, primaryEndpoint: `192.0.2.${n}`, clusterStatus: 3 });

test('click Connect: one Join, one tunnel, one node, and the topics say so', async () => {
  const world = coreWorld();
  const app = await joined(world);
  expect(world.mesh.calls).toEqual(['join 192.0.2.1:8443']);
  expect(world.mesh.lastJoin).toMatchObject({ id: 'me', primaryEndpoint: '192.0.2.50', assignIpv4: true, raftPort: 9443, grpcPort: 8443, wireguardPort: 51820 });
  expect(world.helper.tunnel).toMatchObject({ addresses: ['10.7.0.2/32', 'fd00:7:7:2::/128'], routes: ['10.7.0.0/16', 'fd00:7:7::/48'], peers: [{ publicKey: keyOf(1), endpoint: '192.0.2.1:51820', allowedIps: ['10.7.0.1/32', 'fd00:7:7:1::/64'] }] });
  expect(world.helper.node).toMatchObject({ nodeId: 'me', meshIpv4: '10.7.0.2', meshIpv6: 'fd00:7:7:2::', publicAddresses: [], bootstrap: undefined });
  expect(app.topics.peers.get().list.map(({ id, self, path }) => `${id} ${self} ${path.kind}`)).toEqual(['me true self', 'leader false waiting']);
  expect(app.topics.health.get().warnings.map(({ code }) => code)).toEqual(['clear-text']);
  await app.close();
});

test('a peer that joins elsewhere is in the tunnel within 300 ms; one that leaves is out', async () => {
  const world = coreWorld();
  const app = await joined(world);
  world.mesh.nodes = [...world.mesh.nodes, peer('new', 9)];
  world.mesh.publish();
  await world.pass(300);
  expect(world.helper.tunnel?.peers.map(({ publicKey }) => publicKey).sort()).toEqual([keyOf(1), keyOf(9)].sort());
  expect(app.topics.peers.get().list).toHaveLength(3);
  world.mesh.nodes = world.mesh.nodes.filter(({ id }) => id !== 'new');
  world.mesh.publish();
  await world.pass(300);
  expect(world.helper.tunnel?.peers).toHaveLength(1);
  await app.close();
});

test('disconnecting clears, stops the node and leaves the mesh', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await call(app, 'session.disconnect', {});
  await world.pass(100);
  expect(app.topics.session.get().phase).toBe('disconnected');
  expect({ tunnel: world.helper.tunnel, node: world.helper.node, members: world.mesh.nodes.map(({ id }) => id) }).toEqual({ tunnel: null, node: null, members: ['leader'] });
  expect(world.documents.get('session')).toEqual({ wanted: [] });
});

test('a restart with the mesh away reconnects from what is stored, and asks again until it is back', async () => {
  const world = coreWorld();
  await joined(world);
  await world.pass(2_000);
  const reborn = coreWorld();
  for (const [name, value] of world.documents) reborn.documents.set(name, value);
  reborn.mesh.up = false;
  const app = await createApp(reborn.ports);
  await reborn.pass(30_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', lease: { ipv4: '10.7.0.2' }, degraded: { kind: 'control-plane-lost', storedLease: true } });
  expect(reborn.helper.tunnel?.peers).toMatchObject([{ publicKey: keyOf(1), endpoint: '192.0.2.1:51820' }]);
  expect(app.topics.health.get().warnings.map(({ code }) => code)).toContain('control-plane-lost');
  reborn.mesh.up = true;
  reborn.mesh.publish();
  await reborn.pass(40_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: null });
  expect(reborn.mesh.nodes.map(({ id }) => id)).toEqual(['leader', 'me']);
  await app.close();
});

test('a mesh that does not replicate is polled, and its new peers come into the tunnel', async () => {
  const world = coreWorld();
  world.mesh.replicates = false;
  const app = await joined(world);
  await world.pass(15_000);
  expect(app.topics.session.get()).toMatchObject({ degraded: { kind: 'polling' } });
  expect(app.topics.peers.get().source).toBe('polling');
  world.mesh.nodes = [...world.mesh.nodes, peer('new', 9)];
  await world.pass(6_000);
  expect(world.helper.tunnel?.peers).toHaveLength(2);
  world.mesh.up = false;
  await world.pass(30_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: { kind: 'control-plane-lost' } });
  await app.close();
});

test('a mesh without lists keeps the peers of the Join, and is joined again rarely to learn of new ones', async () => {
  const world = coreWorld();
  world.mesh.replicates = false;
  world.mesh.lists = false;
  const app = await joined(world);
  await world.pass(20_000);
  expect(app.topics.session.get()).toMatchObject({ degraded: { kind: 'polling' } });
  expect(world.helper.tunnel?.peers).toHaveLength(1);
  world.mesh.nodes = [...world.mesh.nodes, peer('new', 9)];
  await world.pass(700_000);
  expect(world.mesh.calls.filter((name) => name.startsWith('join'))).toHaveLength(2);
  expect(world.helper.tunnel?.peers).toHaveLength(2);
  await app.close();
});

test('who is dropped from the mesh joins again', async () => {
  const world = coreWorld();
  const app = await joined(world);
  world.mesh.nodes = world.mesh.nodes.filter(({ id }) => id !== 'me');
  world.mesh.publish();
  await world.pass(5_000);
  expect(world.mesh.nodes.map(({ id }) => id)).toEqual(['leader', 'me']);
  await app.close();
});

test('a helper that dies and returns gets the whole tunnel again', async () => {
  const world = coreWorld();
  const app = await joined(world);
  world.helper.down();
  await world.pass(3_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'reconnecting', cause: { code: 'helper.lost' } });
  expect(app.topics.health.get().warnings.map(({ code }) => code)).toContain('helper-missing');
  world.helper.up();
  await world.pass(500);
  expect(app.topics.session.get().phase).toBe('connected');
  expect(world.helper.tunnel?.peers).toHaveLength(1);
  await app.close();
});

test('a network that changed is told to the mesh once it settled', async () => {
  const world = coreWorld();
  const app = await joined(world);
  world.addresses.set([{ interfaceName: 'wlan0', address: '198.51.100.9', bits: 24, loopback: false }]);
  await world.pass(3_000);
  expect(world.mesh.lastJoin?.primaryEndpoint).toBe('198.51.100.9');
  expect(world.helper.node?.primaryEndpoint).toBe('198.51.100.9');
  expect(app.topics.session.get().phase).toBe('connected');
  await app.close();
});

test('documents that make no sense are set aside and said, and the app starts', async () => {
  const world = coreWorld();
  for (const name of ['profiles', 'settings']) world.documents.set(name, { list: 'x', theme: 7 });
  const app = await createApp(world.ports);
  expect(app.topics.health.get().warnings.filter(({ code }) => code === 'file-set-aside')).toHaveLength(2);
  expect(app.topics.settings.get().theme).toBe('system');
  expect(app.topics.profiles.get()).toEqual({ list: [], selected: null });
  await app.close();
});

test('refusals: no profile, a connected profile that is removed, a peer that nobody knows', async () => {
  const world = coreWorld();
  const empty = await createApp(world.ports);
  await expect(call(empty, 'session.connect', {})).rejects.toMatchObject({ code: 'input.unknown-profile' });
  const app = await joined(coreWorld());
  await expect(call(app, 'profile.remove', { profile: app.topics.profiles.get().selected ?? '' })).rejects.toMatchObject({ code: 'app.busy' });
  await expect(call(app, 'peer.ping', { id: 'nobody' })).rejects.toMatchObject({ code: 'mesh.not-found' });
  expect(await call(app, 'peer.ping', { id: 'leader' })).toEqual({ latencyMs: 12.5 });
  expect(await call(app, 'peer.metrics', { id: 'leader' })).toEqual({ metrics: { deviceName: '10.7.0.1:8443' } });
});

test('a favourite is in the topic, outlives the life of the core, and goes with its network', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await expect(call(app, 'peer.favourite', { peer: 'nobody', on: true })).rejects.toMatchObject({ code: 'mesh.not-found' });
  await expect(call(app, 'peer.favourite', { peer: 'me', on: true })).rejects.toMatchObject({ code: 'input.invalid' });
  await call(app, 'peer.favourite', { peer: 'leader', on: true });
  await call(app, 'peer.favourite', { peer: 'gone-since', on: false });
  await world.pass(200);
  expect(app.topics.peers.get().list.map(({ id, favourite }) => `${id} ${favourite}`)).toEqual(['me false', 'leader true']);
  const profile = app.topics.profiles.get().selected ?? '';
  await app.close();
  const later = await createApp(world.ports);
  await world.pass(500);
  expect(later.topics.peers.get().list.find(({ id }) => id === 'leader')?.favourite).toBe(true);
  await call(later, 'session.disconnect', {});
  await world.pass(6_000);
  await call(later, 'profile.remove', { profile });
  expect(world.documents.get('favourites')).toEqual({ networks: {} });
  await expect(call(later, 'peer.favourite', { peer: 'leader', on: true })).rejects.toMatchObject({ code: 'input.unknown-profile' });
  await later.close();
});

test('settings, names and logs', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await call(app, 'settings.update', { theme: 'dark' });
  expect(app.topics.settings.get()).toMatchObject({ theme: 'dark', notifications: true });
  const profile = app.topics.profiles.get().selected ?? '';
  await call(app, 'profile.rename', { profile, name: 'work' });
  await world.pass(200);
  expect(app.topics.profiles.get().list[0]?.name).toBe('work');
  expect(await call(app, 'diagnostics.logs', { lines: 1 })).toEqual({ lines: ['{"b":2}'] });
  const { path } = await call(app, 'diagnostics.export', {});
  expect(JSON.parse(String(world.documents.get(path.replace('/reports/', ''))))).toMatchObject({ helper: { helper: 'fake' }, state: { session: { phase: 'connected' } } });
  await call(app, 'app.quit', {});
  await world.pass(100);
  expect({ quits: world.quits, tunnel: world.helper.tunnel }).toEqual({ quits: 1, tunnel: null });
});

test('with "stay connected" an end leaves the tunnel, the next life takes it over, and quitting by command still disconnects', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await call(app, 'settings.update', { stayConnected: true });
  await app.close();
  const kept = world.helper.tunnel;
  expect(kept?.peers).toHaveLength(1);
  const next = await createApp(world.ports);
  await world.pass(1_000);
  expect([next.topics.session.get().phase, world.helper.tunnel?.tunnelId]).toEqual(['connected', kept?.tunnelId]);
  await call(next, 'app.quit', {});
  await world.pass(100);
  expect(world.helper.tunnel).toBe(null);
});

test('two thousand peers: topics change at most ten times a second', async () => {
  const world = coreWorld();
  const app = await joined(world);
  let seen = 0;
  app.topics.peers.subscribe(() => seen++);
  const many = Array.from({ length: 2000 }, (_, i) => MeshNode.fromPartial({ id: `p${i}`, publicKey: keyOf(3 + (i % 180)).replace(/^..../, i.toString(16).padStart(4, '0')), privateIpv4: `10.7.${1 + (i >> 8)}.${i & 255}/16`, privateIpv6: `fd00:7:7:${(i + 16).toString(16)}::/64` }));
  for (let round = 0; round < 20; round++) {
    world.mesh.nodes = [...world.mesh.nodes.slice(0, 2), ...many.slice(0, 1900 + round)];
    world.mesh.publish();
    await world.pass(50);
  }
  expect(app.topics.peers.get().list.length).toBeGreaterThan(1900);
  expect(seen).toBeLessThanOrEqual(11);
  await app.close();
});
