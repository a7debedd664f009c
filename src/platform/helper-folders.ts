import { chmodSync, lchownSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../base/failure.ts';
import { tryLock } from './file-lock.ts';
import { storageFailure } from './files.ts';
import { guardPath, refusePlanted } from './guarded-files.ts';
import { closedFolder } from './windows-folders.ts';

/**
 * Makes a folder that others may enter and only we may write. One that somebody else owns, can write, or can lead elsewhere is refused,
 * never repaired: what lies in it may be planted. On Windows nobody but system and administrators may enter either. Answers its real path.
 */
export function ownedFolder(path: string): string {
  const real = guardPath(path);
  try {
    mkdirSync(real, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw storageFailure(error, path);
  }
  guardPath(real);
  if (process.platform === 'win32') return closedFolder(real);
  if (lstatSync(real).uid !== process.geteuid?.()) throw failure('auth.not-permitted', { path: real, reason: 'it belongs to another user' });
  // The umask may have closed it: the node process and the app pass through.
  chmodSync(real, 0o755);
  return real;
}

/** One helper a folder. The system drops the lock when we die. Throws app.already-running. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'helper.lock');
  for (const beside of ['', '-journal', '-wal', '-shm']) refusePlanted(path + beside);
  const release = tryLock(path);
  if (release === undefined) throw failure('app.already-running', { path: folder });
  return release;
}

/** Opens a socket that was made closed to exactly those who may use it. */
export function giveSocket(path: string, { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number }): void {
  if (process.platform === 'win32') return;
  if (!lstatSync(path).isSocket()) throw failure('internal.storage', { path, reason: 'it is no socket' });
  // In this order: afterwards it may be another's, whose mode is not ours to change.
  chmodSync(path, mode);
  lchownSync(path, uid, gid);
}
