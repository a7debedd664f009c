import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../test/node/local-cluster.ts';
import { type SecuredCluster, securedCluster } from '../../test/node/secured-cluster.ts';
import { createMeshKeys, toWire } from '../../test/node/mesh-keys.ts';
import { type Identity } from '../base/identity.ts';
import { DeviceState, Role } from '../gen/webmesh/trust/v1/trust_messages.ts';
import { TrustServiceService as Trust } from '../gen/webmesh/trust/v1/trust.ts';
import { nodeClient } from '../platform/mesh-client.ts';
import { pki } from '../platform/pki.ts';
import { encodeEntry } from './consensus/entry.ts';
import { renewEntry } from './statements/trust.ts';

let cluster: SecuredCluster;
let base = '';
beforeEach(async () => {
  cluster = await securedCluster();
  base = cluster.network.split('.').slice(0, 3).join('.');
});
afterEach(() => cluster.close());

const refusal = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'answered', (error: { code?: unknown; message?: string }) => [error.code, error.message]);

test('found, enrol two, join, change the leader, sign by another voter, revoke one: all of it over TLS', async () => {
  const host = await cluster.foundSecured('host');
  await cluster.join(`${base}.1`, 'host', {}, cluster.identity('host'));
  const one = await cluster.enrolAndStart(`${base}.1`, 'host', 'one', { asVoter: true });
  // Through a follower: the leader hears whom the voter speaks for.
  const voters = (node: typeof host): string => node.node.replica.driver.view.get().configuration.servers.filter(({ voter }) => voter).map(({ id }) => id).sort().join();
  await until(() => voters(one) === 'host,one', 5000);
  const two = await cluster.enrolAndStart(`${base}.2`, 'host', 'two', { asVoter: true });
  await until(() => [host, one, two].every((node) => voters(node) === 'host,one,two'), 5000, () => [host, one, two].map(voters));
  expect(await cluster.listNodes(`${base}.3`, cluster.identity('one'))).toHaveLength(3);

  // `one` gets an authority of its own, and becomes an admin.
  const authority = await pki.createKey();
  const request = await pki.createRequest(authority, 'one');
  await cluster.call(`${base}.3`, Trust.requestAuthority, { certificateRequest: Buffer.from(request) }, {}, cluster.identity('one'));
  const granted = await cluster.keys.authorityFor(request);
  await cluster.call(`${base}.1`, Trust.grantAuthority, { nodeId: 'one', certificate: Buffer.from(granted) }, {}, cluster.identity('host'));
  await cluster.call(`${base}.1`, Trust.setRole, { id: 'one', role: Role.ROLE_ADMIN }, {}, cluster.identity('host'));
  cluster.identities.set('one', { ...cluster.identity('one'), authority: { privateKey: authority, chain: [granted, cluster.keys.root] } });
  await one.update({ identity: toWire(cluster.identity('one')) });

  await host.stop();
  const leader = (): string | undefined => [one, two].find((node) => node.node.replica.driver.view.get().role === 'leader')?.id;
  await until(() => leader() !== undefined, 5000);
  // `two` leads without an authority, or passes on to `one`: either way `one` signs, and the one entry is the leader's.
  const phone = await cluster.redeem(`${base}.3`, await cluster.invite(`${base}.2`, 'one', { role: Role.ROLE_GUEST }), 'phone');
  expect([phone.role, pki.readCertificate(phone.chain[1] ?? Buffer.alloc(0)).id]).toEqual([Role.ROLE_GUEST, 'one']);
  expect((await cluster.join(`${base}.3`, 'phone', {}, cluster.identity('phone'))).addressIpv4).toBe(`${base}.4/16`);

  await cluster.start('host', { meshIpv4: `${base}.1`, identity: toWire(cluster.identity('host')) });
  await cluster.call(`${base}.2`, Trust.revokeDevice, { id: 'two' }, {}, cluster.identity('one'));
  await until(() => voters(one) === 'host,one', 5000, () => voters(one));
  // Its connections are cut, so a call may find one that is gone; then it is told.
  let told: unknown;
  await until(async () => {
    told = await refusal(cluster.listNodes(`${base}.2`, cluster.identity('two')));
    return !Array.isArray(told) || told[0] !== 14;
  }, 3000);
  expect(told).toEqual([7, 'revoked']);
  expect(one.node.replica.state.nodes().map(({ id }) => id)).toEqual(['host', 'one', 'phone']);
  expect(one.node.replica.state.trust.view().devices.map(({ id, state }) => [id, state])).toContainEqual(['two', DeviceState.DEVICE_STATE_REVOKED]);
  expect([one.broken(), two.broken(), one.node.replica.state.trust.auditIntact()]).toEqual([undefined, undefined, true]);
}, 15_000);

