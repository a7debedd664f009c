import { expect, test } from 'vitest';
import type { CommandName, Input } from '../../../src/contract/commands.ts';
import { run } from '../../../src/contract/carrier.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import type { CorePorts } from '../../../src/core/ports.ts';
import { type CoreWorld, coreWorld, securedWorld } from '../../fakes/core-world.ts';
import { mortal } from '../../fakes/mortal-ports.ts';

const never = new AbortController().signal;
const day = 86_400_000;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never);

/** Every point at which the first life may end: a story is played, cut off at that point, and gone on with by a second life. */
async function atEveryPoint(begin: () => Promise<CoreWorld>, story: (world: CoreWorld, ports: CorePorts) => Promise<void>, resume: (world: CoreWorld, point: number) => Promise<void>): Promise<number> {
  for (let point = 1; ; point++) {
    const world = await begin();
    const life = mortal(world.ports, point);
    // A life that ended mid-call never answers, so nobody waits for it; time goes on instead.
    void story(world, life.ports).catch(() => {});
    await world.pass(3_000);
    if (!life.dead()) return point - 1;
    await resume(world, point);
  }
}

/** What a person does who finds the app as it is now: adds the network if it is not there, and connects. */
async function goOn(world: CoreWorld, add: (app: App) => Promise<unknown>): Promise<App> {
  const app = await createApp(world.ports);
  if (app.topics.profiles.get().list.length === 0) await add(app);
  await call(app, 'session.connect', {});
  await world.pass(20_000);
  return app;
}

const truth = (world: CoreWorld, app: App) => ({
  phase: app.topics.session.get().phase,
  profiles: app.topics.profiles.get().list.length,
  sameKey: world.mesh.nodes.find(({ id }) => id === app.topics.profiles.get().list[0]?.nodeId)?.publicKey === world.helper.key,
  tunnelKey: world.helper.tunnel?.publicKey === world.helper.key,
});
const whole = { phase: 'connected', profiles: 1, sameKey: true, tunnelKey: true };

test('an invite that is redeemed: killed at any point, the next life is the same device, enrolled once', async () => {
  let link = '';
  const points = await atEveryPoint(async () => {
    const world = await securedWorld();
    link = world.trust?.link() ?? '';
    return world;
  }, async (world, ports) => {
    const app = await createApp(ports);
    await call(app, 'invite.redeem', { link, nodeId: 'me' });
    await call(app, 'session.connect', {});
    await world.pass(2_000);
  }, async (world, point) => {
    const known = world.trust?.devices.get('me');
    const app = await goOn(world, (fresh) => call(fresh, 'invite.redeem', { link, nodeId: 'me' }));
    const devices = [...(world.trust?.devices.keys() ?? [])];
    const uses = [...(world.trust?.invites.values() ?? [])].map((row) => row.uses);
    expect({ point, ...truth(world, app), devices, uses }).toEqual({ point, ...whole, devices: ['leader', 'me'], uses: [1] });
    // Whoever was recorded before is who came back.
    if (known) expect(world.trust?.devices.get('me')?.chain).toEqual(known.chain);
    await app.close();
  });
  expect(points).toBeGreaterThan(30);
}, 60_000);

test('a network that is founded: killed at any point, there is one mesh with one root', async () => {
  const points = await atEveryPoint(async () => coreWorld(), async (world, ports) => {
    const app = await createApp(ports);
    await call(app, 'mesh.create', { name: 'home', nodeId: 'box' });
    await call(app, 'session.connect', {});
    await world.pass(2_000);
  }, async (world, point) => {
    const rootBefore = world.trust?.root;
    const app = await goOn(world, (fresh) => call(fresh, 'mesh.create', { name: 'home', nodeId: 'box' }));
    expect({ point, ...truth(world, app), role: app.topics.trust.get().role, root: app.topics.trust.get().root }).toEqual({ point, ...whole, role: 'admin', root: 'here' });
    if (rootBefore) expect(world.trust?.root).toEqual(rootBefore);
    await app.close();
  });
  expect(points).toBeGreaterThan(20);
}, 60_000);

test('certificate and tunnel key are renewed: killed at any point, mesh, helper and node agree afterwards', async () => {
  const points = await atEveryPoint(async () => {
    const world = await securedWorld();
    const app = await createApp(world.ports);
    await call(app, 'invite.redeem', { link: world.trust?.link() ?? '', nodeId: 'me' });
    await call(app, 'session.connect', {});
    await world.pass(500);
    await app.close();
    world.sleep(40 * day);
    return world;
  }, async (_world, ports) => {
    await createApp(ports);
  }, async (world, point) => {
    const app = await goOn(world, async () => {});
    await world.pass(120_000);
    const own = world.trust?.devices.get('me');
    const left = (app.topics.trust.get().notAfterMs ?? 0) - world.ports.clock.nowMs();
    expect({ point, ...truth(world, app), fresh: left > 89 * day, same: Buffer.compare(Buffer.from(own?.chain[0] ?? []), world.helper.node?.identity?.chain[0] ?? Buffer.alloc(1)) })
      .toEqual({ point, ...whole, fresh: true, same: 0 });
    await app.close();
  });
  expect(points).toBeGreaterThan(25);
}, 120_000);

test('a device that was cut off comes back by a new invite: killed at any point, there is one network and one new device', async () => {
  let link = '';
  const points = await atEveryPoint(async () => {
    const world = await securedWorld();
    const app = await createApp(world.ports);
    await call(app, 'invite.redeem', { link: world.trust?.link() ?? '', nodeId: 'me' });
    await call(app, 'session.connect', {});
    await world.pass(500);
    world.trust?.revoke('me');
    world.mesh.publish();
    await world.pass(1_000);
    await call(app, 'session.disconnect', {});
    await app.close();
    link = world.trust?.link() ?? '';
    return world;
  }, async (world, ports) => {
    const app = await createApp(ports);
    await call(app, 'invite.redeem', { link, nodeId: 'again' });
    await call(app, 'session.connect', {});
    await world.pass(2_000);
  }, async (world, point) => {
    const app = await createApp(world.ports);
    await call(app, 'invite.redeem', { link, nodeId: 'again' }).catch((error: unknown) => expect(error).toMatchObject({ code: 'input.invalid' }));
    await call(app, 'session.connect', {});
    await world.pass(20_000);
    expect({ point, ...truth(world, app), devices: [...(world.trust?.devices.keys() ?? [])] }).toEqual({ point, ...whole, devices: ['leader', 'me', 'again'] });
    await app.close();
  });
  expect(points).toBeGreaterThan(30);
}, 60_000);
