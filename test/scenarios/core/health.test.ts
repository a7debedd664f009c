import { expect, test } from 'vitest';
import { run } from '../../../src/contract/carrier.ts';
import type { CommandName, Input, Output } from '../../../src/contract/commands.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import { coreWorld, type CoreWorld } from '../../fakes/core-world.ts';

const never = new AbortController().signal;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never) as Promise<Output<K>>;
/** Ids without the network that they end with. */
const shown = (app: App): readonly string[] => app.topics.health.get().warnings.map(({ id }) => id.replace(/@[a-z0-9]+$/, ''));
const idOf = (app: App, code: string): string => app.topics.health.get().warnings.find((warning) => warning.code === code)?.id ?? code;

async function joined(world: CoreWorld): Promise<App> {
  const app = await createApp(world.ports);
  await call(app, 'mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  return app;
}

test('no network is said after five seconds, explains what follows from it, and goes with it', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await world.pass(40_000);
  expect(shown(app)).toEqual(['peer-unreachable', 'clear-text']);
  world.online.set(false);
  await world.pass(4_900);
  expect(shown(app)).toEqual(['clear-text']);
  await world.pass(200);
  expect(shown(app)).toEqual(['offline', 'clear-text']);
  const [offline] = app.topics.health.get().warnings;
  await world.pass(60_000);
  expect(app.topics.health.get().warnings[0]).toEqual(offline);
  world.online.set(true);
  await world.pass(200);
  expect(shown(app)).toEqual(['clear-text']);
  await app.close();
});

test('a hint is put away for this life; a problem is not; a report holds what is not shown as well', async () => {
  const world = coreWorld();
  const app = await joined(world);
  await world.pass(31_000);
  await call(app, 'health.dismiss', { id: idOf(app, 'peer-unreachable') });
  await world.pass(60_000);
  expect(shown(app)).toEqual(['clear-text']);
  await expect(call(app, 'health.dismiss', { id: idOf(app, 'clear-text') })).rejects.toMatchObject({ code: 'input.invalid' });
  await expect(call(app, 'health.dismiss', { id: 'nonsense' })).rejects.toMatchObject({ code: 'input.invalid' });
  const { path } = await call(app, 'diagnostics.export', {});
  expect(JSON.parse(String(world.documents.get(path.replace('/reports/', '')))).problems).toMatchObject([{ id: expect.stringMatching(/^peer-unreachable@/), state: 'dismissed' }, { id: expect.stringMatching(/^clear-text@/), state: 'shown' }]);
  await app.close();
});

test('a network that wants a person to sign in is named with its page; nobody is asked while the mesh answers, and afterwards the app goes on at once', async () => {
  const world = coreWorld();
  const app = await joined(world);
  world.portals.set('192.0.2.1', 'http://wifi.example/in');
  await world.pass(60_000);
  expect(shown(app)).not.toContain('sign-in-needed');
  world.mesh.up = false;
  world.mesh.publish();
  await world.pass(20_000);
  const warning = app.topics.health.get().warnings.find(({ code }) => code === 'sign-in-needed');
  expect([shown(app).includes('control-plane-lost'), warning?.id, warning?.fix, warning?.detail]).toEqual([false, 'sign-in-needed', 'sign-in', { link: 'http://wifi.example/in', host: 'wifi.example' }]);
  // Another network: what the last one wanted is not what this one wants.
  world.portals.clear();
  world.addresses.set([{ interfaceName: 'wlan0', address: '198.51.100.7', bits: 24, loopback: false }]);
  await world.pass(100);
  expect(shown(app)).not.toContain('sign-in-needed');
  world.mesh.up = true;
  world.mesh.publish();
  await world.pass(40_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: null });
  expect(shown(app)).not.toContain('sign-in-needed');
  await app.close();
});

test('the helper is started once at a time', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  const first = call(app, 'helper.start', {});
  await expect(call(app, 'helper.start', {})).rejects.toMatchObject({ code: 'app.busy' });
  await first;
  await call(app, 'helper.start', {});
  expect(world.helperStarts).toBe(2);
  await app.close();
});

test.each([true, false])('a settings file from before there were kinds reads, and notifications that are %s stay so', async (notifications) => {
  const world = coreWorld();
  world.documents.set('settings', { theme: 'dark', startAtLogin: false, notifications, logLevel: 'info' });
  const app = await createApp(world.ports);
  const kinds = { notifyConnection: true, notifyDevices: true, notifyExpiry: true, notifyService: true };
  expect(app.topics.settings.get()).toMatchObject({ theme: 'dark', notifications, ...kinds });
  await call(app, 'settings.update', { notifyExpiry: false });
  await app.close();
  const again = await createApp(world.ports);
  expect(again.topics.settings.get()).toMatchObject({ notifications, ...kinds, notifyExpiry: false });
  await again.close();
});

test('the file keeps the one switch that versions before the kinds know', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  await call(app, 'settings.update', { notifications: false, notifyService: false });
  expect(world.documents.get('settings')).toMatchObject({ notifications: false, notifyService: false });
  await app.close();
});
