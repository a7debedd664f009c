import { expect, test } from 'vitest';
import { splitSql } from './sql-text.ts';

const brief = (text: string, names: readonly string[] = []): string[] => splitSql(text, names).map(({ sql, uses, verb }) => `${verb} | ${sql} | ${uses.map((use) => use ?? '-').join(' ')}`);

test.each([
  ['nothing at all', ' ; -- only a comment\n ;', [], []],
  ['separators in strings, names and comments', `SELECT ';', "a;b", [c;d], \`e;f\` -- ;\n; DELETE /* ; */ FROM x`, [], [`SELECT | SELECT ';', "a;b", [c;d], \`e;f\` | `, 'DELETE | DELETE   FROM x | ']],
  ['doubled quotes', "SELECT 'it''s; ?' , \"q\"\"?\"; SELECT 2", [], ["SELECT | SELECT 'it''s; ?' , \"q\"\"?\" | ", 'SELECT | SELECT 2 | ']],
  ['positions begin anew in each statement', 'SELECT ?, ?; SELECT ?', ['', ''], ['SELECT | SELECT ?1, ?2 | 0 1', 'SELECT | SELECT ?1 | 0']],
  ['numbers name the given list', 'SELECT ?3, ?1, ?3; SELECT ?2', ['', '', ''], ['SELECT | SELECT ?1, ?2, ?1 | 2 0', 'SELECT | SELECT ?1 | 1']],
  ['a bare mark follows the largest number', 'SELECT ?2, ?', ['', '', ''], ['SELECT | SELECT ?1, ?2 | 1 2']],
  ['a name counts as a number', 'SELECT :a, ?, :a, ?', ['', '', 'a', ''], ['SELECT | SELECT ?1, ?2, ?1, ?3 | 2 1 2']],
  ['$7 is a number, $name a name', 'SELECT $2, $two, @two, :two', ['one', 'two'], ['SELECT | SELECT ?1, ?2, ?3, ?4 | 1 1 1 1']],
  ['what was not given is known', 'SELECT ?9, :x', ['a'], ['SELECT | SELECT ?1, ?2 | - -']],
  ['a word may hold a dollar, a number may hold letters', 'SELECT a$b, 1e5, x\'00?\'', [], ["SELECT | SELECT a$b, 1e5, x'00?' | "]],
  ['an unfinished quote runs to the end', "SELECT 'a; SELECT ?", [''], ["SELECT | SELECT 'a; SELECT ? | "]],
  ['a comment in front hides no verb', '-- name: PutX :exec\nINSERT INTO x VALUES (?)', [''], ['INSERT | INSERT INTO x VALUES (?1) | 0']],
])('%s', (_, text, names, expected) => {
  expect(brief(text, names)).toEqual(expected);
});
