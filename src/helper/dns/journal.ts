import { isDomain } from '../../base/private-names.ts';
import { type JournalFile } from '../ports.ts';
import { type NameUndo } from './system.ts';
import { isKeeper } from './systems.ts';

/**
 * Remembers on disk what must be taken back from the resolver. `record` resolves once it is on the disk: call it before the change. Undos
 * are harmless when nothing was done, so the file only grows until no network has names, then it is removed.
 */
export interface NameJournal {
  /** Throws an Error with one sentence when there are more than would be read again. */
  record(undo: NameUndo): Promise<void>;
  /** What an earlier life left, newest first. Lines that are no undos are left out and counted. */
  read(): Promise<{ readonly undos: readonly NameUndo[]; readonly damaged: number }>;
  clear(): Promise<void>;
  /** Moves a damaged file out of the way and answers its new name. */
  setAside(): Promise<string>;
}

const undosMax = 1_000;
const domainsMax = 8;
const devicePattern = /^(wm[a-z0-9]{1,10}|utun\d{1,4})$/;

export function createNameJournal(file: JournalFile): NameJournal {
  const written = new Set<string>();
  return {
    record: async ({ keeper, device, domains }) => {
      const line = JSON.stringify({ keeper, device, domains } satisfies NameUndo);
      if (written.has(line)) return;
      if (written.size >= undosMax) throw new Error('names were changed too often; next: disconnect and connect this network');
      await file.append(`${line}\n`);
      written.add(line);
    },
    read: async () => {
      // Text after the last line end was never acted on: its change had to wait for the disk.
      const text = (await file.read()) ?? '';
      const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter((line) => line !== '');
      const undos = lines.slice(0, undosMax).flatMap((line) => parseNameUndo(line) ?? []);
      return { undos: undos.reverse(), damaged: lines.length - undos.length };
    },
    clear: async () => {
      written.clear();
      await file.remove();
    },
    setAside: file.setAside.bind(file),
  };
}

/** The file is root's own, but it is still read as if it were not: nothing but these shapes reaches a command or a path. */
export function parseNameUndo(line: string): NameUndo | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The caller counts it as damage.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { keeper, device, domains } = value as Record<string, unknown>;
  if (!isKeeper(keeper) || typeof device !== 'string' || !devicePattern.test(device) || !Array.isArray(domains) || domains.length > domainsMax) return undefined;
  return domains.every((domain): domain is string => typeof domain === 'string' && isDomain(domain)) ? { keeper, device, domains } : undefined;
}
