import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FenceFile, type JournalFile } from '../helper/ports.ts';
import { setAside, storageFailure } from './files.ts';

/** The undo journal: appended and synced, so that what it says is on the disk before the machine changes. */
export function journalFile(path: string): JournalFile {
  return {
    read: () => textOf(path),
    append: async (text) => {
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        const file = await open(path, 'a', 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await syncFolder(dirname(path));
      } catch (error) {
        throw storageFailure(error, path);
      }
    },
    remove: async () => {
      await rm(path, { force: true });
    },
    setAside: () => setAside(path),
  };
}

/** Kept in the run folder, which a reboot empties: then no late order can exist either. Replaced whole, never synced. */
export function fenceFile(path: string): FenceFile {
  return {
    read: () => textOf(path),
    write: async (text) => {
      try {
        await writeFile(`${path}.new`, text, { mode: 0o600 });
        await rename(`${path}.new`, path);
      } catch (error) {
        throw storageFailure(error, path);
      }
    },
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw storageFailure(error, path);
  }
}

/** A new file's name is durable only once its folder is. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
