import { expect, test } from 'vitest';
import { run } from '../../../src/contract/carrier.ts';
import type { CommandName, Input, Output } from '../../../src/contract/commands.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import { coreWorld } from '../../fakes/core-world.ts';

const never = new AbortController().signal;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never) as Promise<Output<K>>;

test('a port that another program has: another one is chosen, kept, told to the mesh, and the network is connected', async () => {
  const world = coreWorld();
  world.helper.takenPorts.add(51_820);
  const app = await createApp(world.ports);
  await call(app, 'mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me', wireguardPort: 51_820 });
  await call(app, 'session.connect', {});
  await world.pass(2_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'tunnel.port-in-use', detail: { port: 51_820 } } });
  expect(app.topics.health.get().warnings).toContainEqual(expect.objectContaining({ code: 'cannot-connect', fix: 'other-port' }));
  const { wireguardPort } = await call(app, 'profile.port', {});
  await world.pass(2_000);
  expect(wireguardPort).not.toBe(51_820);
  expect([app.topics.session.get().phase, world.helper.tunnel?.listenPort, world.mesh.lastJoin?.wireguardPort]).toEqual(['connected', wireguardPort, wireguardPort]);
  expect(world.documents.get('profiles')).toMatchObject({ list: [{ wireguardPort, chosenPorts: [] }] });
  await app.close();
});

test('a port that a person names is kept as chosen; not while the tunnel stands, and only a port', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  await call(app, 'mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me' });
  expect(await call(app, 'profile.port', { wireguardPort: 40_000 })).toEqual({ wireguardPort: 40_000 });
  expect(world.documents.get('profiles')).toMatchObject({ list: [{ wireguardPort: 40_000, chosenPorts: ['wireguardPort'] }] });
  expect(app.topics.session.get().phase).toBe('disconnected');
  await call(app, 'session.connect', {});
  await world.pass(2_000);
  expect(world.helper.tunnel?.listenPort).toBe(40_000);
  await expect(call(app, 'profile.port', {})).rejects.toMatchObject({ code: 'app.busy' });
  await expect(call(app, 'profile.port', { wireguardPort: 70_000 })).rejects.toMatchObject({ code: 'input.invalid' });
  await app.close();
});
