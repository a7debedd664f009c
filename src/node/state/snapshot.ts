import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Failure, failure } from '../../base/failure.ts';
import { type Database, type SqlValue } from '../ports.ts';
import { foreignTables, goTables, noTrust } from './snapshot-go.ts';
import { columnsOf, type Rows, type TableName, tableNames, type Tables } from './schema.ts';
import { dropTrustTriggers, trustTriggers } from './trust-schema.ts';

/**
 * A snapshot is one gzip member with one JSON object. The keys `state`, `nodes` and `leases` are the form that hashicorp-era nodes
 * write and read; ours are beside them: `version`, `tables` (every table, row ids and value types kept) and `checksum` over `tables`.
 * Without our keys it is a foreign snapshot, and the three tables are all it has.
 *
 * Version 1 has no tables of trust; a state whose own are empty is still written so, byte for byte, for members that know no other. Version 2 has all.
 */
const [versionClear, versionTrust] = [1, 2];
/** Unpacked. About a million nodes; more is an attack or a fault. */
const bytesMax = 512 * 1024 * 1024;

/** Every row of every table: the row id first, then the columns in order. Ordered by row id, so that equal states give equal bytes. */
export function readTables(db: Database): Tables {
  const rows = (table: TableName): Rows => db.prepare(`SELECT rowid, ${columnsOf[table].join(', ')} FROM ${table} ORDER BY rowid`).all();
  return Object.fromEntries(tableNames.map((table) => [table, rows(table)])) as unknown as Tables;
}

export function encodeSnapshot(tables: Tables): Uint8Array {
  const version = trustNames.some((table) => tables[table].length > 0) ? versionTrust : versionClear;
  const exact = JSON.stringify(packTables(tables, namesIn(version)));
  const text = `${JSON.stringify(goTables(tables)).slice(0, -1)},"version":${version},"checksum":"${checksum(exact)}","tables":${exact}}\n`;
  const bytes = gzipSync(text);
  // The header as Go writes it: the same bytes from every operating system.
  bytes.set([0, 0xff], 8);
  return new Uint8Array(bytes);
}

/** Reads a snapshot of ours or a foreign one. Throws node.data-damaged when it is neither, or when its checksum does not fit. */
export function decodeSnapshot(bytes: Uint8Array): Tables {
  const value = parse(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged('not an object');
  if (!('tables' in value)) return attempted('foreign form', () => foreignTables(value as Record<string, unknown>));
  const version = 'version' in value ? value.version : undefined;
  if (version !== versionClear && version !== versionTrust) throw damaged('unknown version');
  if (!('checksum' in value) || value.checksum !== checksum(JSON.stringify(value.tables))) throw damaged('checksum');
  return attempted('tables', () => ({ ...noTrust, ...unpackTables(value.tables as Record<string, unknown>, namesIn(version)) }));
}

const trustNames = Object.keys(noTrust) as (keyof typeof noTrust)[];

function namesIn(version: number): readonly TableName[] {
  return version === versionTrust ? tableNames : tableNames.filter((table) => !(table in noTrust));
}

/** Replaces every row and proves it by reading back. To be called inside a transaction. */
export function writeTables(db: Database, tables: Tables): void {
  db.exec(dropTrustTriggers);
  for (const table of [...tableNames].reverse()) db.exec(`DELETE FROM ${table}`);
  for (const table of tableNames) {
    const columns = ['rowid', ...columnsOf[table]];
    const insert = db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`);
    for (const row of tables[table]) attempted(table, () => insert.run(...row));
  }
  db.exec(trustTriggers);
  if (JSON.stringify(packTables(readTables(db), tableNames)) !== JSON.stringify(packTables(tables, tableNames))) throw damaged('the restored rows differ');
}

function parse(bytes: Uint8Array): unknown {
  return attempted('not readable', () => JSON.parse(gunzipSync(bytes, { maxOutputLength: bytesMax }).toString('utf8')));
}

function attempted<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Error && error.name === 'Failure' ? error : damaged(what, error);
  }
}

function damaged(problem: string, cause?: unknown): Failure {
  return failure('node.data-damaged', { what: 'snapshot', problem: cause instanceof Error ? `${problem}: ${cause.message.slice(0, 200)}` : problem }, cause);
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON has one kind of number; SQLite has two, and blobs. Texts and null stand for themselves. */
type Packed = null | string | readonly ['i' | 'r' | 'b', string];

function packTables(tables: Tables, names: readonly TableName[]): Record<string, Packed[][]> {
  return Object.fromEntries(names.map((table) => [table, tables[table].map((row) => row.map(pack))]));
}

function pack(value: SqlValue): Packed {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'bigint') return ['i', value.toString()];
  return typeof value === 'number' ? ['r', String(value)] : ['b', Buffer.from(value).toString('base64')];
}

function unpackTables(value: Record<string, unknown>, names: readonly TableName[]): Tables {
  return Object.fromEntries(names.map((table) => {
    const rows = value[table];
    if (!Array.isArray(rows)) throw damaged(`no table ${table}`);
    return [table, rows.map((row: unknown) => unpackRow(row, columnsOf[table].length + 1))];
  })) as unknown as Tables;
}

function unpackRow(row: unknown, width: number): SqlValue[] {
  if (!Array.isArray(row) || row.length !== width) throw damaged('row width');
  return row.map(unpack);
}

function unpack(value: unknown): SqlValue {
  if (value === null || typeof value === 'string') return value;
  if (!Array.isArray(value) || typeof value[1] !== 'string') throw damaged('value');
  const [kind, text] = value as [unknown, string];
  if (kind === 'i') return BigInt(text);
  if (kind === 'r') return Number(text);
  if (kind === 'b') return new Uint8Array(Buffer.from(text, 'base64'));
  throw damaged('value kind');
}
