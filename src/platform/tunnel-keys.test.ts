import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isKey } from '../base/keys.ts';
import { publicKeyOf, tunnelKeys } from './tunnel-keys.ts';

const place = { uid: 1000, tunnelId: 'home' };
let folder = '';
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'wml-keys-')), 'keys');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

test('a public key is the X25519 of its private key (RFC 7748 section 5.2, first iteration)', () => {
  const nine = Buffer.from('09'.padEnd(64, '0'), 'hex').toString('base64');
  expect(Buffer.from(publicKeyOf(nine), 'base64').toString('hex')).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
});

test('a tunnel\'s key is made once for each user, kept for root alone, and made anew when its file is damaged', async () => {
  const [first, again, bobs] = await Promise.all([tunnelKeys(folder).of(place), tunnelKeys(folder).of({ ...place, tunnelId: 'other' }), tunnelKeys(folder).of({ ...place, uid: 1001 })]);
  expect([isKey(first.publicKey), isKey(first.privateKey.reveal()), new Set([first, again, bobs].map((key) => key.publicKey)).size]).toEqual([true, true, 3]);
  expect([(await tunnelKeys(folder).of(place)).publicKey, statSync(first.path).mode & 0o777, statSync(folder).mode & 0o777, statSync(join(folder, '1000')).mode & 0o777])
    .toEqual([first.publicKey, 0o600, 0o700, 0o700]);
  expect([JSON.stringify(first).includes(first.privateKey.reveal()), Math.abs(first.madeMs - Date.now()) < 60_000]).toEqual([false, true]);
  writeFileSync(first.path, 'x');
  expect((await tunnelKeys(folder).of(place)).publicKey).not.toBe(first.publicKey);
  expect([[...await tunnelKeys(folder).known()].sort(), readFileSync(`${first.path}.damaged-1`, 'utf8')]).toEqual([['home', 'other'], 'x']);
});

test('a key of the layout without users goes to the first user who names its tunnel, whole', async () => {
  mkdirSync(folder, { mode: 0o700 });
  const text = Buffer.alloc(32, 7).toString('base64');
  writeFileSync(join(folder, 'home'), `${text}\n`, { mode: 0o600 });
  utimesSync(join(folder, 'home'), 1_000, 1_000);
  expect(await tunnelKeys(folder).known()).toEqual(['home']);
  const keys = tunnelKeys(folder);
  expect([(await keys.of(place)).publicKey, (await keys.of(place)).madeMs]).toEqual([publicKeyOf(text), 1_000_000]);
  expect([(await keys.of({ ...place, uid: 1001 })).publicKey === publicKeyOf(text), readdirSync(folder).sort()]).toEqual([false, ['1000', '1001']]);
});

test('the next key waits, also for the next life, until it is promoted; then nothing is left of the old one', async () => {
  const keys = tunnelKeys(folder);
  const old = await keys.of(place);
  expect(await keys.next(place, false)).toBe(undefined);
  const next = await keys.next(place, true);
  expect([(await keys.next(place, true))?.publicKey, (await tunnelKeys(folder).next(place, true))?.publicKey]).toEqual([next?.publicKey, next?.publicKey]);
  expect((await keys.named(place, next?.publicKey ?? '')).privateKey.reveal()).toBe(next?.privateKey.reveal());
  await expect(keys.named(place, publicKeyOf(Buffer.alloc(32, 9).toString('base64')))).rejects.toMatchObject({ code: 'input.invalid' });
  await keys.promote(place, old.publicKey);
  expect((await keys.of(place)).publicKey).toBe(old.publicKey);
  await keys.promote(place, next?.publicKey ?? '');
  expect([(await keys.of(place)).publicKey, await keys.next(place, false), readdirSync(join(folder, '1000'))]).toEqual([next?.publicKey, undefined, ['home']]);
  expect([readFileSync(join(folder, '1000/home'), 'utf8').includes(old.privateKey.reveal()), (await keys.of(place)).madeMs]).toEqual([false, next?.madeMs]);
});

test('a life that ends at any step of a promotion leaves the present key, the new one, or both: never none', async () => {
  const before = tunnelKeys(folder);
  const [old, next] = [await before.of(place), await before.next(place, true)];
  const path = join(folder, '1000/home');
  // Before the rename: both. After it: the new one alone. There is no step in between; a half-written key has another name.
  writeFileSync(join(folder, '1000/.home.next.1-1.tmp'), 'half');
  const life = tunnelKeys(folder);
  expect([(await life.of(place)).publicKey, (await life.next(place, false))?.publicKey, readdirSync(join(folder, '1000')).sort()]).toEqual([old.publicKey, next?.publicKey, ['home', 'home.next']]);
  renameSync(`${path}.next`, path);
  const later = tunnelKeys(folder);
  expect([(await later.of(place)).publicKey, await later.next(place, false)]).toEqual([next?.publicKey, undefined]);
  await later.promote(place, next?.publicKey ?? '');
  expect((await later.of(place)).publicKey).toBe(next?.publicKey);
});

test('one user cannot fill the disk with keys', async () => {
  mkdirSync(join(folder, '1000'), { recursive: true, mode: 0o700 });
  for (let i = 0; i < 256; i++) writeFileSync(join(folder, '1000', `t${i}`), '', { mode: 0o600 });
  await expect(tunnelKeys(folder).of(place)).rejects.toMatchObject({ code: 'input.limit' });
  expect((await tunnelKeys(folder).of({ ...place, uid: 1001 })).publicKey).not.toBe('');
});
