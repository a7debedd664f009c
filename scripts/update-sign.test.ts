import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../src/platform/clock.ts';
import { createUpdates } from '../src/platform/update/updates.ts';

let folder: string;
let server: Server;
const at = (...names: string[]): string => join(folder, ...names);
const tool = (passphrase: string, ...args: string[]): string =>
  execFileSync(process.execPath, [join(import.meta.dirname, 'update-sign.ts'), ...args, '--passphrase-stdin'], { input: `${passphrase}\n`, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
const sign = (...args: string[]): string => tool('correct horse battery', ...args);
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wm-sign-'));
  mkdirSync(at('files'));
  server = createServer((request, response) => {
    try {
      response.end(readFileSync(at('repo', request.url ?? '')));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('what the tool signs is what the client takes: a release, the daily renewal, a new root, the next release', async () => {
  sign('keys', '--out', at('keys'));
  expect(readdirSync(at('keys')).map((file) => [file, statSync(at('keys', file)).mode & 0o777, readFileSync(at('keys', file), 'utf8').split('\n')[0]])).toEqual(
    ['root-1.pem', 'root-2.pem', 'root-3.pem', 'snapshot.pem', 'targets.pem', 'timestamp.pem'].map((file) => [file, 0o600, '-----BEGIN ENCRYPTED PRIVATE KEY-----']),
  );
  sign('root', '--keys', at('keys'), '--out', at('repo'), '--embed', at('root.json'));
  writeFileSync(at('files', 'Webmesh Setup 0.2.0.exe'), 'for Windows');
  writeFileSync(at('files', 'webmesh-desktop_0.2.0_arm64.deb'), 'for Debian on ARM');
  writeFileSync(at('files', 'builder-debug.yml'), 'no installer');
  writeFileSync(at('notes.txt'), 'It opens sooner.\n');
  sign('release', '--keys', at('keys'), '--out', at('repo'), '--files', at('files'), '--version', '0.2.0', '--notes', at('notes.txt'));

  const client = (arch: string, format: 'exe' | 'deb') => createUpdates({
    folder: at(`home-${format}`), address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, root: readFileSync(at('root.json'), 'utf8'),
    machine: { arch, formats: [format] }, current: '0.1.0', clock: systemClock,
  });
  const windows = client('x64', 'exe');
  expect(await windows.check(signal)).toEqual({ version: '0.2.0', notes: 'It opens sooner.', bytes: 11, format: 'exe' });
  expect(await client('arm64', 'deb').check(signal)).toEqual({ version: '0.2.0', notes: 'It opens sooner.', bytes: 17, format: 'deb' });
  expect(await client('x64', 'deb').check(signal)).toBe(null);
  const got = await windows.download(() => {}, signal);
  expect([got?.path, readFileSync(got?.path ?? '', 'utf8')]).toEqual([at('home-exe', 'download', 'Webmesh-Setup-0.2.0.exe'), 'for Windows']);

  // The job that renews has neither the root's keys nor that of targets.
  for (const file of ['targets.pem', 'root-1.pem', 'root-2.pem', 'root-3.pem']) rmSync(at('keys', file));
  sign('renew', '--keys', at('keys'), '--out', at('repo'));
  expect((await windows.check(signal))?.version).toBe('0.2.0');
  expect(readdirSync(at('repo', 'metadata'))).toEqual(['1.root.json', '1.snapshot.json', '1.targets.json', '2.snapshot.json', 'timestamp.json']);
}, 60_000);

test('a root is replaced with the keys of the one before, and only with them', async () => {
  for (const keys of ['old', 'new']) sign('keys', '--out', at(keys));
  sign('root', '--keys', at('old'), '--out', at('repo'), '--embed', at('root.json'));
  expect(() => sign('root', '--keys', at('new'), '--out', at('repo'))).toThrow(/--before/);
  sign('root', '--keys', at('new'), '--before', at('old'), '--out', at('repo'));
  writeFileSync(at('files', 'webmesh-desktop_0.2.0_amd64.deb'), 'for Debian');
  sign('release', '--keys', at('new'), '--out', at('repo'), '--files', at('files'), '--version', '0.2.0');
  const client = createUpdates({
    folder: at('home'), address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, root: readFileSync(at('root.json'), 'utf8'),
    machine: { arch: 'x64', formats: ['deb'] }, current: '0.1.0', clock: systemClock,
  });
  expect((await client.check(signal))?.version).toBe('0.2.0');
}, 60_000);

test('keys are never written over, and a wrong passphrase opens none', () => {
  sign('keys', '--out', at('keys'));
  const before = readFileSync(at('keys', 'targets.pem'), 'utf8');
  expect(() => sign('keys', '--out', at('keys'))).toThrow(/EEXIST/);
  expect(readFileSync(at('keys', 'targets.pem'), 'utf8')).toBe(before);
  expect(() => tool('wrong', 'root', '--keys', at('keys'), '--out', at('repo'))).toThrow(/bad decrypt|BAD_DECRYPT/i);
}, 60_000);
