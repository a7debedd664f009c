import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join, parse } from 'node:path';
import { type Failure, failure } from '../base/failure.ts';
import { type TunnelPlace } from '../helper/ports.ts';
import { storageFailure } from './files.ts';
import { guardedFolder } from './guarded-files.ts';
import { type User } from './users.ts';
import { markLow } from './windows-labels.ts';

export interface NodeFolders {
  readonly dataDir: string;
  readonly socketDir: string;
}

export interface NodeFoldersInput {
  readonly runFolder: string;
  readonly stateFolder: string;
  readonly user: User | undefined;
  readonly place: TunnelPlace;
}

const foldersPerUserMax = 256;

/**
 * The two folders of a user's node process: its data, which nobody else may enter, and the one of its socket, which besides it only that
 * user may enter. `<folder>/nodes/<uid>/<tunnel id>`; data of the layout without users is moved to the first user who names it.
 */
export function nodeFolders({ runFolder, stateFolder, user, place }: NodeFoldersInput): NodeFolders {
  const data = rootsFolder(stateFolder, place);
  adoptOld(join(stateFolder, 'nodes', place.tunnelId), join(data, place.tunnelId), user);
  const dataDir = ownFolder(join(data, place.tunnelId), user, { uid: user?.uid, gid: user?.gid, mode: 0o700 });
  if (process.platform === 'win32') markOwn(dataDir);
  const socketDir = ownFolder(join(rootsFolder(runFolder, place), place.tunnelId), user, socketOwners(user, place.uid));
  return { dataDir, socketDir };
}

/** Without the mark the process keeps its integrity, and says so in its report. */
function markOwn(dataDir: string): void {
  try {
    markLow(dataDir);
  } catch {
    // The file system or the machine knows no marks.
  }
}

interface Owners {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly mode: number;
}

/**
 * The caller owns the folder and may pass; the node's group may make the socket in it; nobody else may enter, so the socket itself can be
 * open. Root enters everywhere, and a caller who is the node's own user needs no second one.
 */
function socketOwners(user: User | undefined, caller: number): Owners {
  if (user === undefined || caller === 0 || caller === user.uid) return { uid: user?.uid, gid: user?.gid, mode: 0o700 };
  return { uid: caller, gid: user.gid, mode: 0o570 };
}

function rootsFolder(folder: string, { uid }: TunnelPlace): string {
  const path = join(folder, 'nodes', String(uid));
  for (const each of [dirname(path), path]) guardedFolder(each, 0o755);
  return path;
}

function adoptOld(old: string, path: string, user: User | undefined): void {
  const found = lstatSync(old, { throwIfNoEntry: false });
  // A number is the folder of a user, of this layout.
  if (!found?.isDirectory() || /^\d+$/.test(basename(old)) || lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  // Another one's data is not ours to give. Root's is: a life that ended in here left it so.
  if (user !== undefined && found.uid !== user.uid && found.uid !== 0) return;
  try {
    // To move a folder is to write in it, and the helper's service has no right to write in what is not root's.
    if (user !== undefined) chownSync(old, 0, 0);
    renameSync(old, path);
    if (user !== undefined) chownSync(path, user.uid, user.gid);
  } catch (error) {
    throw storageFailure(error, old);
  }
}

/** A folder for others under one of root's. One that belongs to somebody else is refused, never taken over. */
function ownFolder(path: string, user: User | undefined, { uid, gid, mode }: Owners): string {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) makeFolder(path, user, { uid, gid, mode });
  const found = lstatSync(path);
  if (!found.isDirectory() || (uid !== undefined && found.uid !== uid)) throw failure('node.start-failed', { path, problem: 'the folder belongs to another user' });
  return path;
}

function makeFolder(path: string, user: User | undefined, { uid, gid, mode }: Owners): void {
  const got = readdirSync(dirname(path)).length;
  if (got >= foldersPerUserMax) throw failure('input.limit', { field: 'tunnel_id', max: foldersPerUserMax, got: got + 1 });
  try {
    mkdirSync(path, { mode: 0o700 });
    // First the mode, while it is ours: afterwards only a right that the helper's service does not have would do.
    chmodSync(path, mode);
    if (user !== undefined && uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  } catch (error) {
    throw storageFailure(error, path);
  }
}

/** Says which folder keeps an unprivileged user out, instead of letting the start fail with a number. */
export function refuseUnreachable(path: string, user: User): void {
  if (user.uid === 0) return;
  const { root } = parse(path);
  for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    if ((bits & 1) === 0) throw unreachableFolder(folder, user);
  }
}

function unreachableFolder(path: string, user: User): Failure {
  return failure('node.start-failed', { path, problem: `the user ${user.name} may not enter this folder` });
}
