import { expect, test } from 'vitest';
import { failure } from '../../../src/base/failure.ts';
import { run } from '../../../src/contract/carrier.ts';
import type { CommandName, Input, Output } from '../../../src/contract/commands.ts';
import { networksAtOnceMax } from '../../../src/contract/networks.ts';
import { sentence, warningSentence } from '../../../src/contract/words.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import { MeshNode } from '../../../src/gen/v1/mesh_messages.ts';
import { coreWorld, keyOf } from '../../fakes/core-world.ts';
import { type TwoWorlds, twoWorlds } from '../../fakes/two-worlds.ts';

const never = new AbortController().signal;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never) as Promise<Output<K>>;
const phases = (app: App): readonly string[] => app.topics.profiles.get().list.map(({ name, session }) => `${name} ${session.phase}`);
const idOf = (app: App, name: string): string => app.topics.profiles.get().list.find((profile) => profile.name === name)?.id ?? '';
const tunnels = ({ first, second }: TwoWorlds): readonly string[] => [first, second].map(({ helper }) => helper.tunnel?.addresses[0] ?? '-');

async function both(worlds: TwoWorlds): Promise<App> {
  const app = await createApp(worlds.ports);
  await call(app, 'mesh.join', { address: '192.0.2.1', name: 'home', insecure: true, nodeId: 'me' });
  await call(app, 'mesh.join', { address: '192.0.2.2', name: 'work', insecure: true, nodeId: 'me-too' });
  await worlds.pass(200);
  for (const name of ['home', 'work']) await call(app, 'session.connect', { profile: idOf(app, name) });
  await worlds.pass(1_000);
  expect(phases(app)).toEqual(['home connected', 'work connected']);
  return app;
}

test('two networks at once: each its tunnel, its addresses, its interface; the window shows one and another when told', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  expect(tunnels(worlds)).toEqual(['10.7.0.2/32', '10.8.0.2/32']);
  expect(app.topics.profiles.get().list.map(({ colour, suffix, session }) => `${colour} ${suffix} ${session.interfaceName}`)).toEqual([`blue home.internal wm${idOf(app, 'home')}`, `green work.internal wm${idOf(app, 'work')}`]);
  const shown = (): string => `${app.topics.session.get().profile} ${app.topics.peers.get().list.map(({ id, ipv4 }) => `${id} ${ipv4}`).join(', ')}`;
  // The first one that was connected stayed on the screen.
  await call(app, 'profile.select', { profile: idOf(app, 'work') });
  expect(shown()).toBe(`${idOf(app, 'work')} me-too 10.8.0.2, leader 10.8.0.1`);
  await call(app, 'profile.select', { profile: idOf(app, 'home') });
  expect(shown()).toBe(`${idOf(app, 'home')} me 10.7.0.2, leader 10.7.0.1`);
  const { view } = await call(app, 'network.view', { profile: idOf(app, 'work') });
  expect([view.session.phase, view.peers.list.map(({ ipv4 }) => ipv4)]).toEqual(['connected', ['10.8.0.2', '10.8.0.1']]);
  await app.close();
  expect(tunnels(worlds)).toEqual(['-', '-']);
});

test('one network is lost: the other is not touched, the problem names its network, and both are whole again by themselves', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  const before = worlds.first.helper.orders.length;
  worlds.second.mesh.up = false;
  worlds.second.mesh.publish();
  await worlds.pass(20_000);
  expect([app.topics.profiles.get().list.map(({ session }) => `${session.phase} ${session.degraded}`), tunnels(worlds)]).toEqual([['connected null', 'connected control-plane-lost'], ['10.7.0.2/32', '10.8.0.2/32']]);
  expect(app.topics.health.get().warnings.filter(({ code }) => code === 'control-plane-lost').map(({ id, network }) => `${id} ${network?.name} ${network?.alone}`)).toEqual([`control-plane-lost@${idOf(app, 'work')} work false`]);
  expect(worlds.first.helper.orders.length).toBe(before);
  // The helper dies with both tunnels; the mesh that is away comes from what is stored.
  worlds.down();
  await worlds.pass(2_000);
  expect(phases(app)).toEqual(['home reconnecting', 'work reconnecting']);
  worlds.up();
  await worlds.pass(20_000);
  expect([phases(app), tunnels(worlds)]).toEqual([['home connected', 'work connected'], ['10.7.0.2/32', '10.8.0.2/32']]);
  worlds.second.mesh.up = true;
  worlds.second.mesh.publish();
  await worlds.pass(40_000);
  expect(app.topics.profiles.get().list.map(({ session }) => session.degraded)).toEqual([null, null]);
  await app.close();
});

