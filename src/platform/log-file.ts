import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock } from '../base/clock.ts';
import { type Fields, type Level, type Log } from '../base/log.ts';

/** Where log lines go. Writing never throws: a full disk must not stop what is being logged. */
export interface LogSink {
  write(line: string): void;
  close(): void;
}

export interface LevelledLog extends Log {
  /** Changes what is written from now on, for this log and every scope of it. */
  setLevel(level: Level): void;
}

const severity: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const lineCharactersMax = 16_384;
const pendingCharactersMax = 1 << 20;

/** A log of JSON lines `{t, level, scope, event, …fields}`; `t` is UTC in RFC 3339 with milliseconds. */
export function createLog({ sink, clock, level, scope }: { sink: LogSink; clock: Pick<Clock, 'nowMs'>; level: Level; scope: string }): LevelledLog {
  let least = severity[level];
  const at = (name: string): Log => {
    const put = (lineLevel: Level) => (event: string, fields?: Fields) => {
      if (severity[lineLevel] >= least) sink.write(logLine(clock.nowMs(), lineLevel, name, event, fields));
    };
    return { debug: put('debug'), info: put('info'), warn: put('warn'), error: put('error'), scope: (more) => at(`${name}.${more}`) };
  };
  return {
    ...at(scope),
    setLevel: (next) => {
      least = severity[next];
    },
  };
}

export interface FileSinkOptions {
  readonly bytesMax?: number;
  readonly filesMax?: number;
  /** Opens the file for appending, made when it is missing, and answers the descriptor; throws to refuse it. */
  readonly openFile?: (path: string) => number;
}

/** Appends to `path`; at `bytesMax` the file becomes `path.1`, the former `.1` becomes `.2`, and so on up to `filesMax` files. */
export function fileSink(path: string, { bytesMax = 4 << 20, filesMax = 3, openFile = openAppending }: FileSinkOptions = {}): LogSink {
  let file: { descriptor: number; bytes: number } | undefined;
  const open = (): { descriptor: number; bytes: number } => {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openFile(path);
    return { descriptor, bytes: fstatSync(descriptor).size };
  };
  const close = (): void => {
    if (file) closeSync(file.descriptor);
    file = undefined;
  };
  /** A descriptor that stayed open would be one more with each line that a full disk refuses. */
  const forget = (): void => {
    try {
      close();
    } catch {
      file = undefined;
    }
  };
  return {
    write: (line) => {
      const bytes = Buffer.from(line);
      try {
        file ??= open();
        if (file.bytes > 0 && file.bytes + bytes.length > bytesMax) {
          close();
          rotate(path, filesMax);
          file = open();
        }
        writeSync(file.descriptor, bytes);
        file.bytes += bytes.length;
      } catch {
        // Nowhere is left to say it; the next line tries to open the file again.
        forget();
      }
    },
    close,
  };
}

/** Standard error. A reader that stalls costs lines, not memory: what is dropped is counted and said later. */
export function stderrSink(stream: Pick<NodeJS.WriteStream, 'write' | 'writableLength'> = process.stderr): LogSink {
  let dropped = 0;
  return {
    write: (line) => {
      if (stream.writableLength > pendingCharactersMax) {
        dropped++;
        return;
      }
      if (dropped > 0) stream.write(`{"level":"warn","scope":"log","event":"lines-dropped","count":${dropped}}\n`);
      dropped = 0;
      stream.write(line);
    },
    close: () => {},
  };
}

function openAppending(path: string): number {
  return openSync(path, 'a', 0o600);
}

function logLine(nowMs: number, level: Level, scope: string, event: string, fields: Fields = {}): string {
  const head = { t: new Date(nowMs).toISOString(), level, scope, event };
  try {
    const text = JSON.stringify({ ...head, ...fields, ...head }, printable);
    if (text.length <= lineCharactersMax) return `${text}\n`;
    return `${JSON.stringify({ ...head, truncated: text.slice(0, lineCharactersMax / 2) })}\n`;
  } catch (error) {
    return `${JSON.stringify({ ...head, unprintable: String(error).slice(0, 200) })}\n`;
  }
}

function printable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return describeError(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  return value;
}

function describeError(error: Error): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  const extra = 'code' in error ? { code: error.code } : {};
  return { name, message, ...extra, ...(name === 'AssertionError' || name === 'TypeError' ? { stack } : {}), ...(cause === undefined ? {} : { cause }) };
}

function rotate(path: string, filesMax: number): void {
  if (filesMax < 2) return rmSync(path, { force: true });
  for (let n = filesMax - 1; n >= 1; n--) {
    try {
      renameSync(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`);
    } catch {
      // That generation does not exist yet.
    }
  }
}
