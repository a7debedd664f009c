import { expect, test } from 'vitest';
import { lives } from '../../../src/base/identity.ts';
import type { CommandName, Input, Output } from '../../../src/contract/commands.ts';
import { run } from '../../../src/contract/carrier.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import { readInvite, writeInvite } from '../../../src/core/trust/invite.ts';
import { MeshNode } from '../../../src/gen/v1/mesh_messages.ts';
import { type CoreWorld, coreWorld, keyOf, securedWorld } from '../../fakes/core-world.ts';

const never = new AbortController().signal;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never) as Promise<Output<K>>;
const day = 86_400_000;

async function redeemed(world: CoreWorld, link: string): Promise<App> {
  const app = await createApp(world.ports);
  await call(app, 'invite.redeem', { link, nodeId: 'me' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  return app;
}

async function connected(world: CoreWorld): Promise<App> {
  const app = await redeemed(world, world.trust?.link() ?? '');
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: null });
  return app;
}

const device = (world: CoreWorld, id: string) => world.trust?.devices.get(id);
const calls = (world: CoreWorld, name: string) => world.mesh.calls.filter((one) => one.startsWith(`${name} `)).length;
const secretsOf = (world: CoreWorld) => JSON.parse([...world.secrets.values()][0] ?? '{}');
const warnings = (app: App) => app.topics.health.get().warnings.map(({ code }) => code);

test('an invite leads to a tunnel: probed, enrolled, joined by certificate, and the token is gone', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  expect(world.mesh.calls.slice(0, 3)).toEqual(['probe 192.0.2.1:8443', 'enroll 192.0.2.1:8443', 'join 192.0.2.1:8443']);
  expect(world.mesh.doors.map(({ kind }) => kind).slice(0, 2)).toEqual(['enrolling', 'mtls']);
  expect(world.mesh.doors.every((door) => door.kind !== 'clear-text' && door.expectId === 'leader')).toBe(true);
  expect(world.helper.node).toMatchObject({ nodeId: 'me', insecure: false, publicAddresses: [], services: { admin: false } });
  expect(world.helper.node?.identity?.chain).toHaveLength(3);
  expect(world.helper.tunnel?.publicKey).toBe(world.helper.key);
  expect(secretsOf(world)).toMatchObject({ invite: null, role: 'member', refused: null });
  await world.pass(300);
  expect(app.topics.trust.get()).toMatchObject({ mode: 'mtls', role: 'member', root: 'elsewhere', secretsIn: 'private-file' });
  expect(app.topics.trust.get().devices.map(({ id, self, state }) => `${id} ${self} ${state}`)).toEqual(['leader false active', 'me true active']);
  expect(app.topics.profiles.get().list).toMatchObject([{ name: 'fake', kind: 'member', insecure: false, address: '192.0.2.1:8443' }]);
  expect(warnings(app)).toEqual(['secrets-in-file']);
  await app.close();
});

test('founding: root, authority and certificate are made here, and the node founds the mesh with them', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  const { profile } = await call(app, 'mesh.create', { name: 'home', nodeId: 'box' });
  expect(world.secrets.size).toBe(1);
  await call(app, 'session.connect', { profile });
  await world.pass(500);
  expect(app.topics.session.get().phase).toBe('connected');
  expect(world.helper.node).toMatchObject({ nodeId: 'box', insecure: false, publicAddresses: ['0.0.0.0', '::'], bootstrap: { networkName: 'home' } });
  expect(world.helper.node?.identity?.authorityChain).toHaveLength(2);
  expect(world.mesh.doors).toMatchObject([{ kind: 'mtls', expectId: 'box' }]);
  await world.pass(300);
  expect(app.topics.trust.get()).toMatchObject({ mode: 'mtls', role: 'admin', root: 'here', rootExported: false, authorities: [{ nodeId: 'box', granted: true }] });
  await app.close();
});

test('clear text is made by name only, and said in red', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  const { profile } = await call(app, 'mesh.create', { name: 'old', nodeId: 'box', insecure: true });
  await call(app, 'session.connect', { profile });
  await world.pass(500);
  expect(world.helper.node).toMatchObject({ insecure: true, identity: undefined });
  expect(app.topics.health.get().warnings).toMatchObject([{ code: 'clear-text', severity: 'error' }]);
  expect(world.secrets.size).toBe(0);
  await expect(call(app, 'invite.create', {})).rejects.toMatchObject({ code: 'mesh.incompatible' });
  await expect(call(app, 'mesh.join', { address: '192.0.2.9', insecure: false })).rejects.toMatchObject({ code: 'mesh.incompatible' });
  await app.close();
});

