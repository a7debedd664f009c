import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Database } from '../node/ports.ts';
import { openDatabase } from './sqlite.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wm-sqlite-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  return join(folder, 'mesh.db');
}

function open(path: string, durability: 'full' | 'normal' = 'full', valueBytesMax?: number): Database {
  const db = openDatabase({ path, durability, ...(valueBytesMax === undefined ? {} : { valueBytesMax }) });
  ends.push(() => {
    try {
      db.close();
    } catch {
      // Closed by the test already.
    }
  });
  return db;
}

const withCode = (code: string): unknown => expect.objectContaining({ name: 'Failure', code });

test('the settings are what they are meant to be', () => {
  const [full, normal, memory] = [open(file()), open(file(), 'normal'), open(':memory:')];
  const setting = (db: Database, name: string): unknown => db.prepare(`PRAGMA ${name}`).all()[0]?.[0];
  const settings = (db: Database): unknown[] => ['journal_mode', 'synchronous', 'foreign_keys', 'trusted_schema', 'locking_mode'].map((name) => setting(db, name));
  expect([settings(full), settings(normal), settings(memory)]).toEqual([['wal', 2n, 1n, 0n, 'exclusive'], ['wal', 1n, 1n, 0n, 'exclusive'], ['memory', 2n, 1n, 0n, 'exclusive']]);
});

test('values keep their type and every bit', () => {
  const db = open(':memory:');
  db.exec('CREATE TABLE t (a, b INTEGER)');
  const values = [2n ** 63n - 1n, -(2n ** 63n), 0n, 1.5, 1, 'é💥', new Uint8Array([0, 255]), null];
  for (const value of values) db.prepare('INSERT INTO t VALUES (?, ?)').run(value, 7);
  expect(db.prepare('SELECT a, typeof(a), b FROM t').all()).toEqual(values.map((value, i) => [value, ['integer', 'integer', 'integer', 'real', 'real', 'text', 'blob', 'null'][i], 7n]));
  expect(db.prepare('SELECT b AS c FROM t').columns).toEqual([{ name: 'c', declaredType: 'INTEGER' }]);
});

test('a transaction is all or nothing, also when the statement ended it', () => {
  const db = open(':memory:');
  db.exec('CREATE TABLE t (a UNIQUE)');
  const rows = (): unknown[] => db.prepare('SELECT a FROM t ORDER BY a').all().flat();
  expect(db.transaction(() => {
    db.exec('INSERT INTO t VALUES (1)');
    return 'kept';
  })).toBe('kept');
  for (const clause of ['', 'OR ROLLBACK']) {
    expect(() => db.transaction(() => db.exec(`INSERT INTO t VALUES (2); INSERT ${clause} INTO t VALUES (1)`))).toThrow('UNIQUE');
    expect(rows()).toEqual([1n]);
  }
  db.transaction(() => db.exec('INSERT INTO t VALUES (3)'));
  expect(rows()).toEqual([1n, 3n]);
});

test('a file that is no database, or a damaged one, is told and stays as it is', () => {
  const strange = file();
  writeFileSync(strange, 'my diary. '.repeat(1000));
  const before = readFileSync(strange);
  expect(() => open(strange)).toThrow(withCode('node.data-damaged'));
  expect(readFileSync(strange)).toEqual(before);

  const damaged = file();
  const db = open(damaged);
  db.exec('CREATE TABLE t (a UNIQUE, b)');
  db.transaction(() => {
    for (let i = 0; i < 2_000; i++) db.prepare('INSERT INTO t VALUES (?, ?)').run(`key ${i}`, 'x'.repeat(50));
  });
  db.close();
  const bytes = readFileSync(damaged);
  bytes.fill(0x5a, 8_192, 20_480);
  writeFileSync(damaged, bytes);
  expect(() => open(damaged)).toThrow(withCode('node.data-damaged'));
  expect(readFileSync(damaged)).toEqual(bytes);
  truncateSync(damaged, 5_000);
  expect(() => open(damaged)).toThrow(withCode('node.data-damaged'));
});

test('what another process holds is refused, and free again when that one is killed', () => {
  const path = file();
  open(path).exec('CREATE TABLE t (a)');
  const other = spawnSync(process.execPath, ['-e', `
    import(${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))}).then(({ openDatabase }) => openDatabase({ path: process.argv[1], durability: 'full' })).catch((error) => console.log(error.code))`, path], { encoding: 'utf8' });
  expect(other.stdout.trim()).toBe('app.already-running');
}, 20_000);

