import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../base/failure.ts';
import { tryLock } from './file-lock.ts';
import { storageFailure } from './files.ts';

/** Makes a folder that others may enter and only we may write. One that belongs to another user is refused. Answers its real path. */
export function ownedFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw storageFailure(error, path);
  }
  const real = realpathSync(path);
  if (process.platform === 'win32') return real;
  if (lstatSync(real).uid !== process.geteuid?.()) throw failure('auth.not-permitted', { path: real, reason: 'the folder belongs to another user' });
  chmodSync(real, 0o755);
  return real;
}

/** One helper a folder. The system drops the lock when we die. Throws app.already-running. */
export function lockFolder(folder: string): () => void {
  const release = tryLock(join(folder, 'helper.lock'));
  if (release === undefined) throw failure('app.already-running', { path: folder });
  return release;
}

/** Opens a socket that was made closed to exactly those who may use it. */
export function giveSocket(path: string, { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number }): void {
  if (process.platform === 'win32') return;
  chownSync(path, uid, gid);
  chmodSync(path, mode);
}