test('disconnecting one leaves the other alone; without a name the one that is on is meant; all at once with all', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  const before = worlds.first.helper.orders.length;
  await call(app, 'session.disconnect', { profile: idOf(app, 'work') });
  await worlds.pass(1_000);
  expect([phases(app), tunnels(worlds), worlds.second.mesh.nodes.map(({ id }) => id), worlds.first.helper.orders.length - before]).toEqual([['home connected', 'work disconnected'], ['10.7.0.2/32', '-'], ['leader'], 0]);
  await call(app, 'profile.select', { profile: idOf(app, 'work') });
  await call(app, 'session.disconnect', {});
  await worlds.pass(1_000);
  expect([phases(app), tunnels(worlds)]).toEqual([['home disconnected', 'work disconnected'], ['-', '-']]);
  await worlds.pass(200);
  for (const name of ['home', 'work']) await call(app, 'session.connect', { profile: idOf(app, name) });
  await worlds.pass(1_000);
  await call(app, 'session.disconnect', { all: true });
  await worlds.pass(1_000);
  expect([phases(app), worlds.first.documents.get('session')]).toEqual([['home disconnected', 'work disconnected'], { wanted: [] }]);
  await app.close();
});

test('a restart goes on with every network that was wished for, and takes over what stayed connected', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  await call(app, 'settings.update', { stayConnected: true });
  await worlds.pass(1_000);
  await app.close();
  expect(tunnels(worlds)).toEqual(['10.7.0.2/32', '10.8.0.2/32']);
  const clears = (): number => [worlds.first, worlds.second].flatMap(({ helper }) => helper.orders).filter((order) => order.startsWith('clear')).length;
  const cleared = clears();
  const next = await createApp(worlds.ports);
  await worlds.pass(2_000);
  expect([phases(next), tunnels(worlds), clears() - cleared]).toEqual([['home connected', 'work connected'], ['10.7.0.2/32', '10.8.0.2/32'], 0]);
  await next.close();
});

test('a document of a version that knew one wish is gone on with', async () => {
  const world = coreWorld();
  const first = await createApp(world.ports);
  const { profile } = await call(first, 'mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me' });
  await first.close();
  world.documents.set('session', { want: 'connected', profile });
  const app = await createApp(world.ports);
  await world.pass(1_000);
  expect(app.topics.session.get().phase).toBe('connected');
  await app.close();
});

test('what a helper holds of a network that nobody wants, or that was forgotten, is cleared at the start', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  await call(app, 'settings.update', { stayConnected: true });
  await app.close();
  const [home, work] = [idOf(app, 'home'), idOf(app, 'work')];
  const { list } = worlds.first.documents.get('profiles') as { list: readonly { id: string }[] };
  worlds.first.documents.set('profiles', { list: list.filter(({ id }) => id !== work), selected: home });
  worlds.first.documents.set('session', { wanted: [work], last: [work] });
  const next = await createApp(worlds.ports);
  await worlds.pass(5_000);
  expect([phases(next), tunnels(worlds), worlds.second.helper.node]).toEqual([['home disconnected'], ['-', '-'], null]);
  await next.close();
});

test('a network that the helper refuses beside another says so, and does not disturb it', async () => {
  const worlds = twoWorlds();
  const { helper } = worlds.second.ports;
  const app = await createApp(worlds.ports);
  Object.assign(helper, { applyTunnel: () => Promise.reject(failure('tunnel.conflict', { what: '10.7.0.0/16', device: 'wm7', tunnelId: idOf(app, 'home') })) });
  await call(app, 'mesh.join', { address: '192.0.2.1', name: 'home', insecure: true, nodeId: 'me' });
  await call(app, 'mesh.join', { address: '192.0.2.2', name: 'work', insecure: true, nodeId: 'me' });
  await worlds.pass(200);
  for (const name of ['home', 'work']) await call(app, 'session.connect', { profile: idOf(app, name) });
  await worlds.pass(2_000);
  const { why } = app.topics.profiles.get().list[1]?.session ?? {};
  expect([phases(app)[0], why?.code, why?.detail['other'], tunnels(worlds)]).toEqual(['home connected', 'tunnel.conflict', 'home', ['10.7.0.2/32', '-']]);
  // By the name that it has now, in the topic of the session and in the problem as well.
  await call(app, 'profile.rename', { profile: idOf(app, 'home'), name: 'flat' });
  await call(app, 'profile.select', { profile: idOf(app, 'work') });
  await worlds.pass(20_000);
  const session = app.topics.session.get();
  const warning = app.topics.health.get().warnings.find(({ code }) => code === 'cannot-connect');
  expect([session.phase === 'blocked' && sentence(session.failure).what, warning && Object.values(warningSentence(warning)).join(' ').includes('“flat”')]).toEqual(['Your network “flat” uses addresses that this one needs as well (10.7.0.0/16). “flat” stays as it is.', true]);
  await app.close();
});

