import { constants } from 'node:sqlite';

/** What replicated SQL text may call: nothing with a clock, dice, or knowledge of this connection, and nothing that another SQLite build may lack. */
const functions: ReadonlySet<string> = new Set([
  'abs', 'avg', 'char', 'coalesce', 'count', 'glob', 'hex', 'ifnull', 'iif', 'instr', 'length', 'like', 'lower', 'ltrim', 'max', 'min', 'nullif', 'quote',
  'replace', 'round', 'rtrim', 'substr', 'substring', 'sum', 'total', 'trim', 'typeof', 'unicode', 'upper',
]);

export interface Gate {
  authorize(action: number, first: string | null, second: string | null, database: string | null): number;
  restricted<T>(tables: ReadonlySet<string>, work: () => T, appendOnly?: ReadonlySet<string>): T;
}

/**
 * Decides, while SQLite compiles a statement, what its text may do. Outside `restricted` everything is ours and allowed.
 * Inside: reading and writing rows of the named tables, only adding rows to the append-only ones, and the functions above. Everything else is refused: schema changes, PRAGMA,
 * ATTACH, transactions, recursive queries, virtual tables, row ids (they differ after a restore from a foreign snapshot).
 * The gate stays installed and changes its mind, because installing an authorizer makes SQLite recompile every statement.
 */
export function createGate(): Gate {
  let allowed: Allowed | null = null;
  return {
    authorize: (action, first, second, database) => (allowed === null || permits(allowed, action, first, second, database) ? constants.SQLITE_OK : constants.SQLITE_DENY),
    restricted: (tables, work, appendOnly = none) => {
      const before = allowed;
      allowed = { tables, appendOnly };
      try {
        return work();
      } finally {
        allowed = before;
      }
    },
  };
}

interface Allowed {
  readonly tables: ReadonlySet<string>;
  readonly appendOnly: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

function permits({ tables, appendOnly }: Allowed, action: number, first: string | null, second: string | null, database: string | null): boolean {
  const name = first?.toLowerCase() ?? '';
  const own = (database === null || database === 'main') && tables.has(name);
  switch (action) {
    case constants.SQLITE_SELECT:
      return true;
    case constants.SQLITE_READ:
      return own && second?.toUpperCase() !== 'ROWID';
    case constants.SQLITE_INSERT:
      return own;
    case constants.SQLITE_UPDATE:
    case constants.SQLITE_DELETE:
      return own && !appendOnly.has(name);
    case constants.SQLITE_FUNCTION:
      return second !== null && functions.has(second.toLowerCase());
    default:
      return false;
  }
}
