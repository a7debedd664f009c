import { dirname } from 'node:path';
import { failure } from '../base/failure.ts';
import { systemAccounts } from './windows-accounts.ts';
import { lastError, securityOf, windows } from './windows-calls.ts';
import { ownAccount, ownerOf } from './windows-tokens.ts';

/** The access list is replaced, and inherits nothing: %ProgramData% lets every user put files into what lies below. */
const protectedList = 0x8000_0004;
const pipeBusy = 231;
const busyMs = 1_000;

/**
 * Closes a folder to all but the system, its administrators and who runs this. One that somebody else owns, or that lies in somebody
 * else's, is refused: what lies in it may be planted. Throws auth.not-permitted {path, reason}. Answers the path.
 */
export function closedFolder(path: string): string {
  const own = ownAccount();
  const foreign = firstForeign(path);
  if (foreign !== undefined) throw failure('auth.not-permitted', { path: foreign, reason: 'it belongs to another user' });
  const list = ['SY', 'BA', ...(own === undefined ? [] : [own])].map((account) => `(A;OICI;FA;;;${account})`).join('');
  if (windows('SetFileSecurityW', path, protectedList, securityOf(`D:PAI${list}`)) === 0) throw failure('auth.not-permitted', { path, reason: lastError('SetFileSecurityW').message });
  return path;
}

/** Throws `away` when nobody listens at the pipe, helper.not-trusted when somebody does who is neither the system nor we. */
export function assertTrustedPipe(name: string, away: 'helper.unreachable' | 'node.lost' = 'helper.unreachable'): void {
  const owner = ownerOfPipe(name);
  if (owner === undefined) throw failure(away, { path: name });
  if (!isTrustedAccount(owner)) throw failure('helper.not-trusted', { path: name, reason: 'the pipe belongs to another user' });
}

/** Asking takes an instance of the pipe, and there may be none for the moment that its server needs to make the next. */
function ownerOfPipe(name: string): string | undefined {
  const owner = ownerOf(name);
  if (owner !== undefined || windows('GetLastError') !== pipeBusy || windows('WaitNamedPipeW', name, busyMs) === 0) return owner;
  return ownerOf(name);
}

/** A file, or a folder above it, that belongs neither to the system nor to who runs this; undefined when there is none. */
export function firstForeign(path: string): string | undefined {
  for (let place = path; ; place = dirname(place)) {
    if (!isTrustedAccount(ownerOf(place))) return place;
    if (place === dirname(place)) return undefined;
  }
}

/** True for the system, its administrators, and who runs this. */
export function isTrustedAccount(account: string | undefined): boolean {
  return account !== undefined && (systemAccounts.includes(account) || account === ownAccount());
}
