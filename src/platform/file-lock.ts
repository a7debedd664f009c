import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { failure } from '../base/failure.ts';

/**
 * Takes an exclusive lock on a file, or answers undefined when another process or another holder in this one has it. The system drops
 * the lock when its process dies, however it dies. Throws node.disk-full or internal.storage. Node has no file locks of its own; SQLite's work on every system that we run on.
 */
export function tryLock(path: string): (() => void) | undefined {
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path, { timeout: 0 });
    file.exec('BEGIN EXCLUSIVE');
    chmodSync(path, 0o600);
  } catch (error) {
    file?.close();
    if (codeOf(error) === sqlite.busy) return undefined;
    throw failure(codeOf(error) === sqlite.full ? 'node.disk-full' : 'internal.storage', { path, reason: error instanceof Error ? error.message : String(error) }, error);
  }
  const held = file;
  return () => held.close();
}

const sqlite = { busy: 5, full: 13 } as const;

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'errcode' in error ? error.errcode : undefined;
}
