import ts from 'typescript';

/** One use of a word that only platform and the roots may say. */
export interface MachineWord {
  readonly line: number;
  readonly word: string;
}

const members: Readonly<Record<string, ReadonlySet<string>>> = {
  Date: new Set(['now']),
  Math: new Set(['random']),
  process: new Set(['env']),
  crypto: new Set(['randomUUID', 'getRandomValues']),
};
const globals = new Set(['setTimeout', 'setInterval', 'setImmediate', 'performance', 'console']);

/**
 * Finds where a source tells the time, rolls dice, waits, prints or looks into its environment by itself. Such things come through
 * ports, so that simulators can bring their own. `new Date(milliseconds)` is arithmetic and allowed; `new Date()` is not.
 * Svelte files are searched in their scripts.
 */
export function machineWords(fileName: string, text: string): readonly MachineWord[] {
  const code = fileName.endsWith('.svelte') ? scriptsOf(text) : text;
  const source = ts.createSourceFile(fileName, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const found: MachineWord[] = [];
  const visit = (node: ts.Node): void => {
    const word = wordOf(node);
    if (word !== undefined) found.push({ line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, word });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function wordOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && members[node.expression.text]?.has(node.name.text)) {
    return `${node.expression.text}.${node.name.text}`;
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date' && !node.arguments?.length) return 'new Date()';
  if (!ts.isIdentifier(node) || !globals.has(node.text)) return undefined;
  return isUse(node) ? node.text : undefined;
}

/** A name of the global itself: not a member of something else, a declaration, a property's name or a type. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node || (ts.isIdentifier(parent.expression) && ['globalThis', 'window'].includes(parent.expression.text));
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent)) return 'initializer' in parent && parent.initializer === node;
  return !(ts.isTypeQueryNode(parent) || ts.isQualifiedName(parent) || ts.isImportSpecifier(parent) || (ts.isParameter(parent) && parent.name === node));
}

/** Keeps the scripts at their lines and blanks everything else. */
function scriptsOf(text: string): string {
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  let code = '';
  let at = 0;
  for (const match of text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) {
    const start = match.index + match[0].indexOf('>') + 1;
    code += blank(text.slice(at, start)) + (match[1] ?? '');
    at = start + (match[1] ?? '').length;
  }
  return code + blank(text.slice(at));
}
