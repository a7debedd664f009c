import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRelease, makeRoot, makeSnapshot, newKey, type ReleaseInput, type RoleKeys, type RoleName } from '../../scripts/lib/update-repository.ts';
import type { Clock } from '../../src/base/clock.ts';
import { isFailure } from '../../src/base/failure.ts';
import type { Updates } from '../../src/base/update.ts';
import { createUpdates } from '../../src/platform/update/updates.ts';
import { virtualClock } from '../sim/session/clock.ts';

export type Keys = Readonly<Record<RoleName, RoleKeys>>;

export function newKeys(): Keys {
  const role = (count: number, threshold: number): RoleKeys => ({ keys: Array.from({ length: count }, newKey), threshold });
  return { root: role(3, 2), targets: role(1, 1), snapshot: role(1, 1), timestamp: role(1, 1) };
}

/** Made once: what tests compare does not depend on them. */
export const keys = newKeys();
export const startMs = Date.UTC(2026, 10, 22);
export const dayMs = 86_400_000;

/** A release server on the loopback that does what it is told, time that moves when told, and a machine that asks. */
export interface UpdateWorld {
  /** What is served, by path. */
  readonly files: Map<string, Buffer>;
  /** Paths that are answered otherwise. */
  readonly odd: Map<string, RequestListener>;
  readonly asked: string[];
  readonly folder: string;
  readonly root: Buffer;
  /** Signs a release and serves it. Versions of metadata are `step` unless told. */
  publish(step: number, version: string, more?: Partial<ReleaseInput>): ReadonlyMap<string, Buffer>;
  /** A client of this machine; another one is another life of the app. */
  client(more?: Partial<Parameters<typeof createUpdates>[0]>): Updates;
  /** Wall time leaps. */
  days(count: number): void;
  /** Said by the server: it will send nothing more, so time passes until somebody gives up. */
  stuck(): void;
  /** What the work came to: its value, or the code of its failure. */
  outcome(work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown>;
  close(): void;
}

export const installer = (bytes = Buffer.from('a new app'), name = 'webmesh-desktop_0.2.0_amd64.deb') => ({ name, bytes, arch: 'x64', format: 'deb' });

export async function updateWorld(): Promise<UpdateWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'wm-update-'));
  const timers = virtualClock();
  let leaptMs = 0;
  let stuck = false;
  const clock: Clock = { ...timers, nowMs: () => startMs + leaptMs + timers.nowMs() };
  const files = new Map<string, Buffer>();
  const odd = new Map<string, RequestListener>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    asked.push(path);
    const other = odd.get(path);
    if (other) return other(request, response);
    const body = files.get(path);
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const root = makeRoot({ version: 1, keys, nowMs: startMs });
  return {
    files, odd, asked, folder, root,
    publish: (step, version, more = {}) => {
      const made = makeRelease({ keys, versions: { targets: step, snapshot: step, timestamp: step }, nowMs: clock.nowMs(), version, notes: 'Faster.', installers: [installer()], ...more });
      for (const [path, bytes] of made) files.set(path, bytes);
      return made;
    },
    client: (more = {}) => createUpdates({
      folder, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, root: root.toString(), machine: { arch: 'x64', formats: ['deb'] }, current: '0.1.0', clock, ...more,
    }),
    stuck: () => {
      stuck = true;
    },
    days: (count) => {
      leaptMs += count * dayMs;
    },
    outcome: async (work) => {
      const ended: { result?: unknown } = {};
      const done = work(new AbortController().signal).catch((error: unknown) => (isFailure(error) ? error.code : error)).then((result) => (ended.result = result));
      // Real sockets, virtual time: it passes only while the server says that nothing more will come.
      while (!('result' in ended)) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (stuck) timers.next(timers.nowMs() + 1_000);
      }
      stuck = false;
      return done;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The daily job: snapshot and timestamp over targets that stay. */
export function resign(world: UpdateWorld, targetsFile: Buffer, versions: ReleaseInput['versions'], nowMs: number, signers: Keys = keys): void {
  for (const [path, bytes] of makeSnapshot({ keys: signers, versions, nowMs, targetsFile })) world.files.set(path, bytes);
}
