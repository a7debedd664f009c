import type { TargetFile } from '@tufjs/models';
import { LengthOrHashMismatchError } from '@tufjs/models/dist/error.js';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../base/failure.ts';
import { storageFailure } from '../files.ts';
import { payloadDeadlineMs } from './limits.ts';
import type { UpdateSource } from './source.ts';

export interface Download {
  readonly source: UpdateSource;
  /** Of this user alone; emptied first and after any failure. */
  readonly folder: string;
  /** Its name was judged (isPlainName). */
  readonly target: TargetFile;
  readonly consistent: boolean;
  /** How many bytes have come. */
  readonly told: (bytes: number) => void;
}

/**
 * Fetches an installer into a private folder. It has a name of its own only after what lies on the disk was read back and has the signed length and
 * hash; nothing runs it. Answers its path. Rejects with update.too-large, update.wrong-hash, update.unreachable, or the disk's failures.
 */
export async function download({ source, folder, target, consistent, told }: Download, signal: AbortSignal): Promise<string> {
  const path = join(folder, target.path);
  const partial = `${path}.part`;
  await emptyFolder(folder);
  try {
    const remote = consistent ? `${target.hashes['sha256']}.${target.path}` : target.path;
    const chunks = await source.read(`targets/${remote}`, { bytesMax: target.length, deadlineMs: payloadDeadlineMs(target.length) }, signal);
    if (chunks === undefined) throw failure('update.unreachable', { reason: `${target.path} is not there` });
    await write(partial, chunks, told);
    await verify(target, partial);
    await rename(partial, path).catch((error: unknown) => {
      throw storageFailure(error, path);
    });
    return path;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what was downloaded, and makes the folder anew for this user alone. */
export async function emptyFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storageFailure(error, folder);
  }
}

async function write(path: string, chunks: AsyncIterable<Buffer>, told: (bytes: number) => void): Promise<void> {
  const onDisk = async <T>(work: Promise<T>): Promise<T> => work.catch((error: unknown) => {
    throw storageFailure(error, path);
  });
  const file = await onDisk(open(path, 'wx', 0o600));
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      await onDisk(file.writeFile(chunk));
      bytes += chunk.length;
      told(bytes);
    }
    await onDisk(file.sync());
  } finally {
    await file.close();
  }
}

async function verify(target: TargetFile, path: string): Promise<void> {
  try {
    await target.verify(createReadStream(path));
  } catch (error) {
    throw error instanceof LengthOrHashMismatchError ? failure('update.wrong-hash', { file: target.path }, error) : storageFailure(error, path);
  }
}
