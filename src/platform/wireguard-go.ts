import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asFailure, failure, type Failure } from '../base/failure.ts';
import { type EngineFound, type EngineProcesses, type RunningEngine } from '../helper/ports.ts';
import { systemFolders } from './command-runner.ts';
import { guardPath } from './guarded-files.ts';
import { eachLine } from './lines.ts';
import { findProcesses, killProcess } from './processes.ts';
import { endPipeServer, engineAnswers, uapiPath } from './uapi-socket.ts';
import { firstForeign } from './windows-folders.ts';

export interface WireguardGoOptions {
  /** Folders to look in before the system's own, best first. */
  readonly folders: readonly string[];
  /** Users besides root whose file may be run as root: whoever started us in development. */
  readonly trustedUids: readonly number[];
  readonly onOutput: (line: string) => void;
}

const onWindows = process.platform === 'win32';
const program = onWindows ? 'wireguard-go.exe' : 'wireguard-go';
/** Its adapter's driver: the engine looks for it beside itself and in System32. */
const driver = 'wintun.dll';
/** On Windows the first adapter of a machine installs its driver. */
const startMs = onWindows ? 20_000 : 5_000;
const stopMs = 3_000;
const lastWordsMs = 500;
/** A panic has its reason before its stack. */
const saidCharactersMax = 16_384;
/** It advertises the kernel's own WireGuard in a box, also where the kernel has none. On Windows it warns of itself, and tells of all it does. */
const banner = /^[┌│└]|^Warning: this is a test program|^DEBUG: /;
const tunPath = '/dev/net/tun';
const localFolders = onWindows ? [] : ['/usr/local/sbin', '/usr/local/bin'];

/** wireguard-go as a child in the foreground, named after its device. */
export function wireguardGo({ folders, trustedUids, onOutput }: WireguardGoOptions): EngineProcesses {
  let version: { readonly path: string; readonly text: string } | undefined;

  async function find(): Promise<EngineFound> {
    const path = [...folders, ...systemFolders, ...localFolders].map((folder) => join(folder, program)).find((file) => isTrustedProgram(file, [0, ...trustedUids]));
    if (path === undefined) return { code: 'tunnel.engine-missing', problem: `no ${program} was found in ${[...folders, 'the system'].join(', ')}` };
    if (process.platform === 'linux' && !readable(tunPath)) return { code: 'tunnel.not-permitted', problem: `${tunPath} is missing or closed to us` };
    if (onWindows && ![dirname(path), ...systemFolders].some((folder) => existsSync(join(folder, driver)))) return { code: 'tunnel.engine-missing', problem: `${driver} is missing beside ${path}` };
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
      if (onWindows) return endPipeServer(device, program, stopMs);
      if (process.platform !== 'linux') return;
      for (const stray of findProcesses(({ argv, program: file }) => isEngineOf(device, argv, file))) {
        if (!(await killProcess(stray, 'SIGTERM', stopMs))) await killProcess(stray, 'SIGKILL', stopMs);
      }
      if (!(await engineAnswers(device))) rmSync(uapiPath(device), { force: true });
    },
  };
}

/**
 * Elsewhere it outlives us, so that a helper that is killed leaves the tunnel working. On Windows it takes its adapter's name and nothing
 * else, and is of the job that Node keeps its children in, which Windows ends with us: nothing of it could be left.
 */
async function launch(path: string, device: string, onOutput: (line: string) => void): Promise<RunningEngine> {
  const env = { LOG_LEVEL: 'error', PATH: systemFolders.join(delimiter) };
  const child = spawn(path, engineArguments(device), { stdio: ['ignore', 'pipe', 'pipe'], env, detached: !onWindows, windowsHide: true });
  let said = '';
  const hear = (line: string): void => {
    said = `${said}${line}\n`.slice(-saidCharactersMax);
    if (line.trim() !== '' && !banner.test(line)) onOutput(line);
  };
  // Both are drained always: an engine whose output is stuck stops.
  for (const input of [child.stdout, child.stderr]) if (input !== null) eachLine(input, saidCharactersMax, hear);
  const silent = new Promise((resolve) => child.once('close', resolve));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`wireguard-go ended (${signal ?? `code ${code}`})`));
  });
  const engine: RunningEngine = { ended, stop: () => stop(child, ended) };
  const early = await Promise.race([ended, answersSoon(device)]);
  if (early === true) return engine;
  await engine.stop();
  // What it said last may still be on its way here.
  await Promise.race([silent, pause(lastWordsMs)]);
  throw startFailure(early === false ? 'the engine did not answer in time' : early, said);
}

async function answersSoon(device: string): Promise<boolean> {
  const end = performance.now() + startMs;
  while (performance.now() < end) {
    if (await engineAnswers(device)) return true;
    await pause(3);
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

/** What the engine said before it ended, in the product's words. A panic is followed by lines about itself, an error is the last of its kind. */
export function startFailure(sentence: string, said: string): Failure {
  const problem = complaintIn(said);
  if (/wintun\.dll/i.test(problem)) return failure('tunnel.engine-missing', { problem: `${driver} could not be used (${problem})` });
  if (/operation not permitted|permission denied|access is denied|may not be assigned as the owner/i.test(said)) return failure('tunnel.not-permitted', { problem });
  if (/unix socket in use|device or resource busy/i.test(said)) return failure('tunnel.conflict', { what: problem });
  return failure('tunnel.failed', { step: 'add-device', problem: `${sentence}: ${problem}` });
}

function complaintIn(said: string): string {
  const lines = said.trim().split(/\r?\n/);
  const told = lines.find((line) => line.startsWith('panic: ')) ?? lines.findLast((line) => line.startsWith('ERROR: ')) ?? lines.at(-1) ?? '';
  return told.replace(/^(?:ERROR|panic): (?:\([^)]*\) [\d/]+ [\d:]+ )?/, '').slice(0, 200);
}

/** How it is told which device to make, and to stay in the foreground. */
export function engineArguments(device: string, platform: NodeJS.Platform = process.platform): readonly string[] {
  return platform === 'win32' ? [device] : ['-f', device];
}

/** Exactly what `launch` started, by program and arguments. */
function isEngineOf(device: string, argv: readonly string[], file: string): boolean {
  return argv.length === 3 && argv[1] === '-f' && argv[2] === device && basename(file.replace(/ \(deleted\)$/, '')) === program;
}

/** Runs as root, so neither the file nor any folder above it may be writable by anyone whom we do not trust. */
function isTrustedProgram(file: string, uids: readonly number[]): boolean {
  try {
    accessSync(file, constants.X_OK);
    if (onWindows) return firstForeign(file) === undefined;
    guardPath(file, uids);
    return true;
  } catch {
    // Not there, or not to be trusted.
    return false;
  }
}

/** Windows' one would make an adapter of the name `--version`; it tells its version only to its log. */
async function versionOf(path: string): Promise<string> {
  if (onWindows) return '';
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
