import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Cell, cell } from '../base/cell.ts';
import { type InTurn, inTurns } from '../base/in-turn.ts';
import type { Documents } from '../core/ports.ts';
import { readJson, setAside, storageFailure, writeFileAtomic } from './files.ts';

const namePattern = /^[a-z0-9-]{1,64}$/;

/**
 * One JSON file a document in `folder`; reports go to `reportFolder`. What is asked of one document happens in the order it was asked for: two who
 * read a damaged one do not both set it aside, and who reads after a write reads what was written.
 */
export function createDocuments(folder: string, reportFolder: string): Documents {
  const aside: Cell<readonly string[]> = cell<readonly string[]>([]);
  const turns = new Map<string, InTurn>();
  const pathOf = (name: string): string => {
    if (!namePattern.test(name)) throw new Error(`not a document name: ${name}`);
    return join(folder, `${name}.json`);
  };
  const keptAs = (path: string): void => aside.set([...aside.get(), basename(path)]);
  const inOrder = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const inTurn = turns.get(name) ?? inTurns();
    turns.set(name, inTurn);
    return inTurn(work);
  };
  return {
    setAside: aside,
    load: (name) => inOrder(name, async () => {
      const read = await readJson(pathOf(name), (value) => value);
      if (read.kind === 'damaged') keptAs(read.keptAs);
      return read.kind === 'value' ? read.value : undefined;
    }),
    save: (name, value) => inOrder(name, () => writeFileAtomic(pathOf(name), `${JSON.stringify(value, null, 1)}\n`)),
    remove: (name) => inOrder(name, async () => {
      const path = pathOf(name);
      await rm(path, { force: true }).catch((error: unknown) => {
        throw storageFailure(error, path);
      });
    }),
    reject: (name) => inOrder(name, async () => {
      try {
        keptAs(await setAside(pathOf(name)));
      } catch (error) {
        // Somebody else read it too, and rejected it first.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }),
    report: async (name, text) => {
      const path = join(reportFolder, name);
      await writeFileAtomic(path, text);
      return path;
    },
  };
}