test('the app on the machine sees who belongs, reads the audit log and renews; a founder whose certificate ended long ago starts and helps itself', async () => {
  await cluster.foundSecured('host');
  const socket = join(cluster.folder, 'host.sock');
  const { signal } = new AbortController();
  for await (const { trust, networkName } of nodeClient.watchReplica(socket, signal)) {
    expect([trust?.secure, trust?.devices.map(({ id, role }) => [id, role]), trust?.authorities.length, networkName]).toEqual([true, [['host', Role.ROLE_ADMIN]], 1, 'test']);
    break;
  }
  expect((await nodeClient.audit(socket, { search: '', before: 0n, limit: 0 }, signal)).events.map(({ action }) => action)).toEqual(['mesh.found']);
  // The private socket answers nothing but its own service.
  await expect(cluster.callLocal(socket, Trust.getTrust, {})).rejects.toMatchObject({ code: 12 });

  await cluster.close();
  cluster = await securedCluster();
  base = cluster.network.split('.').slice(0, 3).join('.');
  cluster.identities.set('host', { ...(await cluster.keys.device('host', { notAfterMs: Date.now() - 1_000 })), authority: await cluster.keys.authority('host') });
  const host = await cluster.found('host', {}, cluster.identity('host'));
  expect(host.health()).toEqual({ ready: true, problem: null });
  const renewed = await nodeClient.renew(join(cluster.folder, 'host.sock'), await pki.createRequest(cluster.identity('host').privateKey, 'host'), signal);
  cluster.identities.set('host', { ...cluster.identity('host'), chain: renewed });
  await expect(cluster.listNodes(`${base}.1`, cluster.identity('host'))).rejects.toMatchObject({ code: 14 });
  await host.update({ identity: toWire(cluster.identity('host')) });
  cluster.reconnect();
  expect(await cluster.listNodes(`${base}.1`, cluster.identity('host'))).toHaveLength(1);
}, 15_000);

test('a renewed certificate is used at once, by callers and by Raft, without a restart', async () => {
  const host = await cluster.foundSecured('host');
  await cluster.join(`${base}.1`, 'host', {}, cluster.identity('host'));
  const one = await cluster.enrolAndStart(`${base}.1`, 'host', 'one', { asVoter: true });
  await until(() => one.health().ready, 3000);
  for (const [node, id] of [[one, 'one'], [host, 'host']] as const) {
    const chain = await nodeClient.renew(join(cluster.folder, `${id}.sock`), await pki.createRequest(cluster.identity(id).privateKey, id), new AbortController().signal);
    cluster.identities.set(id, { ...cluster.identity(id), chain });
    await node.update({ identity: toWire(cluster.identity(id)) });
  }
  await one.stop();
  const again = await cluster.start('one', { meshIpv4: `${base}.2`, identity: toWire(cluster.identity('one')) });
  await cluster.redeem(`${base}.1`, await cluster.invite(`${base}.1`, 'host'), 'late');
  await until(() => again.node.replica.state.trust.device('late') !== undefined, 5000);
  expect([host.broken(), again.broken()]).toEqual([undefined, undefined]);
}, 15_000);

