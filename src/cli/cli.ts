import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { sleep } from '../base/clock.ts';
import { type Failure, failure, fromData, isFailure } from '../base/failure.ts';
import { attach, type Client } from '../contract/client.ts';
import { connect } from '../platform/app-socket.ts';
import { buildInfo } from '../platform/build-info.ts';
import { systemClock } from '../platform/clock.ts';
import { storageFailure } from '../platform/files.ts';
import { builtFile, homeAt, type Home } from '../platform/home.ts';
import { openPrivately } from '../platform/open-browser.ts';
import { ownProgram } from '../platform/own-program.ts';
import { readSmallFile, readStream } from '../platform/small-file.ts';
import { personAtTerminal } from '../platform/terminal.ts';
import { askForLink } from '../platform/web-door.ts';
import { run } from './run.ts';
import { type HomeWorld, type ServeOptions, type StartOptions } from './world.ts';

/** The CLI's root: the real world for `run`. */
const interrupted = new AbortController();
// Whoever ends a forward, or closes its terminal, means the forward as well.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // `webmesh logs | head` has seen enough
  });
}

const serverScript = builtFile(import.meta.dirname, 'web', 'server.mjs');
/** How long a shell that was started in the background may take to answer. */
const startMsMax = 15_000;

process.exitCode = await run(process.argv.slice(2), {
  version: `${buildInfo.version} (${buildInfo.commit}, ${buildInfo.builtAt})`,
  clock: systemClock,
  interrupted: interrupted.signal,
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
  screen: {
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    // https://no-color.org: set and not empty. A dumb terminal has no escape codes at all.
    colours: !process.env.NO_COLOR && process.env.TERM !== 'dumb',
  },
  person: () => personAtTerminal(interrupted),
  read: (path, bytesMax) => (path === '-' ? readStream(process.stdin, bytesMax) : readSmallFile(path, bytesMax)),
  at: (folder) => worldAt(homeAt(folder)),
});

function worldAt(home: Home): HomeWorld {
  return {
    connect: async () => attach(await connect(home.appSocket)),
    startApp: (options) => startApp(home, options),
    link: () => link(home),
    openBrowser: (url) => openPrivately(url, home.redirectFile),
    serve: (options) => serveHere(home, options),
  };
}

async function startApp(home: Home, { helperSocket }: StartOptions): Promise<Client> {
  const running = await reach(home.appSocket);
  if (running !== undefined) return running;
  const child = startShell(home, helperSocket);
  return wait(home, child, () => reach(home.appSocket));
}

/** The page of a running app. When a window owns the app, a web shell is started beside it as its guest. */
async function link(home: Home): Promise<string> {
  const asked = await ask(home.webSocket);
  if (asked !== undefined) return asked;
  (await connect(home.appSocket)).close();
  return wait(home, startShell(home, undefined), () => ask(home.webSocket));
}

/** A web shell in the background that outlives us. What it says goes into a file of the home. */
function startShell(home: Home, helperSocket: string | undefined): { ended(): boolean } {
  const log = openLog(home.shellLogFile);
  const flags = ['--home', home.folder, '--headless', ...(helperSocket === undefined ? [] : ['--helper-socket', helperSocket])];
  const child = spawn(process.execPath, [...ownProgram(serverScript), ...flags], { detached: true, stdio: ['ignore', log, log] });
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  child.unref();
  return { ended: () => ended };
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, 'w', 0o600);
  } catch (error) {
    throw storageFailure(error, path);
  }
}

/** What a shell in the background said last, as its own Failure. */
function whyEnded(log: string): Failure {
  const line = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
  try {
    return fromData((JSON.parse(line) as { failure?: unknown }).failure);
  } catch {
    // It ended without a word, or the disk had no room for one.
    if (statfsSync(dirname(log)).bavail === 0) return failure('node.disk-full', { path: dirname(log) });
    return failure('internal.unexpected', { message: `the app ended before it was ready; ${log} may say why` });
  }
}

async function wait<T>(home: Home, child: { ended(): boolean }, look: () => Promise<T | undefined>): Promise<T> {
  const endMs = systemClock.monotonicMs() + startMsMax;
  while (systemClock.monotonicMs() < endMs) {
    const found = await look();
    if (found !== undefined) return found;
    if (child.ended()) throw whyEnded(home.shellLogFile);
    await sleep(systemClock, 50, interrupted.signal);
  }
  throw failure('mesh.timeout', { what: 'starting the app', deadlineMs: startMsMax });
}

async function reach(socket: string): Promise<Client | undefined> {
  return attachedOr(connect(socket).then(attach));
}

async function ask(socket: string): Promise<string | undefined> {
  return attachedOr(askForLink(socket));
}

async function attachedOr<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (isFailure(error) && error.code === 'app.not-running') return undefined;
    throw error;
  }
}

function serveHere(home: Home, { port, helperSocket, open, json, tls }: ServeOptions): Promise<number> {
  const flags = [
    '--home', home.folder,
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(helperSocket === undefined ? [] : ['--helper-socket', helperSocket]),
    ...(json ? ['--json-status'] : []),
    ...(tls ? ['--tls'] : []),
    open ? '--open' : '--no-open',
  ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...ownProgram(serverScript), ...flags], { stdio: 'inherit' });
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
