import { afterAll, beforeAll, expect, test } from 'vitest';
import { lives } from '../../src/base/identity.ts';
import { type Host, lab } from './support/hosts.ts';

/** Who belongs to a mesh, on real machines: three of them, with helper, node process, engine and network of their own. */
const machines = lab('mb');
let founder: Host;
let voter: Host;
let guest: Host;

beforeAll(async () => {
  [founder, voter, guest] = await Promise.all([machines.host('a', '192.168.79.1/24'), machines.host('b', '192.168.79.2/24'), machines.host('c', '192.168.79.3/24')]);
});
afterAll(() => machines.close());

const here = (host: Host) => host.until('health', ({ warnings }) => !warnings.some(({ code }) => code === 'helper-missing'));
const connected = (host: Host) => host.until('session', ({ phase }) => phase === 'connected', 40_000);
const ownId = (host: Host) => host.topic('profiles').list[0]?.nodeId ?? '';
const tunnels = (host: Host) => host.run('ip', '-brief', 'link').split('\n').filter((line) => line.startsWith('wm'));

function addressOf(host: Host): string {
  const session = host.topic('session');
  if (session.phase !== 'connected' || !session.lease.ipv4) throw new Error(`${host.name} is ${session.phase}`);
  return session.lease.ipv4;
}

const ping = (host: Host, to: Host) => host.run('ping', '-c', '1', '-i', '0.2', '-w', '8', addressOf(to));

test('a device waits until an admin accepts it, then goes on by itself', async () => {
  await Promise.all([here(founder), here(voter), here(guest)]);
  await founder.client.call('mesh.create', { name: 'home' });
  await founder.client.call('session.connect', {});
  await connected(founder);
  const { link } = await founder.client.call('invite.create', { needsApproval: true, note: 'for the voter' });
  await voter.client.call('invite.redeem', { link, asVoter: true });
  await voter.client.call('session.connect', {});
  const waiting = await voter.until('session', (session) => session.phase === 'reconnecting' && session.cause.code === 'auth.pending');
  const { devices } = await founder.until('trust', ({ devices }) => devices.some(({ state }) => state === 'pending'));
  const pending = devices.find(({ state }) => state === 'pending');
  expect(waiting.phase === 'reconnecting' && waiting.cause.detail['fingerprint']).toBe(pending?.keyFingerprint);
  await founder.client.call('device.approve', { id: pending?.id ?? '' });
  await connected(voter);
  expect(ping(founder, voter)).toMatch(/ [1-9]\d* received/);
});

test('the voter gets an authority of its own, without anybody doing anything', async () => {
  await founder.until('trust', ({ authorities }) => authorities.length === 2 && authorities.every(({ granted }) => granted), 40_000);
  await voter.until('node', ({ role }) => role === 'voter', 20_000);
});

test('an admin on another device invites, with that device as the first address', async () => {
  await founder.client.call('device.role', { id: ownId(voter), role: 'admin' });
  await voter.until('trust', ({ role }) => role === 'admin');
  const { link } = await voter.client.call('invite.create', { role: 'guest' });
  const { invitation } = await guest.client.call('invite.inspect', { link });
  expect(invitation).toMatchObject({ networkName: 'home', role: 'guest', known: null, addresses: ['192.168.79.2:8443', '192.168.79.1:8443'], fingerprint: founder.topic('trust').fingerprint });
  await guest.client.call('invite.redeem', { link });
  await guest.client.call('session.connect', {});
  await connected(guest);
  expect(ping(guest, founder)).toMatch(/ [1-9]\d* received/);
  await guest.until('trust', ({ role }) => role === 'guest');
  await expect(guest.client.call('invite.create', {})).rejects.toMatchObject({ code: 'auth.not-permitted' });
});

test('a device that is revoked is out within ten seconds, everywhere, and is told', async () => {
  const startedMs = performance.now();
  await founder.client.call('device.revoke', { id: ownId(guest) });
  const blocked = await guest.until('session', ({ phase }) => phase === 'blocked', 15_000);
  const tookMs = Math.round(performance.now() - startedMs);
  process.stdout.write(`revoked while connected: blocked after ${tookMs} ms\n`);
  expect(blocked).toMatchObject({ failure: { code: 'auth.revoked' } });
  expect(tookMs).toBeLessThan(10_000);
  expect(tunnels(guest)).toEqual([]);
  await Promise.all([founder, voter].map((host) => host.until('peers', ({ list }) => list.length === 2, 5_000)));
});

test('it comes back with a new invite, as another device', async () => {
  const old = ownId(guest);
  const { link } = await founder.client.call('invite.create', {});
  await guest.client.call('invite.redeem', { link });
  await guest.client.call('session.connect', {});
  await connected(guest);
  expect(ownId(guest)).not.toBe(old);
  expect(guest.topic('profiles').list).toHaveLength(1);
  expect(ping(guest, founder)).toMatch(/ [1-9]\d* received/);
});

test('all of it is in the audit log, the same on every device', async () => {
  const { events, intact } = await voter.client.call('audit.list', {});
  expect(intact).toBe(true);
  const actions = new Set(events.map(({ action }) => action));
  for (const action of ['invite.create', 'device.enroll', 'device.approve', 'device.revoke']) expect({ action, there: actions.has(action) }).toEqual({ action, there: true });
  const there = await founder.client.call('audit.list', {});
  expect(there.events.map(({ hash }) => hash)).toEqual(events.map(({ hash }) => hash));
});

test('certificate and tunnel key are renewed in place: nobody is cut off', async () => {
  // Within a minute the mesh repeats its answer instead of signing again.
  const signedMs = (voter.topic('trust').notAfterMs ?? 0) - lives.deviceMs;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, signedMs + 62_000 - Date.now())));
  const before = { notAfterMs: voter.topic('trust').notAfterMs ?? 0, session: await connected(voter) };
  await voter.client.call('certificate.renew', {});
  await voter.until('trust', ({ notAfterMs }) => (notAfterMs ?? 0) > before.notAfterMs);
  const after = await voter.until('session', (session) => session.phase === 'connected' && before.session.phase === 'connected' && session.tunnel.publicKey !== before.session.tunnel.publicKey, 10_000);
  expect(after).toMatchObject({ phase: 'connected', degraded: null, epoch: before.session.epoch });
  expect(ping(founder, voter)).toMatch(/ [1-9]\d* received/);
  expect(ping(voter, guest)).toMatch(/ [1-9]\d* received/);
});
