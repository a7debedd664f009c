import { existsSync } from 'node:fs';
import type { InstallerFormat } from '../../base/update.ts';
import type { Machine } from './choose.ts';

/** What this machine can install. An AppImage replaces itself by another one; else Linux has the format of its package manager. */
export function thisMachine(environment: Readonly<Record<string, string | undefined>> = process.env): Machine {
  return { arch: process.arch, formats: formatsOf(process.platform, { appImage: environment['APPIMAGE'] !== undefined, has: existsSync }) };
}

/** Pure, given what `has` says of a path. */
export function formatsOf(platform: NodeJS.Platform, { appImage, has }: { readonly appImage: boolean; has(path: string): boolean }): readonly InstallerFormat[] {
  if (platform === 'win32') return ['exe'];
  if (platform === 'darwin') return ['pkg', 'dmg'];
  if (platform !== 'linux') return [];
  if (appImage) return ['AppImage'];
  if (has('/usr/bin/dpkg')) return ['deb'];
  return has('/usr/bin/rpm') ? ['rpm'] : ['AppImage'];
}
