/**
 * npm start: puts the machine in order, builds, starts the helper and the app, and on the first run creates a network here and connects.
 *   --blank      start without creating or connecting anything: the window shows its first-run cards
 *   --home DIR   where profiles and settings live
 *   --insecure   on the first run, found an old network in clear text: for programs that know no certificates
 *   --no-open    print the address instead of opening a window
 *   --once       stop again as soon as the machine is connected (for checks)
 *   LINK         an invite: starts without creating anything, and the window asks whether to join that network
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attach, type Client } from '../src/contract/carrier.ts';
import { type AppState } from '../src/contract/state.ts';
import { connect } from '../src/platform/app-socket.ts';
import { end } from './lib/hosts.ts';
import { startHelper, type RunningHelper } from './lib/start-helper.ts';
import { showStatus } from './lib/status-block.ts';
import { build, ensureEngine, ensureTunnelTools } from './lib/prepare.ts';
import { root, SetUpError } from './lib/set-up.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { blank: { type: 'boolean' }, insecure: { type: 'boolean' }, home: { type: 'string' }, 'no-open': { type: 'boolean' }, once: { type: 'boolean' } },
});
const home = flags.home ?? join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'webmesh');
const stopMs = 15_000;
let helper: RunningHelper | null = null;
let app: ChildProcess | null = null;
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error instanceof SetUpError ? error.message : error.stack) : error}\n`);
  await stop(1);
}

async function main(): Promise<void> {
  ensureTunnelTools();
  ensureEngine();
  build();
  helper = await startHelper();
  const url = await startApp(helper.socket);
  const client = attach(await connect(join(home, 'run/app.sock')));
  client.onClose(() => void stop(1));
  showStatus(client, url);
  const [link] = positionals;
  // Through the app's own socket: an invite holds a secret, and arguments of a process can be read by everyone.
  if (link !== undefined) await client.call('invite.open', { link });
  else if (!flags.blank) await connectFirst(client);
  if (flags.once) {
    await connected(client);
    await stop(0);
  }
}

/** Electron where its binary and a display can be had, otherwise the same UI through the local web shell. */
async function startApp(helperSocket: string): Promise<string | null> {
  const electron = flags['no-open'] ? undefined : electronBinary();
  if (electron) {
    app = spawn(electron, [root, '--home', home, '--helper-socket', helperSocket], { stdio: 'ignore', detached: true });
    await appears(join(home, 'run/app.sock'));
    return null;
  }
  const display = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const open = display && !flags['no-open'] ? '--open' : '--no-open';
  const args = [join(root, 'dist/web/server.mjs'), '--home', home, '--helper-socket', helperSocket, '--json-status', open];
  app = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  return printedUrl(app);
}

function electronBinary(): string | undefined {
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY && process.platform === 'linux') return undefined;
  const folder = join(root, 'node_modules/electron');
  const path = join(folder, 'path.txt');
  if (!existsSync(path)) return undefined;
  const binary = join(folder, 'dist', readFileSync(path, 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}

function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    child.once('exit', (code) => reject(new SetUpError(`the app ended with code ${code} before it was ready: its log is in ${join(home, 'logs')}`)));
    child.stdout?.on('data', (data) => {
      if (seen.length < 4096) seen += String(data);
      const url = /"url":\s*"([^"]+)"/.exec(seen)?.[1];
      if (url) resolve(url);
    });
  });
}

async function appears(path: string): Promise<void> {
  for (let i = 0; i < 200 && !existsSync(path); i++) await new Promise((resolve) => setTimeout(resolve, 100));
  if (!existsSync(path)) throw new SetUpError(`the app did not open ${path} within 20 seconds: its log is in ${join(home, 'logs')}`);
}

/** On the first run a network of one is created here; afterwards the selected one is connected. */
async function connectFirst(client: Client): Promise<void> {
  const profiles = await topic(client, 'profiles', () => true);
  if (profiles.list.length === 0) await client.call('mesh.create', { name: 'My network', ...(flags.insecure ? { insecure: true } : {}) });
  await client.call('session.connect', {});
}

function connected(client: Client): Promise<unknown> {
  return topic(client, 'session', (s) => s.phase === 'connected' || s.phase === 'blocked');
}

function topic<K extends keyof AppState>(client: Client, name: K, wanted: (value: AppState[K]) => boolean): Promise<AppState[K]> {
  return new Promise((resolve) => {
    let stopWatching = (): void => {};
    stopWatching = client.watch(name, (value) => {
      if (!wanted(value)) return;
      queueMicrotask(() => stopWatching());
      resolve(value);
    });
  });
}

/** Ctrl-C: the app disconnects, then the helper undoes everything. Nothing stays behind. */
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const left = app === null || ((await end(app, 'SIGTERM', stopMs)) && app.exitCode === 0);
  const undone = helper === null || (await helper.stop());
  process.stdout.write(left && undone ? '\nstopped: the app disconnected and every change to this machine was undone\n' : '\nstopped, but not cleanly: the next start removes what was left\n');
  process.exit(code);
}
