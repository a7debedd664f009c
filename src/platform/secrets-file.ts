import { constants } from 'node:fs';
import { lstat, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isFailure } from '../base/failure.ts';
import type { Secrets } from '../core/ports.ts';
import { storageFailure, writeFileAtomic } from './files.ts';

const namePattern = /^[a-z0-9-]{1,64}$/;
const bytesMax = 1 << 20;
const othersBits = 0o077;

/**
 * Secrets as files of mode 0600 in a folder of mode 0700, each replaced whole and atomically. What somebody else could have put there, or
 * could read, is refused and never repaired in silence: a symbolic link, another owner, a wider mode. Windows keeps a profile folder to its user.
 */
export function createFileSecrets(folder: string): Secrets {
  let queue: Promise<unknown> = Promise.resolve();
  const pathOf = (name: string): string => {
    if (!namePattern.test(name)) throw new Error(`not a name of a secret: ${name}`);
    return join(folder, name);
  };
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work).catch((error: unknown) => {
      // A full disk has its own words; everything else is about who may read what.
      const stored = isFailure(error) ? error : storageFailure(error, folder);
      throw stored.code === 'internal.secrets' || stored.code === 'node.disk-full' ? stored : failure('internal.secrets', { path: folder, reason: reasonOf(error) }, error);
    });
    queue = next.catch(() => {});
    return next;
  };
  return {
    kept: 'private-file',
    load: (name) => inOrder(async () => ((await ownFolder(folder, false)) ? readOwn(pathOf(name)) : undefined)),
    save: (name, text) => inOrder(async () => {
      const path = pathOf(name);
      await ownFolder(folder, true);
      await ownFile(path);
      await writeFileAtomic(path, text, 0o600);
    }),
    remove: (name) => inOrder(async () => {
      if (await ownFolder(folder, false)) await rm(pathOf(name), { force: true });
    }),
  };
}

/** True when the folder is there and nobody else's. Makes it when asked to. */
async function ownFolder(path: string, make: boolean): Promise<boolean> {
  if (make) await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path).catch(absent);
  if (found === undefined) return false;
  if (!found.isDirectory()) throw refused(path, 'not a folder');
  assertOwn(path, found);
  return true;
}

/** Refuses a place that holds something else than a file of ours. */
async function ownFile(path: string): Promise<void> {
  const found = await lstat(path).catch(absent);
  if (found === undefined) return;
  if (!found.isFile()) throw refused(path, 'not a plain file');
  assertOwn(path, found);
}

/** Opened without following a link, judged by what was opened: nobody can swap it in between. */
async function readOwn(path: string): Promise<string | undefined> {
  await ownFile(path);
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(absent);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refused(path, 'not a plain file');
    assertOwn(path, found);
    if (found.size > bytesMax) throw refused(path, 'too large');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function assertOwn(path: string, { uid, mode }: { readonly uid: number; readonly mode: number }): void {
  if (process.platform === 'win32') return;
  if (uid !== process.geteuid?.()) throw refused(path, 'belongs to another user');
  if ((mode & othersBits) !== 0) throw refused(path, 'others may open it');
}

const refused = (path: string, reason: string): Error => failure('internal.secrets', { path, reason });

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

function reasonOf(error: unknown): string {
  if (isFailure(error)) return String(error.detail['reason'] ?? error.code);
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