test('eight at once and no more', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  const ids: string[] = [];
  for (let i = 0; i <= networksAtOnceMax; i++) ids.push((await call(app, 'mesh.join', { address: `198.51.100.${i + 1}`, name: `n${i}`, insecure: true })).profile);
  for (const profile of ids.slice(0, networksAtOnceMax)) await call(app, 'session.connect', { profile });
  await expect(call(app, 'session.connect', { profile: ids[networksAtOnceMax] })).rejects.toMatchObject({ code: 'input.limit' });
  await call(app, 'session.disconnect', { profile: ids[0] });
  await call(app, 'session.connect', { profile: ids[networksAtOnceMax] });
  await app.close();
});

test('eight of ten that come at the same moment; the two that are refused are not wished for', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  const ids: string[] = [];
  for (let i = 0; i < 10; i++) ids.push((await call(app, 'mesh.join', { address: `198.51.100.${i + 1}`, name: `n${i}`, insecure: true })).profile);
  const done = await Promise.allSettled(ids.map((profile) => call(app, 'session.connect', { profile })));
  expect([done.map(({ status }) => status === 'fulfilled'), world.documents.get('session')]).toEqual([[...Array<boolean>(8).fill(true), false, false], { wanted: ids.slice(0, 8) }]);
  await app.close();
});

test('the last word counts, also while the one before it is still on its way to the disk', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  await call(app, 'session.disconnect', { all: true });
  await worlds.pass(1_000);
  const profile = idOf(app, 'work');
  await Promise.all([call(app, 'session.connect', { profile }), call(app, 'session.disconnect', { profile })]);
  await worlds.pass(2_000);
  expect([phases(app), worlds.first.documents.get('session')]).toEqual([['home disconnected', 'work disconnected'], { wanted: [] }]);
  await Promise.all([call(app, 'session.connect', { profile }), call(app, 'session.disconnect', { profile }), call(app, 'session.connect', { profile })]);
  await worlds.pass(2_000);
  expect([phases(app), worlds.first.documents.get('session')]).toEqual([['home disconnected', 'work connected'], { wanted: [profile] }]);
  await app.close();
});

test('networks of a version that connected one at a time have one port: the second takes another and keeps it, unless a person chose it', async () => {
  const worlds = twoWorlds();
  const app = await createApp(worlds.ports);
  await call(app, 'mesh.join', { address: '192.0.2.1', name: 'home', insecure: true, nodeId: 'me' });
  await call(app, 'mesh.join', { address: '192.0.2.2', name: 'work', insecure: true, nodeId: 'me-too' });
  await app.close();
  const { list, selected } = worlds.first.documents.get('profiles') as { list: readonly Record<string, unknown>[]; selected: string };
  const old = (wireguardPort: number) => list.map(({ chosenPorts: _chosen, autoConnect: _auto, ...profile }) => ({ ...profile, wireguardPort }));
  const portsAfter = async (profiles: readonly Record<string, unknown>[]) => {
    worlds.first.documents.set('profiles', { list: profiles, selected });
    const next = await createApp(worlds.ports);
    await Promise.all(['home', 'work'].map((name) => call(next, 'session.connect', { profile: idOf(next, name) })));
    await worlds.pass(2_000);
    const ports = [worlds.first, worlds.second].map(({ helper }) => helper.tunnel?.listenPort);
    await call(next, 'session.disconnect', { all: true });
    await worlds.pass(2_000);
    await next.close();
    const kept = (worlds.first.documents.get('profiles') as { list: readonly { wireguardPort: number }[] }).list.map(({ wireguardPort }) => wireguardPort);
    expect(kept).toEqual(ports);
    return ports;
  };
  const usual = await portsAfter(old(51_820));
  expect([usual.includes(51_820), usual.includes(51_821)]).toEqual([true, true]);
  // Not the usual one, so somebody chose it: the helper says no, and whose it is.
  expect(await portsAfter(old(40_000))).toEqual([40_000, 40_000]);
  expect(await portsAfter(old(51_820).map((profile) => ({ ...profile, chosenPorts: ['wireguardPort'] })))).toEqual([51_820, 51_820]);
});

