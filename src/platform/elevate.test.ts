import { chmod, chown, lchown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevateHelper } from './elevate.ts';

/** A program that ends with its own code says that it was started: only root starts it directly, so only root sees the difference. */
const asRoot = test.runIf(process.platform === 'linux' && process.geteuid?.() === 0);
const nobody = 65_534;
let folder = '';
let program = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'wms-elev-')));
  await mkdir(join(folder, 'app/helper'), { recursive: true });
  program = join(folder, 'app/helper/helper');
  await writeFile(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const outcome = (path = program): Promise<string> =>
  elevateHelper(path).then(() => 'started', ({ code, detail }: { code: string; detail: { path?: string; reason?: string } }) => `${code} ${(detail.path ?? '').replace(folder, '')} ${detail.reason}`);

asRoot('what only root and we can change is started', async () => {
  expect(await outcome()).toBe('started');
});

asRoot('a program that others could change, or swap by any folder or link above it, is not started', async () => {
  await chmod(program, 0o757);
  expect(await outcome()).toBe('helper.not-trusted /app/helper/helper others could change it');
  await chmod(program, 0o755);
  await chmod(join(folder, 'app'), 0o777);
  expect(await outcome()).toBe('helper.not-trusted /app others could change it');
  await chmod(join(folder, 'app'), 0o775);
  await chown(join(folder, 'app'), 0, nobody);
  expect(await outcome()).toBe('helper.not-trusted /app others could change it');
  await chown(join(folder, 'app'), nobody, 0);
  expect(await outcome()).toBe('helper.not-trusted /app it belongs to another user');
  await chown(join(folder, 'app'), 0, 0);
  await symlink(join(folder, 'app'), join(folder, 'link'));
  await lchown(join(folder, 'link'), nobody, nobody);
  expect(await outcome(join(folder, 'link/helper/helper'))).toBe('helper.not-trusted /link it belongs to another user');
});

test('a path that a command line could misread is refused before anything is asked', async () => {
  for (const path of ['helper', '/opt/../helper', "/opt/he'lper", '/opt/$(id)', '/opt/a\nb', '/opt/"x"']) await expect(elevateHelper(path)).rejects.toMatchObject({ code: 'input.invalid' });
});
