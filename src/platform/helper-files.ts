import { constants } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FenceFile, type JournalFile, type JournalFiles } from '../helper/ports.ts';
import { setAside, storageFailure } from './files.ts';
import { guardedFolder, openGuarded, readGuarded, syncFolder } from './guarded-files.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;

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
      const file = await openGuarded(path, O_WRONLY | O_APPEND | O_CREAT);
      try {
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
