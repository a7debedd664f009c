import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { asFailure, failure } from '../base/failure.ts';
import { type EngineFound, type EngineProcesses, type RunningEngine } from '../helper/ports.ts';
import { systemFolders } from './command-runner.ts';
import { guardPath } from './guarded-files.ts';
import { findProcesses, killProcess } from './processes.ts';
import { engineAnswers, uapiPath } from './uapi-socket.ts';

export interface WireguardGoOptions {
  /** Folders to look in before the system's own, best first. */
  readonly folders: readonly string[];
  /** Users besides root whose file may be run as root: whoever started us in development. */
  readonly trustedUids: readonly number[];
  readonly onOutput: (line: string) => void;
}

const program = process.platform === 'win32' ? 'wireguard-go.exe' : 'wireguard-go';
const startMs = 5_000;
const stopMs = 3_000;
/** It advertises the kernel's own WireGuard in a box, also where the kernel has none. */
const banner = /^[┌│└]/;
const tunPath = '/dev/net/tun';
const localFolders = process.platform === 'win32' ? [] : ['/usr/local/sbin', '/usr/local/bin'];

/** wireguard-go as a child in the foreground, named after its device. */
export function wireguardGo({ folders, trustedUids, onOutput }: WireguardGoOptions): EngineProcesses {
  let version: { readonly path: string; readonly text: string } | undefined;

  async function find(): Promise<EngineFound> {
    const path = [...folders, ...systemFolders, ...localFolders].map((folder) => join(folder, program)).find((file) => isTrustedProgram(file, [0, ...trustedUids]));
    if (path === undefined) return { code: 'tunnel.engine-missing', problem: `no ${program} was found in ${[...folders, 'the system'].join(', ')}` };
    if (process.platform === 'linux' && !readable(tunPath)) return { code: 'tunnel.not-permitted', problem: `${tunPath} is missing or closed to us` };
    if (version?.path !== path) version = { path, text: await versionOf(path) };
    return { path, version: version.text };
  }

  return {
    find,
    start: async (device) => {
      const found = await find();
      if ('problem' in found) throw failure(found.code, { problem: found.problem });
      // The socket is a file: an engine in another network namespace, or of somebody else, may hold our name.
      if (await engineAnswers(device)) throw failure('tunnel.conflict', { what: uapiPath(device) });
      return launch(found.path, device, onOutput);
    },
    stopStray: async (device) => {
      if (process.platform !== 'linux') return;
      for (const stray of findProcesses(({ argv, program: file }) => isEngineOf(device, argv, file))) {
        if (!(await killProcess(stray, 'SIGTERM', stopMs))) await killProcess(stray, 'SIGKILL', stopMs);
      }
      if (!(await engineAnswers(device))) rmSync(uapiPath(device), { force: true });
    },
  };
}

async function launch(path: string, device: string, onOutput: (line: string) => void): Promise<RunningEngine> {
  const child = spawn(path, ['-f', device], { stdio: ['ignore', 'pipe', 'pipe'], env: { LOG_LEVEL: 'error', PATH: systemFolders.join(':') }, detached: true, windowsHide: true });
  let said = '';
  const hear = (data: Buffer): void => {
    said = (said + data.toString()).slice(-2_000);
    for (const line of data.toString().split('\n')) if (line.trim() !== '' && !banner.test(line)) onOutput(line);
  };
  // Both are drained always: an engine whose output is stuck stops.
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`wireguard-go ended (${signal ?? `code ${code}`})`));
  });
  const engine: RunningEngine = { ended, stop: () => stop(child, ended) };
  const early = await Promise.race([ended, answersSoon(device)]);
  if (early === true) return engine;
  await engine.stop();
  throw startFailure(early === false ? 'the engine did not answer in time' : early, said);
}

async function answersSoon(device: string): Promise<boolean> {
  const end = performance.now() + startMs;
  while (performance.now() < end) {
    if (await engineAnswers(device)) return true;
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  return false;
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(late);
}

function startFailure(sentence: string, said: string): Error {
  if (/operation not permitted|permission denied/i.test(said)) return failure('tunnel.not-permitted', { problem: lastLine(said) });
  if (/unix socket in use|device or resource busy/i.test(said)) return failure('tunnel.conflict', { what: lastLine(said) });
  return failure('tunnel.failed', { step: 'add-device', problem: `${sentence}: ${lastLine(said)}` });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}

/** Exactly what `launch` started, by program and arguments. */
function isEngineOf(device: string, argv: readonly string[], file: string): boolean {
  return argv.length === 3 && argv[1] === '-f' && argv[2] === device && basename(file.replace(/ \(deleted\)$/, '')) === program;
}

/** Runs as root, so neither the file nor any folder above it may be writable by anyone whom we do not trust. */
function isTrustedProgram(file: string, uids: readonly number[]): boolean {
  try {
    accessSync(file, constants.X_OK);
    guardPath(file, uids);
    return true;
  } catch {
    // Not there, or not to be trusted.
    return false;
  }
}

async function versionOf(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: stopMs, env: {} });
    return /v?\d[\w.]*/.exec(stdout)?.[0] ?? '';
  } catch (error) {
    return `unknown (${asFailure(error).message.slice(0, 80)})`;
  }
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    // Missing or closed: the caller says which file.
    return false;
  }
}
