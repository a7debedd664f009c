import { type SQLParameter, SQLParameterType } from '../../gen/v1/node_raft.ts';
import { type SqlValue } from '../ports.ts';
import { goTimeText, parseTime, zeroInstant } from './go-time.ts';

/** A statement parameter as SQLite stores it; a reason when its type has no value. Times become Go's text, booleans 0 or 1. */
export function toSql(parameter: SQLParameter): { readonly value: SqlValue } | { readonly problem: string } {
  switch (parameter.type) {
    case SQLParameterType.SQL_PARAM_INT64:
      return { value: parameter.int64 };
    case SQLParameterType.SQL_PARAM_DOUBLE:
      return { value: parameter.double };
    case SQLParameterType.SQL_PARAM_BOOL:
      return { value: parameter.bool ? 1n : 0n };
    case SQLParameterType.SQL_PARAM_BYTES:
      return { value: parameter.bytes };
    case SQLParameterType.SQL_PARAM_STRING:
      return { value: parameter.str };
    case SQLParameterType.SQL_PARAM_TIME: {
      const text = goTimeText(parameter.time ?? { seconds: 0n, nanos: 0 });
      return text === undefined ? { problem: 'time is out of range' } : { value: text };
    }
    case SQLParameterType.SQL_PARAM_NULL:
      return { value: null };
    default:
      return { problem: `unsupported parameter type ${parameter.type}` };
  }
}

/** A column's value as a result carries it. Texts in columns declared as times are times when they read as one. */
export function fromSql(value: SqlValue, declaredType: string): SQLParameter {
  if (value === null) return parameter({ type: SQLParameterType.SQL_PARAM_NULL });
  if (typeof value === 'bigint') return parameter({ type: SQLParameterType.SQL_PARAM_INT64, int64: value });
  if (typeof value === 'number') return parameter({ type: SQLParameterType.SQL_PARAM_DOUBLE, double: value });
  if (typeof value !== 'string') return parameter({ type: SQLParameterType.SQL_PARAM_BYTES, bytes: Buffer.from(value) });
  const time = timeTypes.has(declaredType) ? parseTime(value) : undefined;
  return time ? parameter({ type: SQLParameterType.SQL_PARAM_TIME, time }) : parameter({ type: SQLParameterType.SQL_PARAM_STRING, str: value });
}

/** Makes a parameter from the parts that are not empty. */
export function parameter(part: Partial<SQLParameter> & Pick<SQLParameter, 'type'>): SQLParameter {
  return { name: '', int64: 0n, double: 0, bool: false, bytes: noBytes, str: '', time: undefined, ...part };
}

/** Readers of single values. The database is shared with other implementations, so nothing about a value's type is assumed. */
export const textOf = (value: SqlValue | undefined): string => (typeof value === 'string' ? value : '');
export const textOrNull = (value: SqlValue | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const integerOf = (value: SqlValue | undefined): number => (typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0);
export const bytesOf = (value: SqlValue | undefined): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array());
export const timeOf = (value: SqlValue | undefined): { seconds: bigint; nanos: number } => (typeof value === 'string' ? parseTime(value) : undefined) ?? zeroInstant;

const noBytes = Buffer.alloc(0);
const timeTypes: ReadonlySet<string> = new Set(['DATE', 'DATETIME', 'TIMESTAMP']);
