import { accountNumber, administratorsSid, interactiveNumber, interactiveSid, sidText } from './windows-accounts.ts';
import { windows } from './windows-calls.ts';
import type { PeerCredentials } from './peer-credentials.ts';

const queryToken = 0x8;
const tokenUser = 1;
const ownerPart = 1;
const tokenIntegrity = 25;
/** S-1-16-8192: what a person's programs have. Less is a sandbox, such as a browser's pages or our own node processes are in. */
const mediumRid = 0x2000;

/**
 * Who opened the other end of a pipe, by the token that Windows itself lends us for a moment; undefined when it does not. A pipe whose
 * first bytes are not read yet may have none; a process in a sandbox is nobody, whoever's it is. Windows must take the token back at once; should it refuse, we end: we would go on as another.
 */
export function pipePeer(pipe: number): PeerCredentials | undefined {
  const pid = Buffer.alloc(4);
  if (windows('GetNamedPipeClientProcessId', pipe, pid) === 0 || windows('ImpersonateNamedPipeClient', pipe) === 0) return undefined;
  let token = 0;
  try {
    token = handleFrom((place) => windows('OpenThreadToken', windows('GetCurrentThread'), queryToken, 1, place));
  } finally {
    if (windows('RevertToSelf') === 0) process.abort();
  }
  if (token === 0) return undefined;
  try {
    const sid = userOf(token);
    if (sid === undefined || isSandboxed(integrityOf(token))) return undefined;
    const uid = accountNumber(sid, isMember(token, administratorsSid));
    return { uid, gid: uid, pid: pid.readUInt32LE(), groups: isMember(token, interactiveSid) ? [interactiveNumber] : [] };
  } finally {
    windows('CloseHandle', token);
  }
}

/** The account that a file, a folder or a pipe belongs to, as text; undefined when there is none or it is not said. */
export function ownerOf(path: string): string | undefined {
  const bytes = Buffer.alloc(512);
  return windows('GetFileSecurityW', path, ownerPart, bytes, bytes.length, Buffer.alloc(4)) === 0 ? undefined : ownerIn(bytes);
}

/** The same of what a handle stands for; the handle must have the right READ_CONTROL. */
export function ownerOfHandle(handle: number): string | undefined {
  const bytes = Buffer.alloc(512);
  return windows('GetKernelObjectSecurity', handle, ownerPart, bytes, bytes.length, Buffer.alloc(4)) === 0 ? undefined : ownerIn(bytes);
}

/** A self-relative SECURITY_DESCRIPTOR: the owner's offset stands at 4. */
function ownerIn(descriptor: Buffer): string | undefined {
  return sidText(descriptor.subarray(descriptor.readUInt32LE(4)));
}

/** The account that runs this process. */
export function ownAccount(): string | undefined {
  const token = handleFrom((place) => windows('OpenProcessToken', windows('GetCurrentProcess'), queryToken, place));
  if (token === 0) return undefined;
  try {
    return userOf(token);
  } finally {
    windows('CloseHandle', token);
  }
}

/** TOKEN_USER: a pointer into the same bytes, attributes, and then the identifier itself. */
function userOf(token: number): string | undefined {
  const bytes = Buffer.alloc(256);
  return windows('GetTokenInformation', token, tokenUser, bytes, bytes.length, Buffer.alloc(4)) === 0 ? undefined : sidText(bytes.subarray(16));
}

/** TOKEN_MANDATORY_LABEL: laid out like the user. */
function integrityOf(token: number): string | undefined {
  const bytes = Buffer.alloc(256);
  return windows('GetTokenInformation', token, tokenIntegrity, bytes, bytes.length, Buffer.alloc(4)) === 0 ? undefined : sidText(bytes.subarray(16));
}

/** By the last number of its integrity's identifier. One that is not said is not low: Windows says it always. */
export function isSandboxed(integrity: string | undefined): boolean {
  const rid = /^S-1-16-(\d+)$/.exec(integrity ?? '')?.[1];
  return rid !== undefined && Number(rid) < mediumRid;
}

/** True when the token has this group switched on; an administrator who was not asked for consent has it switched off. */
function isMember(token: number, sid: Uint8Array): boolean {
  const answer = Buffer.alloc(4);
  return windows('CheckTokenMembership', token, sid, answer) !== 0 && answer.readUInt32LE() !== 0;
}

function handleFrom(open: (place: Uint8Array) => number): number {
  const place = Buffer.alloc(8);
  return open(place) === 0 ? 0 : Number(place.readBigInt64LE());
}
