import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDocuments } from './documents.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wm-documents-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was saved is loaded; nothing is loaded where nothing was saved', async () => {
  const documents = createDocuments(folder, folder);
  expect(await documents.load('x')).toBeUndefined();
  await documents.save('x', { a: [1] });
  expect(await documents.load('x')).toEqual({ a: [1] });
  await documents.remove('x');
  await documents.remove('x');
  expect(await documents.load('x')).toBeUndefined();
});

test('writes that overlap end with the last one', async () => {
  const documents = createDocuments(folder, folder);
  await Promise.all(Array.from({ length: 20 }, (_, i) => documents.save('x', i)));
  expect(await documents.load('x')).toBe(19);
  expect(readdirSync(folder)).toEqual(['x.json']);
});

test('two who read a damaged document at once set it aside once; two who reject one, too', async () => {
  const documents = createDocuments(folder, folder);
  writeFileSync(join(folder, 'x.json'), '{"a":');
  expect(await Promise.all([documents.load('x'), documents.load('x'), documents.load('x')])).toEqual([undefined, undefined, undefined]);
  expect(documents.setAside.get()).toEqual(['x.json.damaged-1']);
  await documents.save('x', 'nonsense');
  await Promise.all([documents.reject('x'), documents.reject('x')]);
  expect(documents.setAside.get()).toEqual(['x.json.damaged-1', 'x.json.damaged-2']);
});

test('a damaged document is kept aside and named, and reads as none', async () => {
  const documents = createDocuments(folder, folder);
  writeFileSync(join(folder, 'x.json'), '{"a":');
  expect(await documents.load('x')).toBeUndefined();
  expect(documents.setAside.get()).toEqual(['x.json.damaged-1']);
  expect(readFileSync(join(folder, 'x.json.damaged-1'), 'utf8')).toBe('{"a":');
  await documents.save('x', 'again');
  await documents.reject('x');
  expect(documents.setAside.get()).toEqual(['x.json.damaged-1', 'x.json.damaged-2']);
});

test('a name never leaves the folder', async () => {
  const documents = createDocuments(folder, folder);
  await expect(documents.load('../x')).rejects.toThrow('not a document name');
});