test('a secured profile never goes on in clear text', async () => {
  const world = await securedWorld();
  const link = world.trust?.link() ?? '';
  world.trust = null;
  const app = await redeemed(world, link);
  expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'auth.clear-text' } });
  expect(world.mesh.doors).toEqual([]);
  await app.close();
});

test('a lost answer to Enroll is asked for again with the same key: one device, one use of the invite', async () => {
  const world = await securedWorld();
  world.mesh.lost.set('enroll', 2);
  const app = await redeemed(world, world.trust?.link() ?? '');
  await world.pass(5_000);
  expect(app.topics.session.get().phase).toBe('connected');
  expect({ asked: calls(world, 'enroll'), devices: world.trust?.devices.size, uses: [...(world.trust?.invites.values() ?? [])][0]?.uses }).toEqual({ asked: 3, devices: 2, uses: 1 });
  await app.close();
});

test('another mesh at the address: nothing is sent to it, and the next address is tried', async () => {
  const world = await securedWorld();
  const other = await securedWorld();
  const foreign = [...(other.trust?.chain.slice(0, 2) ?? []), new TextEncoder().encode('another root')];
  world.mesh.foreign.set('192.0.2.8:8443', foreign);
  const link = world.trust?.link({ endpoints: [{ nodeId: 'leader', address: '192.0.2.8:8443' }, { nodeId: 'leader', address: '192.0.2.1:8443' }] }) ?? '';
  const app = await redeemed(world, link);
  expect(world.mesh.calls.slice(0, 3)).toEqual(['probe 192.0.2.8:8443', 'probe 192.0.2.1:8443', 'enroll 192.0.2.1:8443']);
  expect(app.topics.session.get().phase).toBe('connected');
  await app.close();

  const alone = await securedWorld();
  alone.mesh.foreign.set('192.0.2.1:8443', foreign);
  const stranger = await redeemed(alone, alone.trust?.link() ?? '');
  expect(stranger.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'auth.wrong-mesh', detail: { address: '192.0.2.1:8443' } } });
  expect(calls(alone, 'enroll')).toBe(0);
  await stranger.close();
});

test('pending: the session says so and goes on by itself once an admin accepted', async () => {
  const world = await securedWorld();
  const app = await redeemed(world, world.trust?.link({ needsApproval: true }) ?? '');
  expect(app.topics.session.get()).toMatchObject({ phase: 'reconnecting', cause: { code: 'auth.pending', detail: { network: 'fake' } } });
  await world.pass(120_000);
  expect(calls(world, 'enroll')).toBeLessThan(20);
  expect(calls(world, 'enroll')).toBeGreaterThan(8);
  await world.trust?.approve('me');
  await world.pass(15_000);
  expect(app.topics.session.get().phase).toBe('connected');
  expect(world.trust?.devices.size).toBe(2);
  await app.close();
});

test.each([
  ['used', 'auth.invite-used', (world: CoreWorld) => [...(world.trust?.invites.values() ?? [])].forEach((row) => row.uses++)],
  ['revoked', 'auth.invite-invalid', (world: CoreWorld) => [...(world.trust?.invites.values() ?? [])].forEach((row) => (row.revokedAtMs = 1))],
  ['unknown', 'auth.invite-invalid', (world: CoreWorld) => world.trust?.invites.clear()],
])('an invite that is %s blocks, keeps nothing of the mesh, and another one may take its place', async (_what, code, spoil) => {
  const world = await securedWorld();
  const link = world.trust?.link() ?? '';
  spoil(world);
  const app = await redeemed(world, link);
  expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code } });
  const again = await call(app, 'invite.redeem', { link: world.trust?.link() ?? '' });
  expect(again.profile).toBe(app.topics.profiles.get().selected);
  await call(app, 'session.connect', {});
  await world.pass(500);
  expect(app.topics.session.get().phase).toBe('connected');
  expect(app.topics.profiles.get().list).toHaveLength(1);
  await app.close();
});

