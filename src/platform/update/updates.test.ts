import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeRoot, newKey } from '../../../scripts/lib/update-repository.ts';
import type { Updates } from '../../base/update.ts';
import { installer, keys, newKeys, resign, startMs, dayMs, type UpdateWorld, updateWorld } from '../../../test/fakes/update-world.ts';

let world: UpdateWorld;
beforeEach(async () => {
  world = await updateWorld();
});
afterEach(() => world.close());

const check = (client: Updates = world.client()): Promise<unknown> => world.outcome((signal) => client.check(signal));
const download = (client: Updates = world.client()): Promise<unknown> => world.outcome((signal) => client.download(() => {}, signal));
const release = (version: string) => ({ version, notes: 'Faster.', bytes: 9, format: 'deb' });
const downloaded = (): readonly string[] => (existsSync(join(world.folder, 'download')) ? readdirSync(join(world.folder, 'download')) : []);
const remote = `targets/${createHash('sha256').update('a new app').digest('hex')}.${installer().name}`;

test('a newer version is found, fetched, verified, and lies where only this user can read it', async () => {
  world.publish(1, '0.2.0');
  expect(await check()).toEqual(release('0.2.0'));
  const told: number[] = [];
  const got = await world.outcome((signal) => world.client().download((_, bytes) => told.push(bytes), signal));
  const path = join(world.folder, 'download', installer().name);
  expect(got).toEqual({ release: release('0.2.0'), path });
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777, statSync(join(path, '..')).mode & 0o777, statSync(join(world.folder, 'trusted.json')).mode & 0o777]).toEqual(['a new app', 0o600, 0o700, 0o600]);
  expect(told.at(-1)).toBe(9);
  await world.client().discard();
  expect(downloaded()).toEqual([]);
});

test('what is not newer, or for another machine, is no update', async () => {
  world.publish(1, '0.1.0');
  expect(await check()).toBe(null);
  expect(await download()).toBe(null);
  world.publish(2, '0.3.0', { installers: [{ ...installer(), arch: 'arm64' }, { ...installer(undefined, 'a.exe'), format: 'exe' }] });
  expect(await check()).toBe(null);
  expect(await check(world.client({ machine: { arch: 'x64', formats: ['exe'] } }))).toEqual({ ...release('0.3.0'), format: 'exe' });
});

test('a second look asks for the timestamp alone, and a new timestamp over the same targets for two files', async () => {
  const made = world.publish(1, '0.2.0');
  await check();
  world.asked.length = 0;
  expect(await check()).toEqual(release('0.2.0'));
  expect(world.asked).toEqual(['metadata/2.root.json', 'metadata/timestamp.json']);
  world.days(5);
  resign(world, made.get('metadata/1.targets.json') as Buffer, { targets: 1, snapshot: 2, timestamp: 2 }, startMs + 5 * dayMs);
  world.asked.length = 0;
  expect(await check()).toEqual(release('0.2.0'));
  expect(world.asked).toEqual(['metadata/2.root.json', 'metadata/timestamp.json', 'metadata/2.snapshot.json']);
});

test('without an address nothing is asked', async () => {
  const client = world.client({ address: '' });
  expect([client.configured, await check(client), await download(client), world.asked]).toEqual([false, 'update.off', 'update.off', []]);
});

test.each(['timestamp', 'snapshot', 'targets'] as const)('a bad signature: %s signed by a stranger', async (role) => {
  world.publish(1, '0.2.0', { keys: { ...keys, [role]: newKeys()[role] } });
  expect(await check()).toBe('update.bad-signature');
  expect(await download()).toBe('update.bad-signature');
  expect(downloaded()).toEqual([]);
});

test('a bad signature: a byte of signed text was changed', async () => {
  const made = world.publish(1, '0.2.0');
  const timestamp = (made.get('metadata/timestamp.json') as Buffer).toString();
  world.files.set('metadata/timestamp.json', Buffer.from(timestamp.replace('"version": 1', '"version": 7')));
  expect(await check()).toBe('update.bad-signature');
});

