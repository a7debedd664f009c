import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Failure, failure } from '../base/failure.ts';

/** What a JSON file held. A damaged file was moved to `keptAs` and can be looked at; nothing was lost. */
export type JsonRead<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly keptAs: string; readonly reason: string };

const jsonBytesMax = 16 << 20;
const damagedFilesMax = 100;
let written = 0;

/**
 * Replaces a file so that a crash leaves either the old or the new content: temporary file, fsync, rename, fsync of the folder.
 * Mode 0600 unless told. Await one write before starting the next of the same path.
 * Throws node.disk-full or internal.storage.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${++written}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // A killed life may have left it: in a container a process has the same number each time.
    await rm(temporary, { force: true });
    await writeSynced(temporary, data, mode);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw storageFailure(error, path);
  }
}

/**
 * Reads a JSON file and parses its value; `parse` throws when the value has the wrong shape.
 * A file that cannot be parsed is renamed to `name.damaged-<n>`. Throws internal.storage when the disk refuses.
 */
export async function readJson<T>(path: string, parse: (value: unknown) => T): Promise<JsonRead<T>> {
  let text: string;
  try {
    if ((await stat(path)).size > jsonBytesMax) return { kind: 'damaged', keptAs: await setAside(path), reason: 'too large' };
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' };
    throw storageFailure(error, path);
  }
  try {
    return { kind: 'value', value: parse(JSON.parse(text)) };
  } catch (error) {
    return { kind: 'damaged', keptAs: await setAside(path), reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Moves a file out of the way as `name.damaged-<n>`, or another word than damaged, with the first free n. Returns the new path. */
export async function setAside(path: string, word = 'damaged'): Promise<string> {
  for (let n = 1; n <= damagedFilesMax; n++) {
    const keptAs = `${path}.${word}-${n}`;
    if (await exists(keptAs)) continue;
    await rename(path, keptAs);
    await syncDirectory(dirname(path));
    return keptAs;
  }
  throw failure('input.file-damaged', { path, kept: damagedFilesMax });
}

/** A system error of the disk as a Failure: node.disk-full when there is no room, else internal.storage. */
export function storageFailure(error: unknown, path: string): Failure {
  const code = codeOf(error);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return failure(full ? 'node.disk-full' : 'internal.storage', { path, reason: code ?? String(error) }, error);
}

async function writeSynced(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename durable. Windows has no such call on folders and needs none. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw storageFailure(error, path);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