test('an id that is taken gets other letters behind it, with the same key', async () => {
  const world = await securedWorld();
  const taken = { id: 'me', role: 'member' as const, state: 'revoked' as const, name: 'other', inviteId: 'x', request: new Uint8Array(), chain: [] };
  world.trust?.devices.set('me', taken);
  const app = await redeemed(world, world.trust?.link() ?? '');
  expect(app.topics.session.get().phase).toBe('connected');
  const id = app.topics.profiles.get().list[0]?.nodeId ?? '';
  expect(id).toMatch(/^me-[a-z0-9]{5}$/);
  expect({ state: device(world, id)?.state, node: world.helper.node?.nodeId }).toEqual({ state: 'active', node: id });
  await app.close();
});

test('revoked while connected, heard through the log: blocked, and the tunnel is gone', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  world.trust?.revoke('me');
  world.mesh.publish();
  await world.pass(1_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'auth.revoked' } });
  expect({ tunnel: world.helper.tunnel, node: world.helper.node }).toEqual({ tunnel: null, node: null });
  await app.close();
});

test('silence is asked about before it is believed, of others than ourselves, and a mesh that is merely slow costs one question in five seconds', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  world.mesh.cut = true;
  await world.pass(5_200);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: null });
  expect(calls(world, 'status')).toBe(1);
  world.mesh.cut = false;
  world.mesh.publish();
  await world.pass(10_000);
  expect(calls(world, 'status')).toBe(1);
  await app.close();
});

test('revoked and cut off from the log: silence is asked about, and the answer comes within five seconds', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  world.mesh.cut = true;
  world.trust?.revoke('me');
  await world.pass(5_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'auth.revoked' } });
  expect(world.helper.tunnel).toBe(null);
  await app.close();
});

test('revoked before its node heard of the mesh at all: asked all the same', async () => {
  const world = await securedWorld();
  world.mesh.replicates = false;
  const app = await redeemed(world, world.trust?.link() ?? '');
  expect(app.topics.session.get().phase).toBe('connected');
  world.trust?.revoke('me');
  await world.pass(5_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'auth.revoked' } });
  await app.close();
});

test('a revoked device comes back with a new invite as another device, in the place of the old one', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  await expect(call(app, 'invite.redeem', { link: world.trust?.link() ?? '' })).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'link', network: 'fake' } });
  const before = app.topics.profiles.get().list[0];
  world.trust?.revoke('me');
  world.mesh.publish();
  await world.pass(1_000);
  const link = world.trust?.link() ?? '';
  expect((await call(app, 'invite.inspect', { link })).invitation).toMatchObject({ known: 'fake', networkName: 'fake', invitedBy: 'Ann', expired: false });
  const { profile } = await call(app, 'invite.redeem', { link });
  await call(app, 'session.connect', {});
  await world.pass(500);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', profile });
  expect(app.topics.profiles.get().list).toHaveLength(1);
  expect(app.topics.profiles.get().list[0]?.nodeId).not.toBe(before?.nodeId);
  expect(world.secrets.size).toBe(1);
  await app.close();
});

test('asleep for 100 days while connected: the certificate is renewed and the tunnel goes on', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  world.sleep(100 * day);
  world.mesh.nodeRenew = () => {
    throw new Error('its own way to the leader is closed');
  };
  await world.pass(70_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: null });
  expect(calls(world, 'renew')).toBeGreaterThanOrEqual(1);
  const left = (app.topics.trust.get().notAfterMs ?? 0) - world.ports.clock.nowMs();
  expect(left).toBeGreaterThan(89 * day);
  expect(device(world, 'me')?.chain[0]).toEqual(Uint8Array.from(world.helper.node?.identity?.chain[0] ?? []));
  await app.close();
});

test('off for 100 days: the certificate is renewed before the Join', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  await app.close();
  world.sleep(100 * day);
  const later = await createApp(world.ports);
  await world.pass(1_000);
  expect(later.topics.session.get().phase).toBe('connected');
  // The second Join tells of the tunnel's new key: it is older than a week, too.
  expect(world.mesh.calls.slice(-3)).toEqual(['renew 192.0.2.1:8443', 'join 192.0.2.1:8443', 'join 192.0.2.1:8443']);
  await later.close();
});

