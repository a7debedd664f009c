import { applyLayers, type ConfineReport } from './confine-policy.ts';
import { addressOf } from './native.ts';
import { lowRid, ridIn } from './windows-labels.ts';
import { windows, windowsOk } from './windows-calls.ts';

/**
 * Windows: the process gives rights up by itself before its first own line, for good. It stays of the account that started it, so it reads
 * what that account reads; with a low integrity it writes only what is marked as low: its own folder. Each layer stands alone.
 */
export function settleConfined(own: string, report: (report: ConfineReport) => void): void {
  report(applyLayers([
    ['no-programs', allowOneProcess],
    ['no-privileges', dropPrivileges],
    ['low-integrity', () => lowerIntegrity(own)],
  ]));
}

const tokenAccess = { adjustDefault: 0x80, adjustPrivileges: 0x20, query: 0x8 } as const;
const tokenInformation = { privileges: 3, integrityLevel: 25 } as const;
const basicLimits = { kind: 2, bytes: 64, flagsAt: 16, processesAt: 40, activeProcesses: 0x8 } as const;
const removed = 4;
/** SeChangeNotifyPrivilege: everybody has it, and the way to a file leads through folders that may be closed. */
const kept = 23n;
const groupIntegrity = 0x20;

/** A job of one: whatever would be started does not start. */
function allowOneProcess(): void {
  const job = windowsOk('CreateJobObjectW', null, null);
  const limits = Buffer.alloc(basicLimits.bytes);
  limits.writeUInt32LE(basicLimits.activeProcesses, basicLimits.flagsAt);
  limits.writeUInt32LE(1, basicLimits.processesAt);
  windowsOk('SetInformationJobObject', job, basicLimits.kind, limits, limits.length);
  windowsOk('AssignProcessToJobObject', job, windows('GetCurrentProcess'));
}

/** What is removed from a token cannot be switched on again. */
function dropPrivileges(): void {
  const token = ownToken(tokenAccess.adjustPrivileges | tokenAccess.query);
  try {
    const list = Buffer.alloc(2_048);
    windowsOk('GetTokenInformation', token, tokenInformation.privileges, list, list.length, Buffer.alloc(4));
    windowsOk('AdjustTokenPrivileges', token, 0, removing(list), 0, null, null);
  } finally {
    windows('CloseHandle', token);
  }
}

/** TOKEN_PRIVILEGES: a count, then for each its number and its attributes. The same list, with all but one marked to be removed. */
export function removing(list: Buffer): Buffer {
  const count = list.readUInt32LE(0);
  const rows = Array.from({ length: count }, (_, i) => list.subarray(4 + 12 * i, 16 + 12 * i)).filter((row) => row.readBigUInt64LE(0) !== kept);
  const answer = Buffer.alloc(4 + 12 * rows.length);
  answer.writeUInt32LE(rows.length, 0);
  rows.forEach((row, i) => {
    row.copy(answer, 4 + 12 * i, 0, 8);
    answer.writeUInt32LE(removed, 12 + 12 * i);
  });
  return answer;
}

/** Only where its own folder is marked: there is no way back, and a process that cannot write its own files is none. */
function lowerIntegrity(own: string): void {
  if (ridIn(labelOf(own)) !== lowRid) throw new Error('its folder is not marked as low');
  const sid = Buffer.from([1, 1, 0, 0, 0, 0, 0, 16, 0, 0x10, 0, 0]);
  const label = Buffer.alloc(16);
  label.writeBigUInt64LE(addressOf(sid), 0);
  label.writeUInt32LE(groupIntegrity, 8);
  const token = ownToken(tokenAccess.adjustDefault | tokenAccess.query);
  try {
    windowsOk('SetTokenInformation', token, tokenInformation.integrityLevel, label, label.length);
  } finally {
    windows('CloseHandle', token);
  }
}

function labelOf(path: string): Buffer {
  const bytes = Buffer.alloc(512);
  windowsOk('GetFileSecurityW', path, 0x10, bytes, bytes.length, Buffer.alloc(4));
  return bytes;
}

function ownToken(access: number): number {
  const place = Buffer.alloc(8);
  windowsOk('OpenProcessToken', windows('GetCurrentProcess'), access, place);
  return Number(place.readBigInt64LE());
}
