import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSealedSecrets } from '../platform/sealed-secrets.ts';
import { createFileSecrets } from '../platform/secrets-file.ts';
import { keyringSealer, type Keyring } from './secrets.ts';

let folder = '';
beforeEach(async () => (folder = join(await mkdtemp(join(tmpdir(), 'wms-secret-')), 'secrets')));
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

/** A keyring that turns bytes around, and opens nothing that it did not seal. */
const keyring = (change: Partial<Keyring> = {}): Keyring => ({
  isEncryptionAvailable: () => true,
  getSelectedStorageBackend: () => 'gnome_libsecret',
  encryptString: (text) => Buffer.from(Buffer.from(`v11${text}`).map((byte) => byte ^ 0x5a)),
  decryptString: (sealed) => {
    const text = Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString();
    if (!text.startsWith('v11')) throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString.');
    return text.slice(3);
  },
  ...change,
});
const desktop = () => createSealedSecrets(folder, createFileSecrets(folder), keyringSealer(keyring(), 'linux'));
const server = () => createSealedSecrets(folder, createFileSecrets(folder), undefined);
const reason = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'fine', ({ code, detail }: { code: string; detail: { reason: string } }) => [code, detail.reason]);

test('a keyring is used where there is a real one', () => {
  const kinds: readonly [Keyring, NodeJS.Platform][] = [
    [keyring(), 'linux'], [keyring({ getSelectedStorageBackend: () => 'kwallet6' }), 'linux'], [keyring({ getSelectedStorageBackend: () => { throw new Error('Linux only'); } }), 'darwin'], [keyring(), 'win32'],
    [keyring({ getSelectedStorageBackend: () => 'basic_text' }), 'linux'], [keyring({ getSelectedStorageBackend: () => 'unknown' }), 'linux'], [keyring({ isEncryptionAvailable: () => false }), 'darwin'],
  ];
  expect(kinds.map(([of, platform]) => keyringSealer(of, platform) !== undefined)).toEqual([true, true, true, true, false, false, false]);
});

test('what the keyring sealed is on the disk unreadable, private, whole, and gone when removed', async () => {
  const secrets = desktop();
  expect([secrets.kept, await secrets.load('network-a')]).toEqual(['keyring', undefined]);
  await secrets.save('network-a', 'the key');
  expect([await secrets.load('network-a'), await readdir(folder), (await stat(join(folder, 'network-a.sealed'))).mode & 0o777]).toEqual(['the key', ['network-a.sealed'], 0o600]);
  expect(await readFile(join(folder, 'network-a.sealed'), 'latin1')).not.toContain('the key');
  await secrets.remove('network-a');
  expect([await secrets.load('network-a'), await readdir(folder)]).toEqual([undefined, []]);
});

test('what was a private file is read, and moves into the keyring with its next change', async () => {
  await server().save('network-a', 'old');
  const secrets = desktop();
  expect(await secrets.load('network-a')).toBe('old');
  await secrets.save('network-a', 'new');
  expect([await readdir(folder), await secrets.load('network-a')]).toEqual([['network-a.sealed'], 'new']);
});

test('a shell without the keyring never takes a sealed secret for a missing one', async () => {
  await desktop().save('network-a', 'key');
  const refusal = ['internal.secrets', 'the keyring of the desktop holds it: start the Webmesh window instead'];
  expect([await reason(server().load('network-a')), await reason(server().save('network-a', 'x')), await server().load('network-b')]).toEqual([refusal, refusal, undefined]);
  expect(await desktop().load('network-a')).toBe('key');
});

test('another keyring, a link and a folder in the place are trouble and not a missing secret', async () => {
  await desktop().save('network-a', 'key');
  await writeFile(join(folder, 'network-a.sealed'), 'garbage');
  await symlink('/etc/passwd', join(folder, 'network-b.sealed'));
  const locked = createSealedSecrets(folder, createFileSecrets(folder), keyringSealer(keyring({ encryptString: () => { throw new Error('locked'); } }), 'linux'));
  expect(await Promise.all([reason(desktop().load('network-a')), reason(desktop().load('network-b')), reason(locked.save('network-c', 'x'))])).toEqual([
    ['internal.secrets', 'the keyring does not open it'], ['internal.secrets', 'it cannot be read'], ['internal.secrets', 'the keyring does not take it'],
  ]);
  await expect(desktop().load('../network-a')).rejects.toThrow('not a name');
});
