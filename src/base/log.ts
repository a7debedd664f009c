/** Logging as a port: JSON lines {t, level, scope, event, …}. Addresses and names never above debug; secrets never. */
export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same log with a longer scope: `core` → `core.session`. */
  scope(name: string): Log;
}

/** Drops everything. For tests that look elsewhere. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  scope: () => silentLog,
};

/** Wraps a value that must never be printed. Every way to print it gives bullets. */
export class Secret<T = string> {
  readonly #value: T;
  constructor(value: T) {
    this.#value = value;
  }
  reveal(): T {
    return this.#value;
  }
  toString(): string {
    return '•••';
  }
  toJSON(): string {
    return '•••';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '•••';
  }
}
