import type { TargetFile } from '@tufjs/models';
import { failure } from '../../base/failure.ts';
import type { InstallerFormat } from '../../base/update.ts';
import { updateLimits } from './limits.ts';

/** What this machine can install, the best first. */
export interface Machine {
  readonly arch: string;
  readonly formats: readonly InstallerFormat[];
}

/** A newer version in a file for this machine. */
export interface Chosen {
  readonly version: string;
  readonly format: InstallerFormat;
  readonly notes: string;
  readonly target: TargetFile;
}

const namePattern = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._+~-]{0,127}$/;
const notesCharactersMax = 2_000;

/** A file's name is all that reaches the disk or an address: no folders, no dots that lead out, nothing that a shell reads. */
export function isPlainName(name: string): boolean {
  return namePattern.test(name);
}

/**
 * The newest version for this machine that is newer than `current`, or null. Pure. Throws update.damaged when a name could lead elsewhere or the
 * file for us lacks what it needs, update.too-large when it is longer than any of ours.
 */
export function chooseRelease(offered: Readonly<Record<string, TargetFile>>, { arch, formats }: Machine, current: string): Chosen | null {
  const wrong = Object.keys(offered).find((name) => !isPlainName(name));
  if (wrong !== undefined) throw failure('update.damaged', { file: 'targets.json', problem: 'a name that leads elsewhere' });
  const fitting = Object.values(offered).flatMap((target): Chosen[] => {
    const { version, arch: forArch, format, notes } = target.custom;
    const known = formats.find((one) => one === format);
    if (known === undefined || forArch !== arch || typeof version !== 'string' || !isVersion(version)) return [];
    return [{ version, format: known, notes: typeof notes === 'string' ? notes.slice(0, notesCharactersMax) : '', target }];
  });
  const better = (a: Chosen, b: Chosen): number => compareVersions(b.version, a.version) || formats.indexOf(a.format) - formats.indexOf(b.format);
  const [newest] = fitting.filter(({ version }) => compareVersions(version, current) > 0).sort(better);
  if (newest === undefined) return null;
  checkFile(newest.target);
  return newest;
}

/** Hashes are optional to the library, and so is their strength. */
function checkFile({ path, length, hashes }: TargetFile): void {
  if (!Number.isSafeInteger(length) || length > updateLimits.payloadBytesMax) throw failure('update.too-large', { file: path, bytesMax: updateLimits.payloadBytesMax });
  if (!/^[0-9a-f]{64}$/.test(hashes['sha256'] ?? '')) throw failure('update.damaged', { file: path, problem: 'no SHA-256' });
}

function isVersion(text: string): boolean {
  return /^\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(text);
}

/** Above zero when `a` is newer. What follows a dash is not looked at: releases have none. */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string): readonly number[] => (text.split('-')[0] ?? '').split('.').map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < 3; at++) {
    const difference = (left[at] || 0) - (right[at] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
