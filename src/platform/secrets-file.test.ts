import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileSecrets } from './secrets-file.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'wm-secrets-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const refused = { code: 'internal.secrets' };

test('a secret is kept in a file that nobody else may read, replaced whole, and removed', async () => {
  const secrets = createFileSecrets(join(home, 'secrets'));
  expect(await secrets.load('network-a')).toBeUndefined();
  await secrets.remove('network-a');
  expect(existsSync(join(home, 'secrets'))).toBe(false);
  await secrets.save('network-a', 'one');
  await secrets.save('network-a', 'two');
  expect(await secrets.load('network-a')).toBe('two');
  expect([statSync(join(home, 'secrets')).mode & 0o777, statSync(join(home, 'secrets', 'network-a')).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(readdirSync(join(home, 'secrets'))).toEqual(['network-a']);
  await secrets.remove('network-a');
  expect(await secrets.load('network-a')).toBeUndefined();
});

test('writes happen in the order in which they were asked for', async () => {
  const secrets = createFileSecrets(join(home, 'secrets'));
  await Promise.all(Array.from({ length: 20 }, (_, at) => secrets.save('n', String(at))));
  expect(await secrets.load('n')).toBe('19');
});

test('a link is neither read nor written through', async () => {
  const secrets = createFileSecrets(join(home, 'secrets'));
  await secrets.save('n', 'mine');
  writeFileSync(join(home, 'elsewhere'), 'not ours', { mode: 0o600 });
  rmSync(join(home, 'secrets', 'n'));
  symlinkSync(join(home, 'elsewhere'), join(home, 'secrets', 'n'));
  await expect(secrets.load('n')).rejects.toMatchObject(refused);
  await expect(secrets.save('n', 'stolen')).rejects.toMatchObject(refused);
  expect(readFileSync(join(home, 'elsewhere'), 'utf8')).toBe('not ours');
  await secrets.remove('n');
  expect(existsSync(join(home, 'elsewhere'))).toBe(true);
});

test('a folder that is a link, or that others may enter, is refused', async () => {
  mkdirSync(join(home, 'real'), { mode: 0o700 });
  symlinkSync(join(home, 'real'), join(home, 'secrets'));
  await expect(createFileSecrets(join(home, 'secrets')).save('n', 'x')).rejects.toMatchObject(refused);
  mkdirSync(join(home, 'open'));
  chmodSync(join(home, 'open'), 0o755);
  await expect(createFileSecrets(join(home, 'open')).save('n', 'x')).rejects.toMatchObject(refused);
  await expect(createFileSecrets(join(home, 'open')).load('n')).rejects.toMatchObject(refused);
});

test('a file that others may read is not read: it may be known, or made, by them', async () => {
  const secrets = createFileSecrets(join(home, 'secrets'));
  await secrets.save('n', 'x');
  chmodSync(join(home, 'secrets', 'n'), 0o644);
  await expect(secrets.load('n')).rejects.toMatchObject(refused);
  await expect(secrets.save('n', 'y')).rejects.toMatchObject(refused);
});

test('other kinds of files in the place are refused', async () => {
  const secrets = createFileSecrets(join(home, 'secrets'));
  await secrets.save('m', 'x');
  mkdirSync(join(home, 'secrets', 'n'));
  await expect(secrets.load('n')).rejects.toMatchObject(refused);
  await expect(secrets.save('n', 'y')).rejects.toMatchObject(refused);
  expect(lstatSync(join(home, 'secrets', 'n')).isDirectory()).toBe(true);
});

test('names are names, never paths', async () => {
  const secrets = createFileSecrets(join(home, 'secrets'));
  for (const name of ['../x', 'a/b', '', 'UPPER', '.', 'x'.repeat(65)]) await expect(secrets.save(name, 'x')).rejects.toThrow();
});
