import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Clock, sleep } from '../base/clock.ts';
import { failure, isFailure } from '../base/failure.ts';
import { silentLog } from '../base/log.ts';
import { attach, type Port } from '../contract/client.ts';
import { connect, isAlive } from '../platform/app-socket.ts';
import { dataFolder, serviceRuns, standingFolder } from '../platform/appimage.ts';
import { linkHelper } from '../platform/helper-link.ts';
import { configFolder, homeAt } from '../platform/home.ts';
import { assertTrustedSocket } from '../platform/trusted-socket.ts';
import { type LinkPlaces } from './appimage-links.ts';
import { type UninstallPorts } from './uninstall.ts';

const waitMs = { look: 100, end: 20_000, helper: 5_000 } as const;

/** The desktop of this person, with its own tools. */
export function linkPlaces(config: string): LinkPlaces {
  return {
    config,
    data: dataFolder(),
    // Without such a tool a desktop looks at the files by itself, or at the next login.
    run: (program, args) => new Promise((resolve) => execFile(program, args, { timeout: waitMs.end }, () => resolve())),
  };
}

/** The real world for `uninstall`. `home` is where the app to end keeps itself; only the usual one is ever removed. */
export function uninstallPorts(file: string, at: { readonly socket: string; readonly helperSocket: string; readonly version: string }, clock: Clock): Omit<UninstallPorts, 'say'> {
  const service = standingFolder();
  return {
    file,
    links: linkPlaces(configFolder()),
    service,
    home: homeAt(undefined).folder,
    rootFolder: existsSync('/opt/Webmesh') ? undefined : '/var/lib/webmesh',
    endApp: () => endApp(at.socket, clock),
    endService: async () => {
      if (!serviceRuns(service)) return false;
      await endHelper(at.helperSocket, at.version, clock);
      await until(clock, async () => !serviceRuns(service), service);
      return true;
    },
  };
}

async function endApp(socket: string, clock: Clock): Promise<boolean> {
  const port = await connect(socket).catch((error: unknown) => {
    if (isFailure(error) && error.code === 'app.not-running') return undefined;
    throw error;
  });
  if (port === undefined) return false;
  await quitAt(port);
  // A window that was its guest takes its place, and is asked as well.
  await until(clock, async () => !(await isAlive(socket)) || (await connect(socket).then(quitAt, () => {}), false), socket);
  return true;
}

async function quitAt(port: Port): Promise<void> {
  const client = attach(port);
  await client.call('app.quit', {}).catch((error: unknown) => {
    if (!isFailure(error) || error.code !== 'app.not-running') throw error; // it ended before it could answer
  });
  client.close();
}

async function endHelper(socketPath: string, version: string, clock: Clock): Promise<void> {
  const helper = linkHelper({ socketPath, version, clock, log: silentLog, assertTrusted: assertTrustedSocket });
  try {
    await until(clock, async () => helper.link.get().state === 'up', socketPath, waitMs.helper);
    await helper.shutdown(new AbortController().signal);
  } finally {
    helper.close();
  }
}

/** Looks until it is so. Throws helper.unreachable {path} when it takes too long. */
async function until(clock: Clock, isSo: () => Promise<boolean>, path: string, mostMs: number = waitMs.end): Promise<void> {
  const endMs = clock.monotonicMs() + mostMs;
  while (!(await isSo())) {
    if (clock.monotonicMs() > endMs) throw failure('helper.unreachable', { path });
    await sleep(clock, waitMs.look);
  }
}