test('off for longer than certificate and grace: a clear end, and a new invite helps', async () => {
  const world = await securedWorld();
  await (await connected(world)).close();
  world.sleep(lives.deviceMs + lives.graceMs + day);
  const app = await createApp(world.ports);
  await world.pass(1_000);
  expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'auth.expired' } });
  await call(app, 'invite.redeem', { link: world.trust?.link() ?? '' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  expect(app.topics.session.get().phase).toBe('connected');
  await app.close();
});

test('a host whose certificate ended has its own node renew it', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  await call(app, 'mesh.create', { name: 'home', nodeId: 'box' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  await app.close();
  world.sleep(200 * day);
  const later = await createApp(world.ports);
  await world.pass(1_000);
  expect(later.topics.session.get().phase).toBe('connected');
  expect(world.mesh.calls).toContain('renew here');
  await later.close();
});

test('renewal at a third of its life by the node here; a failing one is a warning and is tried again', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  world.mesh.nodeRenew = () => {
    throw new Error('no');
  };
  world.mesh.lost.set('renew', 99);
  world.sleep(31 * day);
  await world.pass(62_000);
  expect(warnings(app)).toContain('renewal-failing');
  world.mesh.lost.clear();
  await world.pass(180_000);
  expect(warnings(app)).not.toContain('renewal-failing');
  expect((app.topics.trust.get().notAfterMs ?? 0) - world.ports.clock.nowMs()).toBeGreaterThan(89 * day);
  await app.close();
});

test('the tunnel gets a new key after a week: the mesh is told, then the helper', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  const old = world.helper.key;
  world.sleep(8 * day);
  await world.pass(62_000);
  expect(world.helper.key).not.toBe(old);
  expect(world.mesh.nodes.find(({ id }) => id === 'me')?.publicKey).toBe(world.helper.key);
  expect(world.helper.tunnel?.publicKey).toBe(world.helper.key);
  expect(app.topics.session.get()).toMatchObject({ phase: 'connected', degraded: null });
  await app.close();
});

test('a lost answer in the middle of a key change leaves mesh and tunnel with one key', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  world.sleep(8 * day);
  world.mesh.lost.set('join', 1);
  await world.pass(180_000);
  expect(world.mesh.nodes.find(({ id }) => id === 'me')?.publicKey).toBe(world.helper.key);
  expect(world.helper.tunnel?.publicKey).toBe(world.helper.key);
  await app.close();
});

test('certificate.renew does both at once, and needs a connection', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  const old = world.helper.key;
  const chain = device(world, 'me')?.chain[0];
  await world.pass(2_000);
  await call(app, 'certificate.renew', {});
  await world.pass(500);
  expect(world.helper.key).not.toBe(old);
  expect(device(world, 'me')?.chain[0]).not.toEqual(chain);
  await call(app, 'session.disconnect', {});
  await world.pass(100);
  await expect(call(app, 'certificate.renew', {})).rejects.toMatchObject({ code: 'app.busy' });
  await app.close();
});

test('a voter asks for an authority; the founder grants it by itself; without the root it waits, and the founder is told', async () => {
  const world = await securedWorld();
  const app = await redeemed(world, world.trust?.link() ?? '');
  world.mesh.voters = ['leader', 'me'];
  world.mesh.publish();
  await world.pass(2_000);
  expect(world.trust?.authorities.get('me')?.certificate).toHaveLength(0);
  expect(secretsOf(world).authority.chain).toEqual([]);
  expect(world.helper.node?.identity?.authorityKey).toHaveLength(0);
  await world.pass(120_000);
  expect(calls(world, 'requestAuthority')).toBe(1);
  await app.close();
});

