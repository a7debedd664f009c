import { type Stats, chmodSync, closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join, parse, resolve, sep } from 'node:path';
import { type Failure, failure } from '../base/failure.ts';
import { storageFailure } from './files.ts';

const writableByOthers = 0o022;
const stickyBit = 0o1000;
const linksMax = 40;

/**
 * The real path of a folder that nobody but root and we ourselves can bend: every folder on the way belongs to one of the two and can be
 * written by nobody else. A sticky one like /tmp may stand on the way, since nobody can move what is not his there, but not at the end;
 * a symbolic link may not lie in it. What is missing yet is no trouble. Throws auth.not-permitted {path, reason}.
 */
export function guardPath(path: string, trusted: readonly number[] = ownUids()): string {
  if (process.platform === 'win32') return resolve(path);
  let rest = resolve(path).split(sep).filter((name) => name !== '');
  let here = parse(resolve(path)).root;
  let links = 0;
  while (rest.length > 0) {
    const [name = '', ...more] = rest;
    const parent = lstatSync(here);
    const next = join(here, name);
    const found = lstatSync(next, { throwIfNoEntry: false });
    if (found === undefined) return join(here, ...rest);
    if (found.isSymbolicLink()) {
      if (isOpen(parent) || ++links > linksMax) throw bent(next, 'a symbolic link is in its way');
      const target = readlinkSync(next);
      rest = [...target.split(sep).filter((part) => part !== ''), ...more];
      if (target.startsWith(sep)) here = sep;
      continue;
    }
    if (!trusted.includes(found.uid)) throw bent(next, 'it belongs to another user');
    if (isOpen(found) && !isOnlyTheirs(found) && ((found.mode & stickyBit) === 0 || more.length === 0)) throw bent(next, 'others can write it');
    if (name === '..') throw bent(next, 'it is no plain path');
    if (!found.isDirectory() && more.length > 0) throw bent(next, 'it is no folder');
    here = next;
    rest = more;
  }
  return here;
}

/**
 * A folder in one of our own, made with the mode when it is missing: below what was guarded there are no links at all, not even ours.
 * Throws auth.not-permitted {path, reason} or internal.storage.
 */
export function guardedFolder(path: string, mode: number): void {
  if (guardPath(path) !== resolve(path)) throw bent(path, 'a symbolic link is in its way');
  try {
    mkdirSync(path, { recursive: true, mode });
    // The umask may have closed it.
    chmodSync(path, mode);
  } catch (error) {
    throw storageFailure(error, path);
  }
}

/**
 * Opens a file that must be ours alone: no link at the end of its path, a plain file, one name, our own, written by nobody else. `flags`
 * are those of open(2). Its folder was guarded before (see guardPath), so nobody can swap it in between. Throws internal.storage
 * {path, reason} without having read or written anything.
 */
export async function openGuarded(path: string, flags: number, mode = 0o600): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, flags | guardFlags, mode);
  } catch (error) {
    throw refusalOf(error, path);
  }
  try {
    refuseForeign(await file.stat(), path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same for code that cannot wait; answers the descriptor. */
export function openGuardedNow(path: string, flags: number, mode = 0o600): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags | guardFlags, mode);
  } catch (error) {
    throw refusalOf(error, path);
  }
  try {
    refuseForeign(fstatSync(descriptor), path);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The text of a guarded file, or undefined when there is none. */
export async function readGuarded(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await openGuarded(path, constants.O_RDONLY);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return await file.readFile('utf8');
  } catch (error) {
    throw storageFailure(error, path);
  } finally {
    await file.close();
  }
}

/** For files that a library opens by name: what is there now must be ours alone. */
export function refusePlanted(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) refuseForeign(found, path);
}

/** Makes the folder's names durable: a file is on the disk only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Root, and whoever runs this. */
export function ownUids(): readonly number[] {
  return [0, process.geteuid?.() ?? 0];
}

/** Never through a link; a pipe that somebody put in the place must not make us wait. */
const guardFlags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function refuseForeign(found: Stats, path: string): void {
  if (process.platform === 'win32') return;
  if (!found.isFile()) throw foreign(path, 'it is no plain file');
  if (found.uid !== process.geteuid?.()) throw foreign(path, 'it belongs to another user');
  if (found.nlink > 1) throw foreign(path, 'it has a second name');
  if (isOpen(found)) throw foreign(path, 'others can write it');
}

function refusalOf(error: unknown, path: string): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  // ELOOP: a link; ENXIO: a pipe or socket that nobody reads.
  return code === 'ELOOP' || code === 'ENXIO' ? foreign(path, 'it is no plain file', error) : storageFailure(error, path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOENT';
}

function isOpen({ mode }: Stats): boolean {
  return (mode & writableByOthers) !== 0;
}

/** Open to a group that only its owner is in: most systems give each person such a group, with the person's own number. */
function isOnlyTheirs({ uid, gid, mode }: Stats): boolean {
  return uid !== 0 && gid === uid && (mode & 0o002) === 0;
}

function bent(path: string, reason: string): Failure {
  return failure('auth.not-permitted', { path, reason });
}

function foreign(path: string, reason: string, cause?: unknown): Failure {
  return failure('internal.storage', { path, reason }, cause);
}
