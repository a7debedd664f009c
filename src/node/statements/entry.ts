import { RaftCommandType, type RaftLogEntry, type SQLParameter, SQLParameterType } from '../../gen/v1/node_raft.ts';
import { type Instant } from '../state/go-time.ts';
import { parameter } from '../state/values.ts';

/**
 * Builds the one entry of an RPC: its statements and the values they share. Each value gets a number (`?1`, `?2`, …) that stands for
 * it in every statement, so that the text means the same to every SQLite driver that runs it.
 */
export interface EntryBuilder {
  text(value: string): string;
  /** NULL when empty: the unique columns must not hold two empty texts. */
  optional(value: string | null): string;
  integer(value: number): string;
  flag(value: boolean): string;
  bytes(value: Uint8Array): string;
  time(value: Instant): string;
  add(sql: string): void;
  entry(): RaftLogEntry;
}

export function entryBuilder(): EntryBuilder {
  const parameters: SQLParameter[] = [];
  const statements: string[] = [];
  const give = (value: SQLParameter): string => `?${parameters.push(value)}`;
  const text = (str: string): string => give(parameter({ type: SQLParameterType.SQL_PARAM_STRING, str }));
  return {
    text,
    optional: (value) => (value === null || value === '' ? give(parameter({ type: SQLParameterType.SQL_PARAM_NULL })) : text(value)),
    integer: (value) => give(parameter({ type: SQLParameterType.SQL_PARAM_INT64, int64: BigInt(value) })),
    flag: (value) => give(parameter({ type: SQLParameterType.SQL_PARAM_BOOL, bool: value })),
    bytes: (value) => give(parameter({ type: SQLParameterType.SQL_PARAM_BYTES, bytes: Buffer.from(value) })),
    time: (time) => give(parameter({ type: SQLParameterType.SQL_PARAM_TIME, time })),
    add: (sql) => void statements.push(sql),
    entry: () => ({ type: RaftCommandType.EXECUTE, sqlQuery: undefined, sqlExec: { transaction: true, statement: { sql: statements.join(';\n'), parameters } } }),
  };
}
