import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSea } from 'node:sea';
import { asFailure, isFailure, toData } from '../base/failure.ts';
import { attach, serve } from '../contract/carrier.ts';
import { sentence } from '../contract/words.ts';
import { createApp } from '../core/app.ts';
import { connect, listen, type AppSocket } from '../platform/app-socket.ts';
import { buildInfo } from '../platform/build-info.ts';
import { systemClock } from '../platform/clock.ts';
import { linkCore, type RunningCore } from '../platform/core-link.ts';
import { createCorePorts } from '../platform/core-ports.ts';
import { elevateHelper } from '../platform/elevate.ts';
import { builtFile, defaultHelperSocket, homeAt, type Home } from '../platform/home.ts';
import { keepMemoryLean } from '../platform/lean-memory.ts';
import { createLog, fileSink, type LevelledLog } from '../platform/log-file.ts';
import { openPrivately } from '../platform/open-browser.ts';
import { systemRandom } from '../platform/random.ts';
import { createSealedSecrets } from '../platform/sealed-secrets.ts';
import { createFileSecrets } from '../platform/secrets-file.ts';
import { readSmallFile, readStream } from '../platform/small-file.ts';
import { answerDoor, askForLink } from '../platform/web-door.ts';
import { webServerTls, type WebTls } from '../platform/web-tls.ts';
import { parseFlags, usage, type Flags } from './flags.ts';
import { createWebShell, type WebShell } from './shell.ts';
import { reportStatus } from './status-lines.ts';

/** The web shell's root: the same page and core as in the window, served to a browser on this machine. */
const exitCodes = { ok: 0, failed: 1, usage: 2, alreadyRunning: 3 } as const;
/** Longest invite, as link or file. */
const inviteBytesMax = 4_096;

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => complain(error, process.argv.includes('--headless')));

async function main(argv: readonly string[]): Promise<number> {
  const flags = parseFlags(argv);
  if (flags.help) return print(usage);
  const home = homeAt(flags.home);
  const log = createLog({ sink: fileSink(home.logFile), clock: systemClock, level: 'info', scope: 'app' });
  const shell = Promise.withResolvers<WebShell>();
  shell.promise.catch(() => {}); // complain() says it
  let door: AppSocket;
  try {
    door = await listen(home.webSocket, (port) => answerDoor(port, async () => (await shell.promise).link()));
  } catch (error) {
    return refuseSecond(error, home, flags);
  }
  try {
    return await run(flags, home, log, shell);
  } finally {
    await door.close();
    await rm(home.redirectFile, { force: true });
  }
}

async function run(flags: Flags, home: Home, log: LevelledLog, made: PromiseWithResolvers<WebShell>): Promise<number> {
  const end = Promise.withResolvers<string>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.resolve(signal));
  process.stdout.on('error', () => {}); // who started us may stop reading; that is no reason to end
  const core = await linkCore(home.appSocket, () => startCore(flags, home, log, () => end.resolve('quit'))).catch((error: unknown) => {
    made.reject(error);
    throw error;
  });
  core.onLost(() => end.resolve('core lost'));
  const shell = createWebShell({ core, pages: builtFile(import.meta.dirname, 'renderer'), port: flags.port, clock: systemClock, random: systemRandom, log: log.scope('web'), tls: () => tlsFor(flags, home) });
  made.resolve(shell);
  try {
    if (flags.openLink !== undefined) await offer(shell, flags.openLink);
    if (!flags.headless) await present(shell, flags, home, core.kind);
    if (flags.jsonStatus) reportStatus(shell.client, print);
    const why = await end.promise;
    log.info('shell.ends', { why });
    return why === 'core lost' ? print('The app that owned this network session has ended, so this page ends too.\n', process.stderr) : exitCodes.ok;
  } finally {
    await shell.close();
  }
}

