import { constants } from 'node:fs';
import { type FileHandle, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FenceFile, type JournalFile, type JournalFiles } from '../helper/ports.ts';
import { setAside, storageFailure } from './files.ts';
import { guardedFolder, openGuarded, readGuarded, syncFolder } from './guarded-files.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_WRONLY } = constants;

const lineEnd = 10;
const namePattern = /^[a-z0-9]{1,32}$/;

/** Journals by tunnel id in a folder `journals`; what was set aside there has a dot in its name and is no journal any more. */
export function journalFiles(stateFolder: string): JournalFiles {
  const folder = join(stateFolder, 'journals');
  guardedFolder(folder, 0o700);
  const of = (tunnelId: string): JournalFile => journalFile(join(folder, tunnelId));
  return {
    of,
    left: async () => [journalFile(join(stateFolder, 'journal')), ...(await readdir(folder)).filter((name) => namePattern.test(name)).map(of)],
  };
}

/** The undo journal: appended and synced, so that what it says is on the disk before the machine changes. */
export function journalFile(path: string): JournalFile {
  return {
    read: () => readGuarded(path),
    append: async (text) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        throw storageFailure(error, path);
      });
      const file = await openGuarded(path, O_RDWR | O_APPEND | O_CREAT);
      try {
        await dropHalfLine(file);
        await file.writeFile(text);
        await file.sync();
        await syncFolder(dirname(path));
      } catch (error) {
        throw storageFailure(error, path);
      } finally {
        await file.close();
      }
    },
    remove: async () => {
      await rm(path, { force: true });
    },
    setAside: () => setAside(path),
  };
}

/** What follows the last line end was never acted on. Left by a full disk or a crash, it would spoil the line that comes after it. */
async function dropHalfLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const last = Buffer.alloc(1);
  if (size === 0 || ((await file.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] === lineEnd)) return;
  const text = Buffer.alloc(size);
  const { bytesRead } = await file.read(text, 0, size, 0);
  await file.truncate(text.subarray(0, bytesRead).lastIndexOf(lineEnd) + 1);
}

/** Kept in the run folder, which a reboot empties: then no late order can exist either. Replaced whole, never synced. */
export function fenceFile(path: string): FenceFile {
  return {
    read: () => readGuarded(path),
    write: async (text) => {
      const fresh = `${path}.new`;
      try {
        await rm(fresh, { force: true });
        const file = await openGuarded(fresh, O_WRONLY | O_CREAT | O_EXCL);
        await file.writeFile(text).finally(() => file.close());
        await rename(fresh, path);
      } catch (error) {
        throw storageFailure(error, path);
      }
    },
  };
}
