import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSmallFile, readStream } from './small-file.ts';

let folder = '';
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'wms-file-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const problemOf = (reading: Promise<string>): Promise<string> => reading.then((text) => `read ${text.length}`, (error: { detail: { problem: string } }) => error.detail.problem.replace(`${folder}/`, ''));

test('a regular file up to the limit is read whole', async () => {
  await writeFile(at('full'), 'ü'.repeat(8));
  expect(await readSmallFile(at('full'), 16)).toBe('üüüüüüüü');
});

test('everything else is refused without waiting: longer, no text, a link, a pipe, a device, a folder, nothing', async () => {
  await writeFile(at('long'), 'x'.repeat(17));
  await writeFile(at('bytes'), Buffer.from([0xff, 0xfe, 0]));
  await writeFile(at('target'), 'secret');
  await symlink(at('target'), at('link'));
  execFileSync('mkfifo', [at('pipe')]);
  const files = [at('long'), at('bytes'), at('link'), at('pipe'), '/dev/zero', folder, at('none')];
  expect(await Promise.all(files.map((file) => problemOf(readSmallFile(file, 16))))).toEqual([
    'long is longer than 16 bytes', 'bytes holds no text', 'link is a link to another file', 'pipe is no regular file', '/dev/zero is no regular file',
    expect.stringContaining('is no regular file'), 'none does not exist',
  ]);
});

test('a stream is read up to the limit and no further', async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<string> {
    for (;;) {
      asked++;
      yield 'xxxx';
    }
  }
  expect(await problemOf(readStream(endless(), 10))).toBe('standard input holds more than 10 bytes');
  expect(asked).toBe(3);
  async function* halves(): AsyncGenerator<Uint8Array> {
    yield Buffer.from([0xc3]);
    yield Buffer.from([0xbc]);
  }
  expect(await readStream(halves(), 10)).toBe('ü');
});
