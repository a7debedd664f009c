import { lstatSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { failure } from '../base/failure.ts';
import { localName } from './local-name.ts';
import { assertTrustedPipe } from './windows-folders.ts';

const stickyBit = 0o1000;
const writableByOthers = 0o022;

/**
 * Checks that only root, or we ourselves, can have put a socket in its place: the socket and every folder above it belong to one of the
 * two, and no folder can be written by others (a sticky one like /tmp may, since nobody can move what is not his there).
 * Throws helper.unreachable when there is no socket, helper.not-trusted {path, reason} otherwise. On Windows the pipe's own owner is asked for.
 */
export function assertTrustedSocket(path: string): void {
  if (process.platform === 'win32') return assertTrustedPipe(localName(path));
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw failure('helper.unreachable', { path });
  if (!found.isSocket()) throw failure('helper.not-trusted', { path, reason: 'not a socket' });
  if (!isOurs(found.uid)) throw failure('helper.not-trusted', { path, reason: 'the socket belongs to another user' });
  for (let folder = realpathSync(dirname(path)); ; folder = dirname(folder)) {
    const { uid, mode } = lstatSync(folder);
    if (!isOurs(uid)) throw failure('helper.not-trusted', { path: folder, reason: 'the folder belongs to another user' });
    if ((mode & writableByOthers) !== 0 && (mode & stickyBit) === 0) throw failure('helper.not-trusted', { path: folder, reason: 'others can write the folder' });
    if (folder === dirname(folder)) return;
  }
}

function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
