import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { hit, newEdge, noteSource } from './coverage.ts';

const sourceFolder = join(import.meta.dirname, '../../src/');

/**
 * From here on every source of the product that this thread imports counts the branches that it takes (see coverage.ts). Text is only
 * inserted within lines, so that stacks still tell the right line. V8's own precise coverage would do as well, at a hundred times the price
 * an input: it is collected for the whole thread and comes as JSON.
 */
export function instrumentSources(): void {
  Object.assign(globalThis, { webmeshFuzzHit: hit });
  registerHooks({
    load: (url, context, next) => {
      if (!url.startsWith('file:')) return next(url, context);
      const file = fileURLToPath(url);
      if (!file.startsWith(sourceFolder) || !file.endsWith('.ts')) return next(url, context);
      return { format: 'module', source: stripTypeScriptTypes(instrument(file, readFileSync(file, 'utf8'))), shortCircuit: true };
    },
  });
}

interface Insertion {
  readonly at: number;
  readonly text: string;
  /** Closing texts go before opening ones at the same place, inner ones before outer ones. */
  readonly order: number;
}

/** The source with a call at the beginning of each branch. */
export function instrument(file: string, source: string): string {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ESNext, true);
  const insertions: Insertion[] = [];
  const words = new Set<string>();
  let from = -1;
  let to = 0;
  let depth = 0;

  const call = (): string => {
    const edge = newEdge();
    if (from === -1) from = edge;
    to = edge + 1;
    return `webmeshFuzzHit(${edge})`;
  };
  const open = (at: number, text: string): void => void insertions.push({ at, text, order: depth + 1 });
  const close = (at: number, text: string): void => void insertions.push({ at, text, order: -depth });

  const branch = (node: ts.Node | undefined): void => {
    if (node === undefined) return;
    if (ts.isBlock(node)) open(node.getStart(tree) + 1, `${call()};`);
    else if (ts.isStatement(node)) around(node, `{${call()};`, '}');
    else around(node, `(${call()},`, ')');
  };
  const around = (node: ts.Node, before: string, after: string): void => {
    open(node.getStart(tree), before);
    close(node.getEnd(), after);
  };

  const visit = (node: ts.Node): void => {
    depth++;
    if (ts.isFunctionLike(node) && 'body' in node) branch(node.body as ts.Node | undefined);
    else if (ts.isIfStatement(node)) [node.thenStatement, node.elseStatement].forEach(branch);
    else if (ts.isIterationStatement(node, false)) branch(node.statement);
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(branch);
    else if (ts.isCatchClause(node)) branch(node.block);
    else if (ts.isCaseOrDefaultClause(node) && node.statements[0]) open(node.statements[0].getStart(tree), `${call()};`);
    else if (ts.isBinaryExpression(node) && shortCircuits.has(node.operatorToken.kind)) branch(node.right);
    else if (isWord(node)) words.add(node.text);
    ts.forEachChild(node, visit);
    depth--;
  };
  visit(tree);
  noteSource(file, { from: Math.max(0, from), to, words: [...words].filter((word) => word !== '' && word.length <= 64) });
  return inserted(source, insertions);
}

const shortCircuits: ReadonlySet<ts.SyntaxKind> = new Set([ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken]);

function isWord(node: ts.Node): node is ts.StringLiteral | ts.NumericLiteral {
  return (ts.isStringLiteral(node) && !ts.isImportDeclaration(node.parent)) || ts.isNumericLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
}

function inserted(source: string, insertions: Insertion[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { at, text } of insertions.sort((a, b) => a.at - b.at || a.order - b.order)) {
    parts.push(source.slice(done, at), text);
    done = at;
  }
  return parts.join('') + source.slice(done);
}
