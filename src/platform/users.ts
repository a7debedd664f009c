import { readFileSync } from 'node:fs';
import { interactiveNumber } from './windows-accounts.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** A user of this machine's own list, by name or number. */
export function findUser(who: string | number): User | undefined {
  const rows = rowsOf('/etc/passwd');
  const row = rows.find(([name, , uid]) => (typeof who === 'number' ? uid === String(who) : name === who));
  return row === undefined ? undefined : { name: row[0] ?? '', uid: Number(row[2]), gid: Number(row[3]) };
}

/** The number of a group, by its name. On Windows the people at the machine stand for every group of ours. */
export function findGroup(name: string): number | undefined {
  if (process.platform === 'win32') return interactiveNumber;
  const row = rowsOf('/etc/group').find(([group]) => group === name);
  return row === undefined ? undefined : Number(row[2]);
}

/** The users of this machine's own lists who are members of a group by its line there, whatever groups their present logins have. None where there is no such list. */
export function membersOf(name: string): readonly number[] {
  const row = rowsOf('/etc/group').find(([group]) => group === name);
  const names = (row?.[3] ?? '').split(',').filter((member) => member !== '');
  return names.length === 0 ? [] : rowsOf('/etc/passwd').flatMap(([user, , uid]) => (user !== undefined && names.includes(user) ? [Number(uid)] : [])).filter(Number.isInteger);
}

function rowsOf(file: string): readonly (readonly string[])[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter((line) => line.includes(':')).map((line) => line.split(':'));
  } catch {
    // Systems without this file have no such user.
    return [];
  }
}
