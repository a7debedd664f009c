import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Failure, failure } from '../base/failure.ts';
import { type Database, type SqlValue, type Statement } from '../node/ports.ts';
import { createGate } from './sqlite-gate.ts';

/**
 * The one file that knows SQLite's driver.
 *
 * Files use a write-ahead log: a commit is one append and at most one sync, where a rollback journal needs three, and a reader of a
 * copy never sees half a commit. They are locked exclusively, so a second process on the same folder is refused instead of sharing it.
 */
export interface DatabaseOptions {
  /** A file, or `:memory:`. Its folder exists. */
  readonly path: string;
  /**
   * full: a commit is on the disk when it returns (Raft's log and votes). normal: a power cut may take the newest commits, never the
   * order of them (state that can be rebuilt from the log).
   */
  readonly durability: 'full' | 'normal';
  /** Largest text or blob in bytes. 16 MiB when left out. */
  readonly valueBytesMax?: number;
}

const lockWaitMs = 2_000;
const valueBytesDefault = 16 * 1024 * 1024;
const sqlBytesMax = 1024 * 1024;

/**
 * Opens or makes a database. Fails with node.data-damaged {path} (the file stays as it is), app.already-running {path} when another
 * process holds it, node.disk-full, or internal.storage. Statement faults of SQL text are plain errors, the rest are Failures.
 */
export function openDatabase({ path, durability, valueBytesMax = valueBytesDefault }: DatabaseOptions): Database {
  const gate = createGate();
  const inner = guarded(path, () => new DatabaseSync(path, {
    timeout: lockWaitMs,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    defensive: true,
    limits: {
      attach: 0, length: valueBytesMax, sqlLength: sqlBytesMax, exprDepth: 200, column: 200, compoundSelect: 50,
      vdbeOp: 100_000, functionArg: 100, likePatternLength: 500, variableNumber: 2_000, triggerDepth: 10,
    },
  }));
  try {
    guarded(path, () => prepareFile(inner, path, durability));
  } catch (error) {
    inner.close();
    throw error;
  }
  inner.setAuthorizer(gate.authorize);
  return {
    exec: (sql) => guarded(path, () => inner.exec(sql)),
    prepare: (sql) => statement(path, guarded(path, () => inner.prepare(sql))),
    transaction: (work) => transaction(inner, path, work),
    restricted: gate.restricted,
    close: () => inner.close(),
  };
}

function prepareFile(db: DatabaseSync, path: string, durability: 'full' | 'normal'): void {
  db.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;`);
  const verdict = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') throw failure('node.data-damaged', { path, problem: String(verdict).slice(0, 200) });
}

function transaction<T>(db: DatabaseSync, path: string, work: () => T): T {
  guarded(path, () => db.exec('BEGIN IMMEDIATE'));
  try {
    const value = work();
    guarded(path, () => db.exec('COMMIT'));
    return value;
  } catch (error) {
    // Some errors (and INSERT OR ROLLBACK) have ended the transaction already.
    if (db.isTransaction) guarded(path, () => db.exec('ROLLBACK'));
    throw error;
  }
}

/** Integers are read as bigint and reals as number, so that no value loses its type or its low bits. Numbers are bound as reals, bigints as integers. */
function statement(path: string, inner: StatementSync): Statement {
  inner.setReadBigInts(true);
  inner.setReturnArrays(true);
  return {
    columns: inner.columns().map(({ name, type }) => ({ name, declaredType: type })),
    all: (...values) => guarded(path, () => inner.all(...values) as unknown as SqlValue[][]),
    run: (...values) => guarded(path, () => {
      const { changes, lastInsertRowid } = inner.run(...values);
      return { changes: BigInt(changes), lastInsertRowid: BigInt(lastInsertRowid) };
    }),
  };
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw machineFault(error, path) ?? error;
  }
}

/** Primary result codes (sqlite.org/rescode.html) that speak of the machine or the file, not of the SQL text. */
const faults: Readonly<Record<number, (path: string, error: unknown, code: number) => Failure>> = {
  3: storage, 7: storage, 8: storage, 10: storage, 14: storage, 15: storage, 22: storage,
  5: (path, error) => failure('app.already-running', { path }, error),
  6: (path, error) => failure('app.already-running', { path }, error),
  11: damaged, 26: damaged,
  13: (path, error) => failure('node.disk-full', { path }, error),
};

function storage(path: string, error: unknown, code: number): Failure {
  return failure('internal.storage', { path, problem: error instanceof Error ? error.message : '', code }, error);
}

function damaged(path: string, error: unknown): Failure {
  return failure('node.data-damaged', { path, problem: error instanceof Error ? error.message : '' }, error);
}

function machineFault(error: unknown, path: string): Failure | undefined {
  const code = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
  return code === undefined ? undefined : faults[code & 0xff]?.(path, error, code);
}