test('the founder side of it', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  await call(app, 'mesh.create', { name: 'home', nodeId: 'box' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  const { pki } = world.ports;
  const join = async (id: string, voter: boolean): Promise<void> => {
    const key = await pki.createKey();
    world.trust?.devices.set(id, { id, role: 'member', state: 'active', name: id, inviteId: '', request: new Uint8Array(), chain: [] });
    world.trust?.authorities.set(id, { request: await pki.createRequest(key, id), certificate: new Uint8Array() });
    if (voter) world.mesh.voters = [...world.mesh.voters, id];
    world.mesh.publish();
    await world.pass(2_000);
  };
  await join('second', true);
  await join('no-voter', false);
  expect(world.trust?.authorities.get('second')?.certificate.length).toBeGreaterThan(0);
  expect(world.trust?.authorities.get('no-voter')?.certificate).toHaveLength(0);
  expect(warnings(app)).toContain('root-not-exported');

  await expect(call(app, 'root.remove', {})).rejects.toMatchObject({ code: 'auth.not-permitted' });
  const { path } = await call(app, 'root.export', { passphrase: 'ten letters' });
  const file = String(world.documents.get(path.replace('/reports/', '')));
  await call(app, 'root.remove', {});
  await join('third', true);
  expect(world.trust?.authorities.get('third')?.certificate).toHaveLength(0);
  expect(warnings(app)).toEqual(['authority-pending', 'secrets-in-file']);
  expect(app.topics.trust.get()).toMatchObject({ root: 'removed', rootExported: true });

  await expect(call(app, 'root.import', { file, passphrase: 'another one' })).rejects.toMatchObject({ code: 'input.passphrase' });
  const forged = JSON.parse(file);
  const inside = JSON.parse(forged.text);
  const otherKey = Buffer.from(await pki.createKey()).toString('base64');
  await expect(call(app, 'root.import', { file: JSON.stringify({ ...forged, text: JSON.stringify({ ...inside, key: otherKey }) }), passphrase: 'ten letters' })).rejects.toMatchObject({ code: 'input.file-damaged' });
  await expect(call(app, 'root.import', { file: JSON.stringify({ ...forged, text: JSON.stringify({ ...inside, certificate: otherKey }) }), passphrase: 'ten letters' })).rejects.toMatchObject({ code: 'auth.wrong-mesh' });
  await call(app, 'root.import', { file, passphrase: 'ten letters' });
  await world.pass(62_000);
  expect(world.trust?.authorities.get('third')?.certificate.length).toBeGreaterThan(0);
  await app.close();
});

test('an authority that was granted is taken and given to the node', async () => {
  const world = await securedWorld();
  const app = await redeemed(world, world.trust?.link() ?? '');
  world.mesh.voters = ['leader', 'me'];
  world.mesh.publish();
  await world.pass(2_000);
  const { pki } = world.ports;
  const row = world.trust?.authorities.get('me');
  const rootKey = await pki.createKey();
  const granted = await pki.issueAuthority({ root: { privateKey: rootKey, certificate: world.trust?.root ?? new Uint8Array() }, request: row?.request ?? new Uint8Array(), notBeforeMs: 0, notAfterMs: lives.authorityMs, serial: new Uint8Array(16) });
  if (row) row.certificate = granted;
  world.mesh.publish();
  await world.pass(2_000);
  expect(Uint8Array.from(world.helper.node?.identity?.authorityChain[0] ?? [])).toEqual(granted);
  expect(secretsOf(world).authority.chain).toHaveLength(2);
  await app.close();
});

test('an invite that is made here: the token goes into the link and its hash to the mesh, and somebody else can redeem it', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  await call(app, 'mesh.create', { name: 'home', nodeId: 'box' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  world.mesh.nodes = [...world.mesh.nodes, MeshNode.fromPartial({ id: 'second', publicKey: keyOf(9), privateIpv4: '10.7.0.9/16', primaryEndpoint: '198.51.100.9', grpcPort: 9000, clusterStatus: 2 })];
  world.mesh.publish();
  await world.pass(500);
  const { id, link, expiresAtMs } = await call(app, 'invite.create', { role: 'guest', expiresInSeconds: 600, uses: 2, needsApproval: true, note: 'for Bob' });
  const { pki } = world.ports;
  const invite = readInvite(link, pki.digest);
  expect(invite).toMatchObject({ networkName: 'home', inviteId: id, role: 'guest', expiresAtMs, invitedBy: 'box', needsApproval: true, endpoints: [{ nodeId: 'box', address: '192.0.2.50:8443' }, { nodeId: 'second', address: '198.51.100.9:9000' }] });
  const row = world.trust?.invites.get(id);
  expect(row).toMatchObject({ usesMax: 2, note: 'for Bob', tokenHash: Buffer.from(pki.digest(invite.token)) });
  await world.pass(300);
  expect(app.topics.trust.get().invites).toMatchObject([{ id, state: 'open', role: 'guest' }]);
  await world.pass(700_000);
  expect(app.topics.trust.get().invites).toMatchObject([{ id, state: 'expired' }]);
  await call(app, 'invite.revoke', { id });
  await world.pass(300);
  expect(app.topics.trust.get().invites).toMatchObject([{ id, state: 'revoked' }]);
  await app.close();
});

test('without an address that others can reach there is no invite, and the failure says what to do', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  const document = world.documents.get('profiles') as { list: { endpoints: unknown[] }[] };
  await app.close();
  for (const profile of document.list) profile.endpoints = [];
  world.documents.set('profiles', document);
  world.mesh.nodes = world.mesh.nodes.map((node) => MeshNode.fromPartial({ ...node, primaryEndpoint: '' }));
  const later = await createApp(world.ports);
  await world.pass(500);
  await expect(call(later, 'invite.create', {})).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'link', problem: expect.stringContaining('connect a host') } });
  await later.close();
});

