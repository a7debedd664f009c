import { isFailure } from '../../base/failure.ts';
import { RaftApplyResponse, RaftCommandType, type RaftLogEntry, type SQLExecResult, type SQLParameter, type SQLQueryResult, type SQLStatement } from '../../gen/v1/node_raft.ts';
import { type Database, type SqlValue } from '../ports.ts';
import { appendOnlyNames, replicatedNames } from './schema.ts';
import { splitSql, type SqlStatement, statementsMax } from './sql-text.ts';
import { fromSql, toSql } from './values.ts';

/** Largest result of one query; more is a refusal, the same on every replica. */
export const rowsMax = 10_000;
const verbs: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'WITH', 'VALUES']);

// Replicas must answer alike, so nothing is measured: no duration is ever true everywhere.
const noTime = '0s';

/** Statements compiled so far, by their text. Every RPC writes the same texts again and again; foreign ones must not pile up. */
export type Prepared = Map<string, ReturnType<Database['prepare']>>;
const preparedMax = 64;

/**
 * Runs one entry in one transaction together with `settle`, which finishes or refuses (throws at) what the statements did, and `alongside`,
 * which notes that it was applied. A statement that fails, or that the gate refuses, is an answer like any other: its effects are undone
 * (all of them when the entry asks for a transaction, else its own), and the note is still written. What `settle` refuses is undone
 * wholly. Faults of the machine are thrown, and then nothing was written.
 */
export function execute(db: Database, prepared: Prepared, entry: RaftLogEntry, settle: () => void, alongside: () => void): RaftApplyResponse {
  const request = requestOf(entry);
  if ('problem' in request) return note(db, alongside, { ...emptyResponse, error: request.problem });
  const { kind, statement, transaction } = request;
  try {
    return db.transaction(() => {
      const answer = attempt(transaction, () => run({ db, prepared }, kind, statement), (error) => refusal(kind, error));
      settle();
      alongside();
      return answer;
    });
  } catch (error) {
    if (isFailure(error)) throw error;
    return note(db, alongside, refusal(kind, error));
  }
}

/** The answer to an entry whose bytes nobody can read. It counts as applied. */
export function unreadable(db: Database, error: unknown, alongside: () => void): RaftApplyResponse {
  return note(db, alongside, { ...emptyResponse, error: `undecodable entry: ${messageOf(error)}` });
}

const emptyResponse: RaftApplyResponse = { time: noTime, queryResult: undefined, execResult: undefined, error: '' };

type Request = { kind: 'query' | 'exec'; statement: SQLStatement; transaction: boolean } | { problem: string };

function requestOf({ type, sqlQuery, sqlExec }: RaftLogEntry): Request {
  const body = type === RaftCommandType.QUERY ? sqlQuery : type === RaftCommandType.EXECUTE ? sqlExec : undefined;
  if (body?.statement === undefined) return { problem: `unknown or empty command ${type}` };
  return { kind: type === RaftCommandType.QUERY ? 'query' : 'exec', statement: body.statement, transaction: body.transaction };
}

/** Without a transaction, a fault keeps what earlier statements of the text did, so it is answered here; with one it must undo them all, so it is thrown. */
function attempt(transaction: boolean, work: () => RaftApplyResponse, refuse: (error: unknown) => RaftApplyResponse): RaftApplyResponse {
  if (transaction) return work();
  try {
    return work();
  } catch (error) {
    if (isFailure(error)) throw error;
    return refuse(error);
  }
}

interface Target {
  readonly db: Database;
  readonly prepared: Prepared;
}

function run(target: Target, kind: 'query' | 'exec', { sql, parameters }: SQLStatement): RaftApplyResponse {
  const values = parameters.map(valueOf);
  const statements = splitSql(sql, parameters.map(({ name }) => name));
  if (statements.length > statementsMax) throw new Error(`more than ${statementsMax} statements`);
  return kind === 'query' ? { ...emptyResponse, queryResult: query(target, statements, values) } : { ...emptyResponse, execResult: exec(target, statements, values) };
}

function valueOf(parameter: SQLParameter): SqlValue {
  const read = toSql(parameter);
  if ('problem' in read) throw new Error(read.problem);
  return read.value;
}

/** Runs all statements; the rows are those of the last one that has columns. */
function query(target: Target, statements: readonly SqlStatement[], values: readonly SqlValue[]): SQLQueryResult {
  let result: SQLQueryResult = { columns: [], types: [], values: [], error: '', time: noTime };
  for (const each of statements) {
    const statement = prepare(target, each);
    const rows = statement.all(...bound(each, values));
    if (rows.length > rowsMax) throw new Error(`more than ${rowsMax} rows`);
    if (statement.columns.length === 0) continue;
    const types = statement.columns.map(({ declaredType }) => (declaredType ?? '').toUpperCase());
    const converted = rows.map((row) => ({ values: row.map((value, i) => fromSql(value, types[i] ?? '')) }));
    result = { columns: statement.columns.map(({ name }) => name), types, values: converted, error: '', time: noTime };
  }
  return result;
}

/** Runs all statements; the numbers are those of the last one. */
function exec(target: Target, statements: readonly SqlStatement[], values: readonly SqlValue[]): SQLExecResult {
  let result: SQLExecResult = { lastInsertId: 0n, rowsAffected: 0n, error: '', time: noTime };
  for (const each of statements) {
    const { lastInsertRowid, changes } = prepare(target, each).run(...bound(each, values));
    result = { lastInsertId: lastInsertRowid, rowsAffected: changes, error: '', time: noTime };
  }
  return result;
}

/** Compiled under the gate. Nothing that passed it can ask for more later, because the schema never changes. */
function prepare({ db, prepared }: Target, { sql, verb }: SqlStatement): ReturnType<Database['prepare']> {
  if (!verbs.has(verb)) throw new Error(`not allowed: ${verb.slice(0, 20) || 'no statement'}`);
  const statement = prepared.get(sql) ?? db.restricted(replicatedNames, () => db.prepare(sql), appendOnlyNames);
  prepared.delete(sql);
  prepared.set(sql, statement);
  const [oldest] = prepared.keys();
  if (prepared.size > preparedMax && oldest !== undefined) prepared.delete(oldest);
  return statement;
}

function bound({ uses }: SqlStatement, values: readonly SqlValue[]): SqlValue[] {
  return uses.map((position, i) => {
    const value = position === undefined ? undefined : values[position];
    if (value === undefined) throw new Error(`missing parameter ${i + 1}`);
    return value;
  });
}

function refusal(kind: 'query' | 'exec', error: unknown): RaftApplyResponse {
  const text = messageOf(error);
  if (kind === 'query') return { ...emptyResponse, queryResult: { columns: [], types: [], values: [], error: text, time: noTime } };
  return { ...emptyResponse, execResult: { lastInsertId: 0n, rowsAffected: 0n, error: text, time: noTime } };
}

function note(db: Database, alongside: () => void, response: RaftApplyResponse): RaftApplyResponse {
  db.transaction(alongside);
  return response;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