test('what connects at the start is said of each network; the one switch of older versions becomes that of the networks of the last time', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  const [home, work] = [idOf(app, 'home'), idOf(app, 'work')];
  const starts = (of: App): readonly string[] => of.topics.profiles.get().list.filter(({ autoConnect }) => autoConnect).map(({ name }) => name);
  await call(app, 'session.disconnect', { all: true });
  await call(app, 'profile.mark', { profile: work, autoConnect: true });
  await worlds.pass(1_000);
  await app.close();
  const second = await createApp(worlds.ports);
  await worlds.pass(1_000);
  expect([phases(second), starts(second)]).toEqual([['home disconnected', 'work connected'], ['work']]);
  await call(second, 'profile.mark', { profile: work, autoConnect: false });
  await call(second, 'session.disconnect', { all: true });
  await worlds.pass(1_000);
  await second.close();
  worlds.first.documents.set('settings', { theme: 'dark', connectAtStart: true });
  worlds.first.documents.set('session', { wanted: [], last: [home] });
  const third = await createApp(worlds.ports);
  await worlds.pass(1_000);
  expect([phases(third), starts(third), third.topics.settings.get().theme, worlds.first.documents.get('settings')]).toEqual([['home connected', 'work disconnected'], ['home'], 'dark', expect.not.objectContaining({ connectAtStart: true })]);
  await call(third, 'profile.mark', { profile: home, autoConnect: false });
  await call(third, 'session.disconnect', { all: true });
  await worlds.pass(1_000);
  await third.close();
  const fourth = await createApp(worlds.ports);
  await worlds.pass(1_000);
  expect([phases(fourth), starts(fourth)]).toEqual([['home disconnected', 'work disconnected'], []]);
  await fourth.close();
});

test('more than eight cannot connect at the start', async () => {
  const app = await createApp(coreWorld().ports);
  const ids: string[] = [];
  for (let i = 0; i < 9; i++) ids.push((await call(app, 'mesh.join', { address: `198.51.100.${i + 1}`, name: `n${i}`, insecure: true })).profile);
  for (const profile of ids.slice(0, 8)) await call(app, 'profile.mark', { profile, autoConnect: true });
  await expect(call(app, 'profile.mark', { profile: ids[8] ?? '', autoConnect: true })).rejects.toMatchObject({ code: 'input.limit' });
  await call(app, 'profile.mark', { profile: ids[0] ?? '', autoConnect: true });
  await app.close();
});

test('history, favourites and peers of one network never mix with another one', async () => {
  const worlds = twoWorlds();
  const app = await both(worlds);
  await call(app, 'peer.favourite', { peer: 'leader', on: true, profile: idOf(app, 'work') });
  const favourites = async (name: string) => (await call(app, 'network.view', { profile: idOf(app, name) })).view.peers.list.filter(({ favourite }) => favourite).map(({ id }) => id);
  expect([await favourites('home'), await favourites('work')]).toEqual([[], ['leader']]);
  const carry = (world: TwoWorlds['first'], bytes: bigint): void => world.helper.report({ peers: [{ publicKey: keyOf(1), endpoint: '', allowedIps: [], keepaliveSeconds: 25, lastHandshakeMs: 0n, receiveBytes: bytes, transmitBytes: 0n }] });
  for (const [world, bytes] of [[worlds.first, 1_000n], [worlds.second, 5_000n]] as const) carry(world, bytes);
  await worlds.pass(90_000);
  const received = async (name: string): Promise<number> => {
    const { history } = await call(app, 'history.read', { about: 'network', profile: idOf(app, name) });
    return (history.columns['receivedBytes'] ?? []).reduce<number>((sum, value) => sum + (value ?? 0), 0);
  };
  expect([await received('home'), await received('work')]).toEqual([1_000, 5_000]);
  worlds.first.mesh.nodes = [...worlds.first.mesh.nodes, MeshNode.fromPartial({ id: 'new', publicKey: keyOf(9), privateIpv4: '10.7.0.9/16', privateIpv6: 'fd00:7:7:9::/64', primaryEndpoint: '192.0.2.9', clusterStatus: 3 })];
  worlds.first.mesh.publish();
  await worlds.pass(500);
  expect([worlds.first.helper.tunnel?.peers.length, worlds.second.helper.tunnel?.peers.length]).toEqual([2, 1]);
  await app.close();
});