test('a folder that is not there and a full disk have their own names', () => {
  expect(() => open('/nowhere/at/all.db')).toThrow(withCode('internal.storage'));
  const db = open(file());
  db.exec('PRAGMA max_page_count = 10; CREATE TABLE t (a)');
  expect(() => db.transaction(() => db.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000)))).toThrow(withCode('node.disk-full'));
  expect(db.prepare('SELECT count(*) FROM t').all()).toEqual([[0n]]);
});

test('limits hold for texts, depth and length, as faults of the text', () => {
  const db = open(':memory:', 'full', 1_000);
  db.exec('CREATE TABLE t (a)');
  expect(() => db.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(1_001))).toThrow('too big');
  expect(() => db.prepare(`SELECT ${'NOT '.repeat(300)} 1`)).toThrow('maximum depth 200');
  expect(() => db.exec("ATTACH ':memory:' AS other")).toThrow('too many attached databases');
  expect(() => db.prepare(`SELECT 1 ${'UNION ALL SELECT 1 '.repeat(60)}`)).toThrow('too many terms');
  expect(() => db.prepare('SELECT "no such column"')).toThrow('no such column');
});

test('restricted text may read and write the named tables only; the rest works again afterwards', () => {
  const db = open(':memory:');
  db.exec('CREATE TABLE mine (a UNIQUE); CREATE TABLE other (a)');
  const own = db.prepare('SELECT a FROM other');
  const only = new Set(['mine']);
  const verdict = (sql: string): string => {
    try {
      db.restricted(only, () => db.prepare(sql));
      return 'allowed';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(['INSERT INTO mine VALUES (1)', 'UPDATE MINE SET a = coalesce(a, 2)', 'DELETE FROM mine', 'SELECT max(a), count(*) FROM mine GROUP BY lower(a)', 'WITH x AS (SELECT a FROM mine) SELECT * FROM x'].map(verdict)).toEqual(Array(5).fill('allowed'));
  const refused = ['SELECT a FROM other', 'INSERT INTO mine SELECT a FROM other', 'DELETE FROM other', 'CREATE TEMP TABLE t (a)', 'PRAGMA user_version', 'BEGIN', 'SAVEPOINT s', 'ANALYZE', 'REINDEX mine', 'ALTER TABLE mine ADD b',
    'SELECT strftime(\'%s\')', 'SELECT changes()', 'SELECT total_changes()', 'SELECT randomblob(4)', 'SELECT sqlite_version()', 'SELECT printf(\'%s\', 1)', 'SELECT group_concat(a) FROM mine', 'SELECT _rowid_ FROM mine'];
  expect(refused.filter((sql) => verdict(sql) === 'allowed')).toEqual([]);
  expect(() => db.restricted(only, () => db.restricted(new Set(['other']), () => own.all()) && db.prepare('SELECT * FROM other'))).toThrow('prohibited');
  expect(own.all()).toEqual([]);
  db.exec('CREATE TABLE third (a)');
});

test('append-only tables take new rows and nothing else', () => {
  const db = open(':memory:');
  db.exec('CREATE TABLE log (n INTEGER PRIMARY KEY, a); CREATE TABLE mine (a)');
  const verdict = (sql: string): string => {
    try {
      db.restricted(new Set(['log', 'mine']), () => db.prepare(sql), new Set(['log']));
      return 'allowed';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(['INSERT INTO log (a) VALUES (1)', 'INSERT INTO Log (a) SELECT a FROM mine', 'SELECT a FROM log', 'DELETE FROM mine', 'UPDATE mine SET a = 1'].map(verdict)).toEqual(Array(5).fill('allowed'));
  expect(['UPDATE log SET a = 1', 'UPDATE LOG SET n = 1', 'DELETE FROM log', 'DELETE FROM "Log" WHERE n = 1', 'INSERT INTO log (n) VALUES (1) ON CONFLICT DO UPDATE SET a = 2'].map(verdict)).toEqual(Array(5).fill('not authorized'));
});

test('what was committed is there after kill -9', () => {
  const path = file();
  spawnSync(process.execPath, ['-e', `
    import(${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))}).then(({ openDatabase }) => {
      const db = openDatabase({ path: process.argv[1], durability: 'full' });
      db.exec('CREATE TABLE t (a)');
      db.transaction(() => db.exec('INSERT INTO t VALUES (1)'));
      try { db.transaction(() => { db.exec('INSERT INTO t VALUES (2)'); process.kill(process.pid, 'SIGKILL'); }); } catch {}
    })`, path]);
  expect(open(path).prepare('SELECT a FROM t').all()).toEqual([[1n]]);
}, 20_000);
