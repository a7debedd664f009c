import { dirname } from 'node:path';
import { failure } from '../base/failure.ts';
import { systemAccounts } from './windows-accounts.ts';
import { lastError, securityOf, windows } from './windows-calls.ts';
import { ownAccount, ownerOf } from './windows-tokens.ts';

/** The access list is replaced, and inherits nothing: %ProgramData% lets every user put files into what lies below. */
const protectedList = 0x8000_0004;

/**
 * Closes a folder to all but the system, its administrators and who runs this. One that somebody else owns, or that lies in somebody
 * else's, is refused: what lies in it may be planted. Throws auth.not-permitted {path, reason}. Answers the path.
 */
export function closedFolder(path: string): string {
  const own = ownAccount();
  for (let folder = path; ; folder = dirname(folder)) {
    if (!isTrustedOwner(ownerOf(folder), own)) throw failure('auth.not-permitted', { path: folder, reason: 'it belongs to another user' });
    if (folder === dirname(folder)) break;
  }
  const list = ['SY', 'BA', ...(own === undefined ? [] : [own])].map((account) => `(A;OICI;FA;;;${account})`).join('');
  if (windows('SetFileSecurityW', path, protectedList, securityOf(`D:PAI${list}`)) === 0) throw failure('auth.not-permitted', { path, reason: lastError('SetFileSecurityW').message });
  return path;
}

/** Throws helper.unreachable when nobody listens at the pipe, helper.not-trusted when somebody does who is neither the system nor we. */
export function assertTrustedPipe(name: string): void {
  const owner = ownerOf(name);
  if (owner === undefined) throw failure('helper.unreachable', { path: name });
  if (!isTrustedOwner(owner, ownAccount())) throw failure('helper.not-trusted', { path: name, reason: 'the pipe belongs to another user' });
}

function isTrustedOwner(owner: string | undefined, own: string | undefined): boolean {
  return owner !== undefined && (systemAccounts.includes(owner) || owner === own);
}
