import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd, once } from '../attack.ts';

/** `nobody` on every Linux: a real second user, without any group of ours. */
export const otherUid = 65_534;

/** Only root can become somebody else. */
export function missingRoot(): string | undefined {
  return process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'root on Linux, to become another user';
}

/** A Node.js that everybody may run: the checkout may be closed to others. */
const program = once(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wm-attack-node-'));
  chmodSync(folder, 0o755);
  atEnd(() => rmSync(folder, { recursive: true }));
  copyFileSync(realpathSync(process.execPath), join(folder, 'node'));
  chmodSync(join(folder, 'node'), 0o755);
  return join(folder, 'node');
});

/** Runs a script (CommonJS text) as another user, or as root when `uid` is 0, and answers what it prints. */
export async function runAs(uid: number, script: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(await program(), ['-e', script, ...args], { uid, gid: uid, cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (data) => (text += String(data)));
  child.stderr.on('data', (data) => (text += String(data)));
  await new Promise((resolve) => child.once('close', resolve));
  return text.trim();
}

/** Connects to a unix socket as another user, says a line, and tells what happened: refused by the system, closed, or answered. */
export function knockAs(uid: number, path: string, says = '{}\n'): Promise<string> {
  return runAs(uid, `
    const socket = require('node:net').connect(process.argv[1]);
    let got = 0;
    const end = (what) => { console.log(what); process.exit(); };
    socket.on('error', (error) => end(error.code === 'EPIPE' || error.code === 'ECONNRESET' ? 'closed' : error.code));
    socket.on('data', (data) => end('answered'));
    socket.on('close', () => end('closed'));
    socket.on('connect', () => socket.write(Buffer.from(process.argv[2], 'base64')));
    setTimeout(() => end('open'), 1500);`, path, Buffer.from(says, 'latin1').toString('base64'));
}

/** Whether another user can read a file, or list a folder. */
export function readAs(uid: number, path: string): Promise<string> {
  return runAs(uid, `
    const fs = require('node:fs');
    try { fs.statSync(process.argv[1]).isDirectory() ? fs.readdirSync(process.argv[1]) : fs.readFileSync(process.argv[1]); console.log('read'); } catch (error) { console.log(error.code); }`, path);
}

