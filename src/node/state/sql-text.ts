/** One statement of a longer text, with its parameters renamed to ?1, ?2, …; `uses` says which given parameter each of them is. */
export interface SqlStatement {
  readonly sql: string;
  /** Position in the parameter list (from 0), in the order of ?1, ?2, … Undefined: the text asks for a parameter that was not given. */
  readonly uses: readonly (number | undefined)[];
  /** The first word, upper case. */
  readonly verb: string;
}

export const statementsMax = 64;

/**
 * Splits SQL text at its semicolons and resolves its parameters, by the lexical rules of SQLite (sqlite.org/lang_expr.html#varparam):
 * quotes, quoted names and comments hide both. `?` counts anew in each statement; `?7` and `$7` are the seventh parameter given;
 * `:a`, `@a` and `$a` are the parameter named `a`. Each statement sees the whole list.
 */
export function splitSql(text: string, names: readonly string[]): readonly SqlStatement[] {
  const statements: SqlStatement[] = [];
  let builder = newBuilder(names);
  for (const token of tokens(text)) {
    if (token === ';') {
      pushUnlessEmpty(statements, builder);
      builder = newBuilder(names);
    } else builder.add(token);
  }
  pushUnlessEmpty(statements, builder);
  return statements;
}

interface Builder {
  add(token: string): void;
  done(): SqlStatement | undefined;
}

function newBuilder(names: readonly string[]): Builder {
  const numberOf = new Map<string, number>();
  const uses: (number | undefined)[] = [];
  let sql = '';
  let verb = '';
  // The largest parameter number so far, as SQLite counts: a bare `?` is the next one.
  let largest = 0;
  return {
    add: (token) => {
      if (verb === '' && /^[A-Za-z]/.test(token)) verb = token.toUpperCase();
      if (!isParameter(token)) {
        // A comment means nothing, and its text may look like a parameter or a separator to the next reader.
        sql += isComment(token) ? ' ' : token;
        return;
      }
      const key = token === '?' ? `?${largest + 1}` : token;
      largest = key.startsWith('?') ? Math.max(largest, Number(key.slice(1))) : numberOf.has(key) ? largest : largest + 1;
      const number = numberOf.get(key) ?? numberOf.size + 1;
      numberOf.set(key, number);
      uses[number - 1] = positionOf(key, names);
      sql += `?${number}`;
    },
    done: () => (verb === '' && sql.trim() === '' ? undefined : { sql: sql.trim(), uses, verb }),
  };
}

function positionOf(key: string, names: readonly string[]): number | undefined {
  if (/^[?$]\d+$/.test(key)) {
    const position = Number(key.slice(1)) - 1;
    return position >= 0 && position < names.length ? position : undefined;
  }
  const found = names.indexOf(key.slice(1));
  return found === -1 ? undefined : found;
}

function pushUnlessEmpty(statements: SqlStatement[], builder: Builder): void {
  const statement = builder.done();
  if (statement) statements.push(statement);
}

/**
 * Strings, quoted names, comments, parameters, separators and words each as one token, everything else a character at a time.
 * An unfinished quote runs to the end of the text; SQLite then refuses it.
 */
const tokenPattern = new RegExp([
  String.raw`'(?:[^']|'')*(?:'|$)`, '"(?:[^"]|"")*(?:"|$)', '`(?:[^`]|``)*(?:`|$)', String.raw`\[[^\]]*(?:\]|$)`,
  String.raw`--[^\n]*`, String.raw`/\*[\s\S]*?(?:\*/|$)`,
  String.raw`\?\d*`, String.raw`[:@$#][A-Za-z0-9_$\u0080-\uffff]+`,
  String.raw`[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*`, String.raw`\d[A-Za-z0-9_.]*`, String.raw`\s+`, String.raw`[\s\S]`,
].join('|'), 'g');

function tokens(text: string): readonly string[] {
  return text.match(tokenPattern) ?? [];
}

const isComment = (token: string): boolean => token.startsWith('--') || token.startsWith('/*');
const isParameter = (token: string): boolean => token.startsWith('?') || (token.length > 1 && /^[:@$]/.test(token));
