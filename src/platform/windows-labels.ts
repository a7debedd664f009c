import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { securityOf, windowsOk } from './windows-calls.ts';

/** S-1-16-4096, the lowest that a normal process has. */
export const lowRid = 0x1000;
const labelPart = 0x10;
const labelAce = 0x11;

/**
 * Marks the plain files of a folder, and then the folder, as low: a process of low integrity may write there, and nowhere else. What is made
 * in it later inherits the mark. Access lists are as before. Links, and files with a second name, could be of others and are left alone.
 * Throws where this cannot be had; then the folder itself has no mark.
 */
export function markLow(folder: string): void {
  const file = securityOf('S:(ML;;NW;;;LW)');
  for (const path of readdirSync(folder).map((name) => join(folder, name))) {
    const found = lstatSync(path);
    if (found.isFile() && found.nlink === 1) windowsOk('SetFileSecurityW', path, labelPart, file);
  }
  windowsOk('SetFileSecurityW', folder, labelPart, securityOf('S:(ML;OICI;NW;;;LW)'));
}

/** The integrity that a self-relative SECURITY_DESCRIPTOR marks something with, as the last part of its identifier; undefined when it does not. */
export function ridIn(descriptor: Buffer): number | undefined {
  const list = descriptor.readUInt32LE(12);
  if (list === 0 || descriptor.readUInt16LE(list + 4) === 0) return undefined;
  const entry = list + 8;
  return descriptor.readUInt8(entry) === labelAce ? descriptor.readUInt32LE(entry + 16) : undefined;
}
