import { parse, type AST } from 'svelte/compiler';
import ts from 'typescript';

/** Texts for people that stand in the code instead of in the words of a language. */
export interface HardCoded {
  readonly line: number;
  readonly text: string;
  readonly where: string;
}

/** Attributes, and props of our components, that a person reads or hears. */
const readable: ReadonlySet<string> = new Set([
  'title', 'alt', 'placeholder', 'label', 'hint', 'words', 'text', 'word', 'why', 'about', 'summary', 'caption', 'legend', 'description', 'shown', 'aria-label', 'aria-description', 'aria-roledescription', 'aria-valuetext', 'aria-placeholder',
]);

/** Of a component: text between tags, attributes that are read, and texts in its expressions and its script. */
export function hardCodedInSvelte(source: string): readonly HardCoded[] {
  const found: HardCoded[] = [];
  const tell = (start: number, text: string, where: string): void => void found.push({ line: lineOf(source, start), text: brief(text), where });
  /** Of what is drawn, every word counts; of what is only called or compared, those that read like words for people. */
  const expression = (node: Positioned, drawn = false): void => {
    for (const { at, text, result } of literalsIn(`(${source.slice(node.start, node.end)})`)) if (drawn && result ? hasWord(text) : isForPeople(text)) tell(node.start + at - 1, text, 'expression');
  };
  const attribute = (name: string, value: AST.Attribute['value']): void => {
    for (const part of value === true ? [] : Array.isArray(value) ? value : [value]) {
      if (part.type === 'Text') {
        if (readable.has(name) && hasWord(part.data)) tell(part.start, part.data, name);
      } else if (readable.has(name)) {
        const { start, end } = placeOf(part.expression);
        for (const { at, text } of literalsIn(`(${source.slice(start, end)})`)) if (hasWord(text)) tell(start + at - 1, text, name);
      } else expression(placeOf(part.expression));
    }
  };
  const root = parse(source, { modern: true });
  walk(root.fragment, (node) => {
    if (node.type === 'Text' && hasWord(String(node['data']))) tell(node.start, String(node['data']), 'text');
    else if (node.type === 'ExpressionTag') expression(placeOf(node['expression']), true);
    else if (node.type === 'ConstTag' || node.type === 'RenderTag') expression(placeOf(node['expression'] ?? node['declaration']));
    else if (node.type === 'Attribute') attribute(String(node['name']), node['value'] as AST.Attribute['value']);
    else return true;
    return node.type !== 'Attribute' && node.type !== 'ExpressionTag';
  });
  for (const script of [root.instance, root.module]) {
    if (!script) continue;
    const content = placeOf(script.content);
    for (const { at, text } of literalsIn(source.slice(content.start, content.end))) if (isForPeople(text)) tell(content.start + at, text, 'script');
  }
  return found;
}

/** Of a module: every literal that reads like words for a person. */
export function hardCodedInScript(source: string): readonly HardCoded[] {
  return literalsIn(source).filter(({ text }) => isForPeople(text)).map(({ at, text }) => ({ line: lineOf(source, at), text: brief(text), where: 'script' }));
}

interface Positioned {
  readonly start: number;
  readonly end: number;
}

/** The parser's types of expressions leave out where they stand. */
function placeOf(expression: unknown): Positioned {
  return expression as Positioned;
}

type Node = Positioned & { readonly type: string } & Readonly<Record<string, unknown>>;

/** Visits each node of a template; `see` tells whether to go on inside. */
function walk(node: unknown, see: (node: Node) => boolean): void {
  if (Array.isArray(node)) return node.forEach((one) => walk(one, see));
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node && 'start' in node && !see(node as Node)) return;
  for (const [key, value] of Object.entries(node)) if (key !== 'metadata' && key !== 'parent') walk(value, see);
}

interface Literal {
  readonly at: number;
  readonly text: string;
  /** The value of the whole expression may be this. */
  readonly result: boolean;
}

/** String and template literals, without those of imports, types, keys, comparisons and lookups: these are for the program. */
function literalsIn(source: string): readonly Literal[] {
  const found: Literal[] = [];
  const see = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node) || ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) && !isForProgram(node)) found.push({ at: node.getStart(), text: node.text, result: isResult(node) });
    else if (ts.isTemplateExpression(node)) found.push({ at: node.getStart(), text: [node.head.text, ...node.templateSpans.map((span) => `\u0000${span.literal.text}`)].join(''), result: isResult(node) });
    ts.forEachChild(node, see);
  };
  see(ts.createSourceFile('x.ts', source, ts.ScriptTarget.Latest, true));
  return found;
}

const comparisons: ReadonlySet<ts.SyntaxKind> = new Set([ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken, ts.SyntaxKind.InKeyword]);

function isForProgram(node: ts.StringLiteralLike): boolean {
  const { parent } = node;
  return (ts.isPropertyAssignment(parent) && parent.name === node) || ts.isCaseClause(parent) || ts.isElementAccessExpression(parent) || (ts.isBinaryExpression(parent) && comparisons.has(parent.operatorToken.kind));
}

/** Nothing but choices and joins stand between it and the whole. */
function isResult(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isConditionalExpression(parent)) return parent.condition !== node && isResult(parent);
  if (ts.isBinaryExpression(parent)) return !comparisons.has(parent.operatorToken.kind) && isResult(parent);
  if (ts.isTemplateSpan(parent)) return isResult(parent.parent);
  return ts.isParenthesizedExpression(parent) ? isResult(parent) : ts.isExpressionStatement(parent);
}

/** Two letters beside each other: `IPv4` as much as `Connect`; what no language translates is allowed by name. */
function hasWord(text: string): boolean {
  return /\p{L}{2}/u.test(text);
}

/** In code most literals are names. A capital with small letters behind it, or two words with a space between them, are for people. */
function isForPeople(text: string): boolean {
  return /(^|[^\p{L}\d_.#/-])\p{Lu}\p{Ll}+(?![\p{L}\d]*[:=/_])/u.test(text) || /\p{L}{2,}[,.;:]? \p{L}{2,}/u.test(text);
}

function lineOf(source: string, at: number): number {
  return source.slice(0, at).split('\n').length;
}

function brief(text: string): string {
  return text.replaceAll('\u0000', '…').replace(/\s+/g, ' ').trim().slice(0, 80);
}