test('expired metadata: a frozen timestamp is refused the moment it ends, by a new client and by one that knows it', async () => {
  world.publish(1, '0.2.0');
  const client = world.client();
  expect(await check(client)).toEqual(release('0.2.0'));
  world.days(7);
  expect(await check(client)).toBe('update.expired');
  expect(await download(client)).toBe('update.expired');
  expect(await check(world.client({ folder: join(world.folder, 'new') }))).toBe('update.expired');
  expect(downloaded()).toEqual([]);
});

test('expired metadata: targets behind a fresh timestamp, and an expired root', async () => {
  const made = world.publish(1, '0.2.0');
  world.days(366);
  resign(world, made.get('metadata/1.targets.json') as Buffer, { targets: 1, snapshot: 2, timestamp: 2 }, startMs + 366 * dayMs);
  expect(await check()).toBe('update.expired');
  world.days(3650);
  expect(await check()).toBe('update.expired');
});

test('older metadata: a timestamp, or a snapshot behind a new timestamp, that goes back is refused; the newer one stays believed', async () => {
  const old = world.publish(1, '0.2.0');
  const oldTimestamp = world.files.get('metadata/timestamp.json') as Buffer;
  world.publish(2, '0.3.0');
  expect(await check()).toEqual(release('0.3.0'));
  const newTimestamp = world.files.get('metadata/timestamp.json') as Buffer;
  world.files.set('metadata/timestamp.json', oldTimestamp);
  expect(await check()).toBe('update.older');
  resign(world, old.get('metadata/1.targets.json') as Buffer, { targets: 1, snapshot: 1, timestamp: 3 }, startMs);
  expect(await check()).toBe('update.older');
  resign(world, old.get('metadata/1.targets.json') as Buffer, { targets: 1, snapshot: 3, timestamp: 3 }, startMs);
  expect(await check()).toBe('update.older');
  world.files.set('metadata/timestamp.json', newTimestamp);
  expect(await check()).toBe('update.older');
});

test('a crash between metadata and download: the next life is not led back to an older version', async () => {
  world.publish(1, '0.2.0');
  const older = new Map(world.files);
  world.publish(2, '0.3.0');
  world.odd.set('metadata/2.targets.json', (request) => request.socket.destroy());
  expect(await check()).toBe('update.unreachable');
  world.odd.clear();
  world.files.clear();
  for (const [path, bytes] of older) world.files.set(path, bytes);
  expect(await download()).toBe('update.older');
  expect(downloaded()).toEqual([]);
});

test('mix and match: a snapshot of another day under a new timestamp', async () => {
  world.publish(1, '0.2.0');
  const snapshot = world.files.get('metadata/1.snapshot.json') as Buffer;
  world.publish(2, '0.3.0');
  world.files.set('metadata/2.snapshot.json', snapshot);
  expect(await check()).toBe('update.damaged');
});

test('a damaged record of what was believed refuses everything, until a person removes it', async () => {
  world.publish(1, '0.2.0');
  await check();
  const path = join(world.folder, 'trusted.json');
  const good = readFileSync(path, 'utf8');
  for (const bad of ['', '{}', good.slice(0, -9), good.replace('Faster', 'Slower'), 'x'.repeat(1 << 20)]) {
    writeFileSync(path, bad);
    expect(await check()).toBe('update.record-damaged');
    expect(await download()).toBe('update.record-damaged');
  }
  writeFileSync(path, good);
  expect(await check()).toEqual(release('0.2.0'));
});

test('an oversized payload: more bytes than signed are cut off, announced or not', async () => {
  world.publish(1, '0.2.0');
  world.files.set(remote, Buffer.from('a new app and more'));
  expect(await download()).toBe('update.too-large');
  let sent = 0;
  world.odd.set(remote, (_request, response) => {
    const again = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(1024))) sent += 1024;
    };
    response.writeHead(200).on('drain', again);
    again();
  });
  expect(await download()).toBe('update.too-large');
  expect(sent).toBeLessThan(16 << 20);
  expect(downloaded()).toEqual([]);
});

test('an oversized payload: a signed length beyond ours is refused before a byte is asked for', async () => {
  const huge = installer(Buffer.from('a new app'));
  Object.defineProperty(huge.bytes, 'length', { value: 600 * 2 ** 20 });
  world.publish(1, '0.2.0', { installers: [huge] });
  expect(await download()).toBe('update.too-large');
  expect(world.asked.filter((path) => path.startsWith('targets/'))).toEqual([]);
});