async function startCore(flags: Flags, home: Home, log: LevelledLog, quit: () => void): Promise<RunningCore> {
  const forgetLooks = keepMemoryLean(systemClock, { calm: true });
  const ports = await createCorePorts({
    home: home.folder,
    helperSocket: flags.helperSocket ?? defaultHelperSocket(),
    version: buildInfo.version,
    log,
    logFile: home.logFile,
    secrets: secretsAt(home),
    setLogLevel: log.setLevel,
    startHelper,
    quit,
  });
  const app = await createApp(ports);
  return {
    serve: (port) => serve(port, app.handlers, app.topics),
    close: async () => {
      forgetLooks();
      await app.close();
      ports.close();
    },
  };
}

/** The single executable holds the helper too; in a built tree it is a bundle for this Node. */
function startHelper(): Promise<void> {
  return isSea() ? elevateHelper(process.execPath, { entry: '@helper' }) : elevateHelper(builtFile(import.meta.dirname, 'helper', 'helper.mjs'), { node: process.execPath });
}

/** Private files; what the window put into the desktop's keyring cannot be opened from here, and is never taken for missing. */
function secretsAt({ folder }: Home): ReturnType<typeof createFileSecrets> {
  const secrets = join(folder, 'secrets');
  return createSealedSecrets(secrets, createFileSecrets(secrets), undefined);
}

async function tlsFor(flags: Flags, home: Home): Promise<WebTls | undefined> {
  if (!flags.tls) return undefined;
  const tls = await webServerTls(secretsAt(home), systemClock.nowMs());
  print(`The page is served over TLS. SHA-256 of the authority that your browser warns of: ${tls.fingerprint}\n`, process.stderr);
  return tls;
}

async function offerToRunning(home: Home, source: string): Promise<void> {
  const client = attach(await connect(home.appSocket));
  try {
    await offer({ client }, source);
  } finally {
    client.close();
  }
}

/** Hands an invite to the core: the page shows it and asks. Longer than any invite is not read. */
async function offer({ client }: Pick<WebShell, 'client'>, source: string): Promise<void> {
  const link = /^\s*webmesh:/i.test(source) ? source : await (source === '-' ? readStream(process.stdin, inviteBytesMax) : readSmallFile(source, inviteBytesMax));
  await client.call('invite.open', { link: link.trim() });
}

/** Says where the page is, and opens it when asked to. */
async function present(shell: WebShell, flags: Flags, home: Home, kind: 'owner' | 'guest'): Promise<void> {
  const url = await shell.link();
  if (flags.jsonStatus) print(`${JSON.stringify({ url })}\n`);
  else print(`Webmesh is at ${url}\n${kind === 'guest' ? 'It shows the app that is running already.\n' : ''}The link lets one browser in, once; "webmesh open" makes another. Ctrl-C ends it.\n`);
  if (!flags.openBrowser) return;
  if (!(await openPrivately(await shell.link(), home.redirectFile))) print('No browser could be started: open the link above yourself.\n', process.stderr);
}

/** A second web shell for the same home ends, but not before it told the person how to get to the first one. */
async function refuseSecond(error: unknown, home: Home, flags: Flags): Promise<number> {
  if (!isFailure(error) || error.code !== 'app.already-running') throw error;
  if (flags.openLink !== undefined) await offerToRunning(home, flags.openLink);
  const url = await askForLink(home.webSocket).catch(() => undefined);
  if (url === undefined) return complain(error);
  if (flags.jsonStatus) print(`${JSON.stringify({ url })}\n`);
  else print(`Webmesh is running already for ${home.folder}. A fresh link to it: ${url}\n`);
  if (flags.openBrowser) await openPrivately(url, home.redirectFile);
  return exitCodes.alreadyRunning;
}

function print(text: string, to: NodeJS.WriteStream = process.stdout): number {
  to.write(text);
  return exitCodes.ok;
}

/** One clear sentence and the next step; no stack trace. Who started us in the background gets the data as well. */
function complain(error: unknown, headless = false): number {
  const failure = asFailure(error);
  const { what, next } = sentence(failure);
  process.stderr.write(headless ? `${JSON.stringify({ failure: toData(failure), what, next })}\n` : `${what}\n${next}\n`);
  if (failure.code === 'input.invalid') return exitCodes.usage;
  return failure.code === 'app.already-running' ? exitCodes.alreadyRunning : exitCodes.failed;
}