test('a node that runs with certificates is not talked into clear text', async () => {
  const host = await cluster.foundSecured('host');
  await expect(host.update({ identity: undefined, insecure: true })).rejects.toMatchObject({ code: 'input.invalid' });
  expect(await cluster.listNodes(`${base}.1`, cluster.identity('host'))).toHaveLength(1);
}, 15_000);

test('files of a secured mesh are never spoken for in clear text, nor under another root', async () => {
  const host = await cluster.foundSecured('host');
  await host.stop();
  await expect(cluster.start('host', { meshIpv4: `${base}.1` })).rejects.toMatchObject({ code: 'auth.clear-text' });
  const other = await (await createMeshKeys()).founder('host');
  await expect(cluster.start('host', { meshIpv4: `${base}.1`, identity: toWire(other) })).rejects.toMatchObject({ code: 'auth.wrong-mesh' });
  const wrong = await cluster.keys.device('another');
  await expect(cluster.start('host', { meshIpv4: `${base}.1`, identity: toWire(wrong) })).rejects.toMatchObject({ code: 'input.invalid' });
}, 15_000);

/** The entry that records an identity's certificate. */
function recording(deviceId: string, { chain }: Identity): Uint8Array {
  const [certificate = new Uint8Array(), authority = new Uint8Array()] = chain;
  const nowMs = Date.now();
  const audit = { atMs: nowMs, actor: deviceId, node: deviceId, action: 'device.renew', subject: deviceId, detail: {} };
  return encodeEntry(renewEntry({ deviceId, nowMs, certificate: { ...pki.readCertificate(certificate), certificate, authority }, audit, forgetBeforeMs: 0 }));
}

test('voters that all slept past the end of their certificates find each other, and renew', async () => {
  const host = await cluster.foundSecured('host');
  await cluster.join(`${base}.1`, 'host', {}, cluster.identity('host'));
  const one = await cluster.enrolAndStart(`${base}.1`, 'host', 'one', { asVoter: true });
  await until(() => one.node.replica.driver.view.get().configuration.servers.filter(({ voter }) => voter).length === 2, 5000);
  // Certificates that end while both are off.
  for (const id of ['host', 'one']) {
    const short = await cluster.keys.device(id, { notAfterMs: Date.now() + 500 });
    await host.node.replica.driver.propose(recording(id, short), new AbortController().signal);
    cluster.identities.set(id, { ...short, authority: cluster.identity(id).authority });
  }
  await until(() => one.node.replica.driver.appliedIndex.get() === host.node.replica.driver.appliedIndex.get(), 3000);
  await Promise.all([host.stop(), one.stop()]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const awake = await Promise.all(['host', 'one'].map((id, i) => cluster.start(id, { meshIpv4: `${base}.${i + 1}`, identity: toWire(cluster.identity(id)) })));
  await until(() => awake.every((node) => node.health().ready), 5000, () => awake.map((node) => node.health()));
  // As their apps would: each asks its own node, again and again.
  const renew = async (node: (typeof awake)[number]): Promise<boolean> => {
    const request = await pki.createRequest(cluster.identity(node.id).privateKey, node.id);
    const chain = await nodeClient.renew(join(cluster.folder, `${node.id}.sock`), request, AbortSignal.timeout(5000)).catch(() => undefined);
    if (!chain) return false;
    cluster.identities.set(node.id, { ...cluster.identity(node.id), chain });
    await node.update({ identity: toWire(cluster.identity(node.id)) });
    return true;
  };
  const waiting = new Set(awake);
  await until(async () => {
    for (const node of waiting) if (await renew(node)) waiting.delete(node);
    return waiting.size === 0;
  }, 10_000);
  expect((await cluster.listNodes(`${base}.2`, cluster.identity('host'))).map(({ id }) => id)).toEqual(['host', 'one']);
}, 15_000);
