import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isFailure } from '../base/failure.ts';
import { readJson, setAside, storageFailure, writeFileAtomic } from './files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webmesh-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const asNames = (value: unknown): string[] => {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value.map(String);
};

test('replaces a file, private to its owner, and leaves no temporary file', async () => {
  const path = join(folder, 'deep', 'names.json');
  await writeFileAtomic(path, '["a"]');
  await writeFileAtomic(path, '["b"]');
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777, readdirSync(join(folder, 'deep'))]).toEqual(['["b"]', 0o600, ['names.json']]);
});

test('a write that cannot happen is a Failure and keeps the old content', async () => {
  const path = join(folder, 'names.json');
  await writeFileAtomic(path, 'old');
  writeFileSync(join(folder, 'plain'), '');
  const refused = await writeFileAtomic(join(folder, 'plain', 'names.json'), 'new').catch((error: unknown) => error);
  expect(isFailure(refused) && refused.code).toBe('internal.storage');
  expect(readFileSync(path, 'utf8')).toBe('old');
});

test('no room on the disk has its own code', () => {
  expect(storageFailure(Object.assign(new Error('full'), { code: 'ENOSPC' }), '/x')).toMatchObject({ code: 'node.disk-full', detail: { path: '/x', reason: 'ENOSPC' } });
});

test('reads a value, and says when there is none', async () => {
  await writeFileAtomic(join(folder, 'names.json'), '["a","b"]');
  expect(await readJson(join(folder, 'names.json'), asNames)).toEqual({ kind: 'value', value: ['a', 'b'] });
  expect(await readJson(join(folder, 'other.json'), asNames)).toEqual({ kind: 'missing' });
});

test('sets a damaged file aside under the next free number and loses nothing', async () => {
  const path = join(folder, 'names.json');
  for (const text of ['["half', '{"wrong":"shape"}', '']) {
    writeFileSync(path, text);
    expect(await readJson(path, asNames)).toMatchObject({ kind: 'damaged' });
  }
  expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual([
    ['names.json.damaged-1', '["half'], ['names.json.damaged-2', '{"wrong":"shape"}'], ['names.json.damaged-3', ''],
  ]);
});

test('setting aside stops at a hundred kept files', async () => {
  const path = join(folder, 'names.json');
  for (let n = 1; n <= 100; n++) writeFileSync(`${path}.damaged-${n}`, '');
  writeFileSync(path, 'x');
  await expect(setAside(path)).rejects.toMatchObject({ code: 'input.file-damaged' });
  expect(readFileSync(path, 'utf8')).toBe('x');
});

test('what a killed life of the same number left half written is in nobody\'s way', async () => {
  const path = join(folder, 'again.json');
  // In a container a process has the same number in every life, and each life counts its writes from one.
  for (let n = 0; n < 1_000; n++) writeFileSync(join(folder, `.again.json.${process.pid}-${n}.tmp`), 'half');
  await writeFileAtomic(path, 'whole');
  expect(readFileSync(path, 'utf8')).toBe('whole');
});
