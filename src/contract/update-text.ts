import type { InstallerFormat } from '../base/update.ts';
import { plainText } from './plain-text.ts';

/** What the makers say of a version, line by line; made inert, because it came from elsewhere. */
export function notesLines(notes: string): readonly string[] {
  return notes.split('\n').map(plainText).filter((line) => line !== '').slice(0, 20);
}

/** What a person copies: a command, or a path. */
export function installText(format: InstallerFormat, path: string): string {
  const quoted = `'${path.replaceAll("'", String.raw`'\''`)}'`;
  return format === 'deb' ? `sudo apt install ${quoted}` : format === 'rpm' ? `sudo dnf install ${quoted}` : path;
}
