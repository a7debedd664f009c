import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CommandRunner, type NameMachine } from '../helper/ports.ts';

const textBytesMax = 1 << 16;

/** The files and programs of this machine's resolver. Only root writes in their folders, so no other user can stand in the way. */
export function nameMachine({ run }: CommandRunner): NameMachine {
  return {
    run,
    readText: (path) => {
      const found = lookedAt(path);
      return found?.isFile() && found.size <= textBytesMax ? readFileSync(path, 'utf8') : undefined;
    },
    writeText: (path, text) => {
      // The umask of the helper closes what it makes; these are for everybody's eyes.
      if (mkdirSync(dirname(path), { recursive: true, mode: 0o755 }) !== undefined) chmodSync(dirname(path), 0o755);
      const fresh = `${dirname(path)}/.webmesh-${process.pid}`;
      rmSync(fresh, { force: true });
      writeFileSync(fresh, text, { flag: 'wx', mode: 0o644 });
      chmodSync(fresh, 0o644);
      renameSync(fresh, path);
    },
    remove: (path) => rmSync(path, { force: true }),
    birthOf: (path) => {
      const found = lookedAt(path);
      return found === undefined ? '' : `${found.ino} ${found.ctimeMs}`;
    },
  };
}

/** Undefined as well where we may not look: the helper has no right to pass folders that are closed to it. */
function lookedAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
