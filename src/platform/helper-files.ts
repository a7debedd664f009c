import { constants } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FenceFile, type JournalFile } from '../helper/ports.ts';
import { setAside, storageFailure } from './files.ts';
import { openGuarded, readGuarded, syncFolder } from './guarded-files.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;

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
