import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { accessList, openToUsers } from './socket-acl.ts';

test('the list is what the kernel wants: sorted, each user once, no more than it holds', () => {
  const words = (bytes: Uint8Array): readonly string[] => Buffer.from(bytes.subarray(4)).toString('hex').match(/.{16}/g) ?? [];
  expect(Buffer.from(accessList([])).readUInt32LE()).toBe(2);
  expect(words(accessList([1001, 1000, 1001]))).toEqual([
    '01000600ffffffff', '02000600e8030000', '02000600e9030000', '04000600ffffffff', '10000600ffffffff', '20000000ffffffff',
  ]);
  expect(words(accessList(Array.from({ length: 300 }, (_, i) => i + 1000))).length).toBe(256 + 4);
});

const asRoot = process.platform === 'linux' && process.geteuid?.() === 0;
/** Whether a user whose only group is its own may write there, which is what connecting asks for (unix(7)): the kernel's word, not ours. */
const opens = (uid: number, path: string): boolean => spawnSync('/bin/sh', ['-c', 'test -w "$1"', 'sh', path], { uid, gid: uid, timeout: 10_000, cwd: '/', env: {} }).status === 0;

test.skipIf(!asRoot)(`who is listed may open the socket, others may not, and a new list takes it back${asRoot ? '' : ' [needs root]'}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'webmesh-acl-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const path = join(folder, 'a.sock');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  onTestFinished(() => void server.close());
  chmodSync(path, 0o660);
  chownSync(path, 0, 4711);
  expect([openToUsers(path, [4712]), (statSync(path).mode & 0o777).toString(8)]).toEqual([true, '660']);
  expect([4711, 4712, 4713].map((uid) => opens(uid, path))).toEqual([true, true, false]);
  expect(openToUsers(path, [])).toBe(true);
  expect([4711, 4712, 4713].map((uid) => opens(uid, path))).toEqual([true, false, false]);
});
