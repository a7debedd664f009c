import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PeerCredentials, peerOf } from './peer-credentials.ts';

const isRoot = process.geteuid?.() === 0;
let folder = '';
let server: Server;
let seen: PromiseWithResolvers<PeerCredentials | undefined>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wml-peer-'));
  chmodSync(folder, 0o755);
  seen = Promise.withResolvers();
  server = createServer((socket) => {
    seen.resolve(peerOf(socket));
    socket.destroy();
  });
  await new Promise<void>((done) => server.listen(join(folder, 'a.sock'), done));
  chmodSync(join(folder, 'a.sock'), 0o777);
});
afterEach(async () => {
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true });
});

describe.runIf(process.platform === 'linux' || process.platform === 'darwin')('the other end of a unix socket', () => {
  test('ourselves', async () => {
    const socket = connect(join(folder, 'a.sock'));
    expect(await seen.promise).toMatchObject({ uid: process.geteuid?.(), gid: process.getegid?.(), pid: process.pid });
    socket.destroy();
  });

  test.runIf(isRoot && process.platform === 'linux')('another user, with its groups', async () => {
    const child = spawn('setpriv', ['--reuid=65534', '--regid=65534', '--groups=4,5', process.execPath, '-e', `require('net').connect('${folder}/a.sock').on('error',()=>{})`], { stdio: 'ignore' });
    expect(await seen.promise).toEqual({ uid: 65534, gid: 65534, pid: child.pid, groups: [4, 5] });
    child.kill('SIGKILL');
  });

  test('a network socket has no such end, and a closed one has none', async () => {
    const tcp = createServer();
    await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
    const address = tcp.address();
    const accepted = new Promise<Socket>((done) => tcp.once('connection', done));
    const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    const other = await accepted;
    expect(peerOf(other)).toBe(undefined);
    other.destroy();
    expect(peerOf(other)).toBe(undefined);
    socket.destroy();
    await new Promise((done) => tcp.close(done));
  });
});