test.each(['timestamp.json', '1.snapshot.json', '1.targets.json', '2.root.json'])('oversized metadata: %s without end', async (name) => {
  world.publish(1, '0.2.0');
  world.odd.set(`metadata/${name}`, (_request, response) => {
    const again = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(4096, 0x20)));
    };
    response.writeHead(200).on('drain', again);
    again();
  });
  expect(await check()).toBe('update.too-large');
});

test('a wrong hash: same length, other bytes; nothing of it stays', async () => {
  world.publish(1, '0.2.0');
  world.files.set(remote, Buffer.from('a bad app'));
  expect(await download()).toBe('update.wrong-hash');
  world.files.set(remote, Buffer.from('a new'));
  expect(await download()).toBe('update.wrong-hash');
  expect(downloaded()).toEqual([]);
});

test('a threshold that is not met: one of two signatures of the root, or one key twice', async () => {
  const rotated = { ...newKeys(), root: { keys: [newKey(), newKey()], threshold: 2 } };
  world.publish(1, '0.2.0', { keys: rotated });
  const before = keys.root.keys.slice(0, 1);
  world.files.set('metadata/2.root.json', makeRoot({ version: 2, keys: rotated, nowMs: startMs, before }));
  expect(await check()).toBe('update.bad-signature');
  world.files.set('metadata/2.root.json', makeRoot({ version: 2, keys: rotated, nowMs: startMs, before: [...before, ...before] }));
  expect(await check()).toBe('update.bad-signature');
});

test('a good rotation of the root: the new keys count, the old ones no longer, also in the next life and behind an older build', async () => {
  world.publish(9, '0.2.0');
  expect(await check()).toEqual(release('0.2.0'));
  const rotated = newKeys();
  world.files.set('metadata/2.root.json', makeRoot({ version: 2, keys: rotated, nowMs: startMs, before: keys.root.keys }));
  expect(await check()).toBe('update.bad-signature');
  // Keys were rotated because they were stolen: what the thief signed with high numbers does not stand in the way (5.3.11).
  world.publish(1, '0.3.0', { keys: rotated });
  expect(await check()).toEqual(release('0.3.0'));
  world.files.delete('metadata/2.root.json');
  expect(await check()).toEqual(release('0.3.0'));
});

test('a bad rotation of the root: skipped, repeated, signed by itself alone, or of no use', async () => {
  world.publish(1, '0.2.0');
  const rotated = newKeys();
  const before = keys.root.keys;
  for (const [root, why] of [
    [makeRoot({ version: 3, keys: rotated, nowMs: startMs, before }), 'update.damaged'],
    [world.root, 'update.damaged'],
    [makeRoot({ version: 2, keys: rotated, nowMs: startMs }), 'update.bad-signature'],
    [makeRoot({ version: 2, keys: rotated, nowMs: startMs - 5000 * dayMs, before }), 'update.expired'],
    [Buffer.from('{}'), 'update.damaged'],
    [Buffer.from(`{"signed":${'['.repeat(30_000)}${']'.repeat(30_000)}}`), 'update.damaged'],
  ] as const) {
    world.files.set('metadata/2.root.json', root);
    expect(await check(world.client({ folder: join(world.folder, why) }))).toBe(why);
  }
});

test('a build with a newer root goes on from it', async () => {
  world.publish(1, '0.2.0');
  await check();
  const rotated = newKeys();
  const root = makeRoot({ version: 2, keys: rotated, nowMs: startMs, before: keys.root.keys });
  world.publish(2, '0.3.0', { keys: rotated });
  expect(await check(world.client({ root: root.toString() }))).toEqual(release('0.3.0'));
  expect(await check(world.client())).toEqual(release('0.3.0'));
});

test.each(['../../.bashrc', '/etc/passwd', '..', 'a/b.deb', 'a\\b.deb', '.hidden', 'a;rm -rf x.deb', "a'b.deb", 'a\nb.deb', `${'x'.repeat(200)}.deb`])('a name that leads elsewhere: %j', async (name) => {
  world.publish(1, '0.2.0', { installers: [installer(undefined, name)] });
  expect(await download()).toBe('update.damaged');
  expect(readdirSync(world.folder)).toEqual(['trusted.json']);
});
