import { statSync } from 'node:fs';
import { type Clock } from '../base/clock.ts';
import { lookEvery } from '../base/looks.ts';
import { type NativeFunction, nativeFunction } from './native.ts';
import { membersOf } from './users.ts';

/** From <linux/posix_acl.h> and <linux/posix_acl_xattr.h>. */
const acl = { version: 2, owner: 0x01, user: 0x02, group: 0x04, mask: 0x10, others: 0x20, readWrite: 6, nobody: 0xffff_ffff } as const;
const usersMax = 256;
const groups = '/etc/group';
const lookEveryMs = 5_000;

let setxattr: NativeFunction | undefined;

/** Keeps a socket open to the members of a group as its line is by now, for as long as this process lives: one stat every five seconds. */
export function keepOpenToMembers(path: string, group: string, clock: Clock): void {
  let seen = '';
  const look = (): void => {
    const now = birthOf(groups);
    if (now !== seen) openToUsers(path, membersOf(group));
    seen = now;
  };
  look();
  lookEvery(clock, lookEveryMs, look);
}

/** Another file, or the same one written again, has another one. */
function birthOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.mtimeMs}`;
}

/**
 * Lets single users open a socket beside its owner and group, by the access list of the file (acl(5)): whoever was put into the group has it in
 * new logins only, and here at once. Linux alone. Answers whether the list stands; without it, owner and group are what counts.
 * More users than 256 are not listed: they log in again.
 */
export function openToUsers(path: string, uids: readonly number[]): boolean {
  if (process.platform !== 'linux') return false;
  const list = accessList(uids);
  try {
    setxattr ??= nativeFunction('int setxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)');
    return setxattr(path, 'system.posix_acl_access', list, list.length, 0) === 0;
  } catch {
    return false; // Without the library that calls the system.
  }
}

/** Pure: rw-rw---- with a line for each of the users, as the kernel wants it: sorted by kind and number, each user once. */
export function accessList(uids: readonly number[]): Uint8Array {
  const users = [...new Set(uids)].sort((a, b) => a - b).slice(0, usersMax);
  const { owner, user, group, mask, others, readWrite, nobody } = acl;
  const lines = [[owner, readWrite, nobody], ...users.map((uid) => [user, readWrite, uid]), [group, readWrite, nobody], [mask, readWrite, nobody], [others, 0, nobody]] as const;
  const bytes = Buffer.alloc(4 + lines.length * 8);
  bytes.writeUInt32LE(acl.version);
  lines.forEach(([tag = 0, rights = 0, id = 0], at) => {
    bytes.writeUInt16LE(tag, 4 + at * 8);
    bytes.writeUInt16LE(rights, 6 + at * 8);
    bytes.writeUInt32LE(id, 8 + at * 8);
  });
  return bytes;
}
