import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, existsSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { failure } from '../base/failure.ts';
import { type NodeEars, type NodeEnd, type NodeProcess, type NodeProcesses } from '../helper/ports.ts';
import { type ConfinePolicy, nodePolicy } from './confine-policy.ts';
import { storageFailure } from './files.ts';
import { openGuardedNow } from './guarded-files.ts';
import { nodeFolders, refuseUnreachable } from './node-folders.ts';
import { ownFiles, ownProgram } from './own-program.ts';
import { eachLine } from './lines.ts';
import { killProcess, seeProcess } from './processes.ts';
import { youngHeap } from './lean-memory.ts';
import { type User } from './users.ts';

export interface NodeProcessOptions {
  /** The script of the node process, beside the helper. Never chosen by a caller. */
  readonly script: string;
  readonly runFolder: string;
  readonly stateFolder: string;
  /** Who runs it; undefined where there are no users to change to. */
  readonly user: User | undefined;
  /** What keeps it in; undefined where the system has nothing of the kind. */
  readonly confine: ConfineScripts | SelfConfine | undefined;
}

/** The launcher, and what runs in the process before its own first line. */
export interface ConfineScripts {
  readonly launcher: string;
  readonly preload: string;
}

/** Where a process cannot become another one: it gives its rights up by itself. */
export interface SelfConfine {
  readonly preload: string;
}

const strayWaitMs = 2_000;
/** One note for each tunnel's process, and the one of versions that had one process. */
const notePattern = /^node-process(\.[a-z0-9]{1,32})?\.json$/;
const pendingBytesMax = 4 << 20;
/** It talks to whole networks and is not trusted: a line that never ends costs no more. */
const lineBytesMax = 256 << 10;
/** No debugger is opened by a signal, warnings about young parts of Node are no news. */
const nodeFlags = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning', youngHeap];
/** glibc, mallopt(3): few pools, and what is freed goes back to the system instead of waiting in them. */
const smallMalloc = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' } as const;

export function nodeProcesses(options: NodeProcessOptions): NodeProcesses {
  const { script, user } = options;
  return {
    start: async (place, ears) => {
      const pidFile = join(options.runFolder, `node-process.${place.tunnelId}.json`);
      const files = ownFiles(script);
      for (const path of files) if (!existsSync(path)) throw failure('node.start-failed', { path, problem: 'the file is missing' });
      const { dataDir, socketDir } = nodeFolders({ ...options, place });
      if (user !== undefined) for (const path of [...files, dataDir]) refuseUnreachable(path, user);
      const child = launch(options, dataDir, socketDir, ears);
      const ended = new Promise<NodeEnd>((resolve) => {
        child.once('exit', (code, signal) => {
          forget(pidFile);
          resolve({ code, signal });
        });
        child.once('error', () => resolve({ code: null, signal: null }));
      });
      const [input] = child.stdio as unknown as readonly [Writable];
      // It may end between two lines; `ended` tells.
      input.on('error', () => {});
      if (child.pid === undefined) throw failure('node.start-failed', { path: script, problem: 'could not be started' });
      try {
        note(pidFile, { pid: child.pid, startTicks: seeProcess(child.pid)?.startTicks ?? '' });
      } catch (error) {
        child.kill('SIGKILL');
        throw storageFailure(error, pidFile);
      }
      return running(child.pid, input, dataDir, join(socketDir, 'node.sock'), ended, (signal) => child.kill(signal));
    },
    stopStray: async () => {
      const notes = readdirSync(options.runFolder).filter((name) => notePattern.test(name)).map((name) => join(options.runFolder, name));
      await Promise.all(notes.map((note) => stopNoted(note, script)));
    },
  };
}

/** Its input ended with the helper that fed it, so it is leaving already. A note that cannot be read, or names another program, is left alone. */
async function stopNoted(note: string, script: string): Promise<void> {
  const stray = readIdentity(note);
  if (stray === undefined) return;
  const name = ownProgram(script).at(-1) ?? script;
  const seen = seeProcess(stray.pid);
  const isOurs = seen?.argv.some((word) => word === name || word.includes(JSON.stringify(name))) ?? false;
  if (seen !== undefined && !isOurs) return;
  if (isOurs && !(await killProcess(stray, 'SIGTERM', strayWaitMs))) await killProcess(stray, 'SIGKILL', strayWaitMs);
  forget(note);
}

function forget(note: string): void {
  try {
    rmSync(note, { force: true });
  } catch {
    // The next start finds a process that is gone in it, and that is all.
  }
}

/** Starts it as its user: through the launcher, which becomes the process, or without one. */
function launch({ script, user, confine }: NodeProcessOptions, dataDir: string, socketDir: string, ears: NodeEars): ChildProcess {
  const args = confine === undefined ? ownProgram(script, { nodeFlags }) : confinedArgs(script, confine, [dataDir, socketDir]);
  const identity = user === undefined || user.uid === process.geteuid?.() ? {} : { uid: user.uid, gid: user.gid };
  // Its socket's folder says who may use the socket; its files are its own, because its data folder lets nobody else in.
  const before = process.umask(0o077);
  // On Windows it stays in the job of our children, which ends with us.
  // Its folder is entered before the user is changed, and without the right to override permissions we could not enter its own.
  const child = spawn(process.execPath, args, { ...identity, cwd: '/', env: environment(dataDir), stdio: ['pipe', 'pipe', 'pipe', 'pipe'], detached: process.platform !== 'win32', windowsHide: true });
  process.umask(before);
  const [, output, log, reports] = child.stdio as unknown as readonly [Writable, Readable, Readable, Readable];
  eachLine(output, lineBytesMax, ears.report);
  eachLine(log, lineBytesMax, ears.log);
  eachLine(reports, lineBytesMax, ears.confined);
  // Node opens it for both ways; the other end closes it early.
  reports.on('error', () => {});
  return child;
}

function confinedArgs(script: string, confine: ConfineScripts | SelfConfine, own: readonly string[]): readonly string[] {
  const { preload } = confine;
  if (!('launcher' in confine)) return ownProgram(script, { nodeFlags, preload });
  const policy: ConfinePolicy = nodePolicy({ program: process.execPath, args: ownProgram(script, { nodeFlags, preload }), script, preload, own });
  return [...ownProgram(confine.launcher, { nodeFlags }), JSON.stringify(policy)];
}

function running(pid: number, input: Writable, dataDir: string, socketPath: string, ended: Promise<NodeEnd>, kill: (signal: 'SIGTERM' | 'SIGKILL') => void): NodeProcess {
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

/** Nothing of our own environment goes over: it may hold what only root should know. */
function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, TMPDIR: home, LC_ALL: 'C.UTF-8', ...(process.platform === 'linux' ? smallMalloc : {}), ...(process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot, TEMP: home, TMP: home } : {}) };
}

function note(path: string, identity: { readonly pid: number; readonly startTicks: string }): void {
  rmSync(path, { force: true });
  const file = openGuardedNow(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  try {
    writeSync(file, JSON.stringify(identity));
  } finally {
    closeSync(file);
  }
}

function readIdentity(path: string): { pid: number; startTicks: string } | undefined {
  try {
    const file = openGuardedNow(path, constants.O_RDONLY);
    try {
      const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (typeof value === 'object' && value !== null && 'pid' in value && 'startTicks' in value && typeof value.pid === 'number' && typeof value.startTicks === 'string') return { pid: value.pid, startTicks: value.startTicks };
    } finally {
      closeSync(file);
    }
  } catch {
    // No node process ran, or its note was cut short or is not ours: then its input ended all the same.
  }
  return undefined;
}