test('opened from outside: shown, not used; what was opened stays through failures', async () => {
  const world = await securedWorld();
  const app = await createApp(world.ports);
  await expect(call(app, 'invite.open', { link: 'webmesh://join/AAAA' })).rejects.toMatchObject({ code: 'input.invite-damaged' });
  const link = world.trust?.link() ?? '';
  await call(app, 'invite.open', { link: ` ${link}\n` });
  expect(app.topics.invitation.get().offer).toMatchObject({ networkName: 'fake', known: null, link });
  expect({ calls: world.mesh.calls, secrets: world.secrets.size, profiles: app.topics.profiles.get().list.length }).toEqual({ calls: [], secrets: 0, profiles: 0 });
  await expect(call(app, 'invite.redeem', { link, nodeId: 'no good' })).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'nodeId', given: 'no good' } });
  expect(app.topics.invitation.get().offer).not.toBe(null);
  const { path } = await call(app, 'diagnostics.export', {});
  expect(String(world.documents.get(path.replace('/reports/', '')))).not.toContain(link);
  await call(app, 'invite.redeem', { link });
  expect(app.topics.invitation.get().offer).toBe(null);
  await app.close();
});

test('an invite that is too old, one for a guest who wants to vote, and one whose ending was cut off', async () => {
  const world = await securedWorld();
  const app = await createApp(world.ports);
  const link = world.trust?.link({ role: 'guest' }) ?? '';
  await expect(call(app, 'invite.redeem', { link, asVoter: true })).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'asVoter' } });
  await expect(call(app, 'invite.redeem', { link: link.slice(0, -1) })).rejects.toMatchObject({ code: 'input.invite-damaged' });
  const { pki } = world.ports;
  const bent = writeInvite({ ...readInvite(link, pki.digest), expiresAtMs: 1 }, pki.digest);
  await world.pass(10);
  await expect(call(app, 'invite.redeem', { link: bent })).rejects.toMatchObject({ code: 'auth.invite-expired' });
  expect({ secrets: world.secrets.size, profiles: app.topics.profiles.get().list.length }).toEqual({ secrets: 0, profiles: 0 });
  await app.close();
});

