import { basename, dirname, extname } from 'node:path';
import { isSea } from 'node:sea';
import { pathToFileURL } from 'node:url';

/** How one of our programs is started beside its bundle: what Node itself is told, and what runs in the process before its first line. */
export interface Before {
  readonly nodeFlags?: readonly string[];
  readonly preload?: string | undefined;
}

/**
 * The arguments with which the program that runs us starts another one of ours. Node is given its bundle; the single executable, which
 * holds all bundles, is given its name: `@helper`. Node's own flags are fixed in that executable, so nobody can give it others.
 */
export function ownProgram(script: string, before: Before = {}, single = isSea()): readonly string[] {
  const { nodeFlags = [], preload } = before;
  if (single) return [...(preload === undefined ? [] : [nameOf(preload)]), nameOf(script)];
  return [...nodeFlags, ...(preload === undefined ? [] : ['--import', process.platform === 'win32' ? pathToFileURL(preload).href : preload]), script];
}

/** The files that must be there, and within reach, for it to start; the single executable brings them. */
export function ownFiles(script: string, single = isSea()): readonly string[] {
  return single ? [process.execPath] : [process.execPath, script];
}

/** The folder on the disk in which this program lies, and what is shipped beside it; a bundle in the single executable lies nowhere. */
export function ownFolder(script: string, single = isSea()): string {
  return dirname(single ? process.execPath : script);
}

function nameOf(script: string): string {
  return `@${basename(script, extname(script))}`;
}
