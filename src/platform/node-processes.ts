import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { createInterface } from 'node:readline';
import { type Failure, failure } from '../base/failure.ts';
import { type NodeEnd, type NodeProcess, type NodeProcesses } from '../helper/ports.ts';
import { storageFailure } from './files.ts';
import { killProcess, seeProcess } from './processes.ts';
import { type User } from './users.ts';

export interface NodeProcessOptions {
  /** The script of the node process, beside the helper. Never chosen by a caller. */
  readonly script: string;
  readonly runFolder: string;
  readonly stateFolder: string;
  /** Who runs it; undefined where there are no users to change to. */
  readonly user: User | undefined;
  /** Who may reach its socket besides its user. */
  readonly group: number | undefined;
}

const strayWaitMs = 2_000;
const pendingBytesMax = 4 << 20;

export function nodeProcesses(options: NodeProcessOptions): NodeProcesses {
  const { script, runFolder, stateFolder, user, group } = options;
  const pidFile = join(runFolder, 'node-process.json');
  return {
    start: async (tunnelId, ears) => {
      if (!existsSync(script)) throw failure('node.start-failed', { path: script, problem: 'the file is missing' });
      const dataDir = ownFolder(join(stateFolder, 'nodes'), tunnelId, user, user?.gid, 0o700);
      const socketDir = ownFolder(join(runFolder, 'nodes'), tunnelId, user, group ?? user?.gid, group === undefined ? 0o700 : 0o750);
      if (user !== undefined) for (const path of [process.execPath, script, dataDir, socketDir]) refuseUnreachable(path, user);
      // Its socket may be used by its group; its files are its own, because its data folder lets nobody else in.
      const before = process.umask(group === undefined ? 0o077 : 0o007);
      const identity = user === undefined || user.uid === process.geteuid?.() ? {} : { uid: user.uid, gid: group ?? user.gid };
      // Its folder is entered before the user is changed, and without the right to override permissions we could not enter its own.
      const child = spawn(process.execPath, [script], { ...identity, cwd: '/', env: environment(dataDir), stdio: ['pipe', 'pipe', 'pipe'], detached: true, windowsHide: true });
      process.umask(before);
      const ended = new Promise<NodeEnd>((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal }));
        child.once('error', () => resolve({ code: null, signal: null }));
      });
      createInterface({ input: child.stdout }).on('line', ears.report);
      createInterface({ input: child.stderr }).on('line', ears.log);
      // It may end between two lines; `ended` tells.
      child.stdin.on('error', () => {});
      if (child.pid === undefined) throw failure('node.start-failed', { path: script, problem: 'could not be started' });
      try {
        writeFileSync(pidFile, JSON.stringify({ pid: child.pid, startTicks: seeProcess(child.pid)?.startTicks ?? '' }), { mode: 0o600 });
      } catch (error) {
        child.kill('SIGKILL');
        throw storageFailure(error, pidFile);
      }
      return running(child.pid, child.stdin, dataDir, join(socketDir, 'node.sock'), ended, (signal) => child.kill(signal));
    },
    stopStray: async () => {
      const stray = readIdentity(pidFile);
      if (stray === undefined || !seeProcess(stray.pid)?.argv.includes(script)) return;
      // Its input ended with the helper that fed it, so it is leaving already.
      if (!(await killProcess(stray, 'SIGTERM', strayWaitMs))) await killProcess(stray, 'SIGKILL', strayWaitMs);
      rmSync(pidFile, { force: true });
    },
  };
}

function running(pid: number, input: NodeJS.WritableStream & { writableLength: number }, dataDir: string, socketPath: string, ended: Promise<NodeEnd>, kill: (signal: 'SIGTERM' | 'SIGKILL') => void): NodeProcess {
  let waiting: string | undefined;
  const send = (line: string): void => {
    if (input.writableLength < pendingBytesMax) {
      input.write(`${line}\n`);
      return;
    }
    if (waiting === undefined) {
      input.once('drain', () => {
        const newest = waiting;
        waiting = undefined;
        if (newest !== undefined) send(newest);
      });
    }
    waiting = line;
  };
  return { pid, dataDir, socketPath, ended, send, endInput: () => input.end(), kill };
}

/** A folder for the unprivileged user under a folder of root's. One that belongs to somebody else is refused, never taken over. */
function ownFolder(parent: string, name: string, user: User | undefined, group: number | undefined, mode: number): string {
  const path = join(parent, name);
  try {
    mkdirSync(parent, { recursive: true, mode: 0o755 });
    chmodSync(parent, 0o755);
    if (!existsSync(path)) {
      mkdirSync(path, { mode: 0o700 });
      if (user !== undefined) chownSync(path, user.uid, group ?? user.gid);
      chmodSync(path, mode);
    }
  } catch (error) {
    throw storageFailure(error, path);
  }
  const found = lstatSync(path);
  if (!found.isDirectory() || (user !== undefined && found.uid !== user.uid)) throw failure('node.start-failed', { path, problem: 'the folder belongs to another user' });
  return path;
}

/** Says which folder keeps an unprivileged user out, instead of letting the start fail with a number. */
function refuseUnreachable(path: string, user: User): void {
  if (user.uid === 0) return;
  const { root } = parse(path);
  for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    if ((bits & 1) === 0) throw unreachableFolder(folder, user);
  }
}

function unreachableFolder(path: string, user: User): Failure {
  return failure('node.start-failed', { path, problem: `the user ${user.name} may not enter this folder` });
}

/** Nothing of our own environment goes over: it may hold what only root should know. */
function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, LC_ALL: 'C.UTF-8', ...(process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot } : {}) };
}

function readIdentity(path: string): { pid: number; startTicks: string } | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && 'pid' in value && 'startTicks' in value && typeof value.pid === 'number' && typeof value.startTicks === 'string') return { pid: value.pid, startTicks: value.startTicks };
  } catch {
    // No node process ran, or its note was cut short: then its input ended all the same.
  }
  return undefined;
}