test('devices: approve, role, revoke go to the mesh; the audit log comes from the node here', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  await expect(call(app, 'audit.list', {})).rejects.toMatchObject({ code: 'input.unknown-profile' });
  await call(app, 'mesh.create', { name: 'home', nodeId: 'box' });
  await expect(call(app, 'audit.list', {})).rejects.toMatchObject({ code: 'app.busy' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  world.trust?.devices.set('new', { id: 'new', role: 'member', state: 'pending', name: 'new one', inviteId: 'i', request: await world.ports.pki.createRequest(await world.ports.pki.createKey(), 'new'), chain: [] });
  world.mesh.publish();
  await world.pass(300);
  expect(app.topics.health.get().warnings).toMatchObject([{ code: 'device-pending', detail: { count: 1, device: 'new', name: 'new one' } }, { code: 'secrets-in-file' }]);
  await call(app, 'device.approve', { id: 'new' });
  await call(app, 'device.role', { id: 'new', role: 'guest' });
  expect(device(world, 'new')).toMatchObject({ state: 'active', role: 'guest' });
  await call(app, 'device.revoke', { id: 'new' });
  expect(device(world, 'new')?.state).toBe('revoked');
  expect(await call(app, 'audit.list', { search: 'enroll' })).toMatchObject({ intact: true, total: 5, events: [{ sequence: 5, action: 'device.enroll', detail: { role: 'member' }, hash: '05'.repeat(32) }] });
  const { path } = await call(app, 'audit.export', {});
  expect(JSON.parse(String(world.documents.get(path.replace('/reports/', '')))).events.map(({ sequence }: { sequence: number }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  world.mesh.auditIntact = false;
  await world.pass(3_700_000);
  expect(warnings(app)).toContain('audit-broken');
  await app.close();
});

test('secrets that cannot be read block, and nothing is overwritten', async () => {
  const world = await securedWorld();
  await (await connected(world)).close();
  const [name = ''] = world.secrets.keys();
  for (const damaged of ['not json', '{"format":1}', JSON.stringify({ ...secretsOf(world), key: '***' })]) {
    world.secrets.set(name, damaged);
    const app = await createApp(world.ports);
    await world.pass(1_000);
    expect(app.topics.session.get()).toMatchObject({ phase: 'blocked', failure: { code: 'internal.secrets' } });
    await expect(call(app, 'root.import', { file: 'x', passphrase: 'ten letters' })).rejects.toMatchObject({ code: 'internal.secrets' });
    expect(world.secrets.get(name)).toBe(damaged);
    await call(app, 'session.connect', {});
    await world.pass(100);
    await app.close();
  }
});

test('forgetting a network removes its keys; the device stays known to the mesh until an admin revokes it', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  await call(app, 'session.disconnect', {});
  await world.pass(200);
  await call(app, 'profile.remove', { profile: app.topics.profiles.get().selected ?? '' });
  expect({ secrets: world.secrets.size, state: device(world, 'me')?.state, members: world.mesh.nodes.map(({ id }) => id) }).toEqual({ secrets: 0, state: 'active', members: ['leader'] });
  await app.close();
});

test('whoever votes in a secured network serves the public, too', async () => {
  const world = await securedWorld();
  const app = await createApp(world.ports);
  await call(app, 'invite.redeem', { link: world.trust?.link() ?? '', asVoter: true, nodeId: 'me' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  expect(world.helper.node).toMatchObject({ publicAddresses: ['0.0.0.0', '::'], services: { admin: true, peerDiscovery: true }, bootstrap: undefined });
  await app.close();
});

test('who became a guest asks no more for a vote', async () => {
  const world = await securedWorld();
  const app = await createApp(world.ports);
  await call(app, 'invite.redeem', { link: world.trust?.link() ?? '', asVoter: true, nodeId: 'me' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  expect(world.mesh.lastJoin?.asVoter).toBe(true);
  Object.assign(device(world, 'me') ?? {}, { role: 'guest' });
  world.mesh.publish();
  await world.pass(500);
  expect(app.topics.trust.get().role).toBe('guest');
  await app.close();
  const later = await createApp(world.ports);
  await world.pass(500);
  expect(later.topics.session.get().phase).toBe('connected');
  expect(world.mesh.lastJoin?.asVoter).toBe(false);
  await later.close();
});

test('a mesh whose clock is ahead says that the certificate ended: it is renewed and the Join goes on', async () => {
  const world = await securedWorld();
  const app = await connected(world);
  await call(app, 'session.disconnect', {});
  await world.pass(200);
  world.trust?.setAhead(91 * day);
  await call(app, 'session.connect', {});
  await world.pass(500);
  expect(app.topics.session.get().phase).toBe('connected');
  expect(world.mesh.calls.slice(-3)).toEqual(['join 192.0.2.1:8443', 'renew 192.0.2.1:8443', 'join 192.0.2.1:8443']);
  await app.close();
});

test('another invite in the place of one whose answer was lost: the mesh has recorded the first key, so a second one is made', async () => {
  const world = await securedWorld();
  world.mesh.lost.set('enroll', 99);
  const app = await redeemed(world, world.trust?.link() ?? '');
  expect(app.topics.session.get()).toMatchObject({ phase: 'reconnecting', cause: { code: 'mesh.timeout' } });
  await call(app, 'session.disconnect', {});
  world.mesh.lost.clear();
  await call(app, 'invite.redeem', { link: world.trust?.link() ?? '' });
  await call(app, 'session.connect', {});
  await world.pass(1_000);
  expect(app.topics.session.get().phase).toBe('connected');
  expect(app.topics.profiles.get().list).toHaveLength(1);
  expect([...(world.trust?.devices.keys() ?? [])]).toEqual(['leader', 'me', expect.stringMatching(/^me-[a-z0-9]{5}$/)]);
  await app.close();
});
