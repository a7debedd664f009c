import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { afterAll, beforeAll, expect, test } from 'vitest';

/**
 * Proves that every layer rule can fail: a small tree with one offending import for each rule is checked with the very same rules,
 * and must bring exactly these violations. The same tree holds what is allowed; none of it may be reported.
 */
interface Row {
  readonly from: string;
  readonly import: string;
  /** The rules that it breaks; empty when it is allowed. */
  readonly breaks: readonly string[];
}

const rows: readonly Row[] = [
  // base
  { from: 'src/base/a.ts', import: "import './b.ts';", breaks: [] },
  { from: 'src/base/a1.ts', import: "import 'node:path';", breaks: ['base-stands-alone'] },
  { from: 'src/base/a2.ts', import: "import '../contract/commands.ts';", breaks: ['base-stands-alone'] },
  // raft
  { from: 'src/raft/raft.ts', import: "import '../base/b.ts';", breaks: [] },
  { from: 'src/raft/r1.ts', import: "import '../gen/v1/node_messages.ts';", breaks: ['raft-is-pure'] },
  { from: 'src/raft/r2.ts', import: "import '../raft/driver.ts';", breaks: ['steps-decide'] },
  { from: 'src/raft/r.test.ts', import: "import 'node:fs';", breaks: [] },
  // contract
  { from: 'src/contract/commands.ts', import: "import 'zod'; import '../base/b.ts';", breaks: [] },
  { from: 'src/contract/c1.ts', import: "import '../core/app.ts';", breaks: ['contract-is-data'] },
  // core
  { from: 'src/core/app.ts', import: "import '../gen/v1/node_messages.ts'; import '../contract/commands.ts';", breaks: [] },
  { from: 'src/core/types.ts', import: "import { type Helper } from '../gen/webmesh/helper/v1/helper.ts'; export type H = Helper;", breaks: [] },
  { from: 'src/core/c1.ts', import: "import 'node:path';", breaks: ['core-knows-no-shell'] },
  { from: 'src/core/c2.ts', import: "import 'node:fs';", breaks: ['core-knows-no-shell', 'only-platform-touches-the-machine'] },
  { from: 'src/core/c3.ts', import: "import '@grpc/grpc-js';", breaks: ['core-knows-no-shell'] },
  { from: 'src/core/c4.ts', import: "import { Helper } from '../gen/webmesh/helper/v1/helper.ts'; export const h = Helper;", breaks: ['core-takes-types-of-services'] },
  { from: 'src/core/c5.ts', import: "import '../platform/sockets.ts';", breaks: ['core-knows-no-shell', 'platform-is-built-by-roots'] },
  { from: 'src/core/c6.ts', import: "import { app } from 'electron'; export const a = app;", breaks: ['core-knows-no-shell', 'electron-in-main-only', 'no-dev-dependency-in-product'] },
  { from: 'src/core/session/step.ts', import: "import { type Port } from '../ports.ts'; export type P = Port;", breaks: [] },
  { from: 'src/core/session/state.ts', import: "import { run } from './driver.ts'; export const r = run;", breaks: ['steps-decide'] },
  // node and helper
  { from: 'src/node/node.ts', import: "import '../raft/raft.ts'; import '../gen/webmesh/helper/v1/helper.ts'; import 'snappyjs'; import 'node:zlib';", breaks: [] },
  { from: 'src/node/child.ts', import: "import '../platform/sockets.ts'; import 'node:fs';", breaks: [] },
  { from: 'src/node/n1.ts', import: "import '../core/app.ts';", breaks: ['node-meets-others-by-rpc'] },
  { from: 'src/node/n2.ts', import: "import '../helper/reconcile.ts';", breaks: ['node-meets-others-by-rpc'] },
  { from: 'src/node/n3.ts', import: "import 'node:child_process';", breaks: ['only-platform-touches-the-machine'] },
  { from: 'src/node/n4.ts', import: "import './child.ts';", breaks: ['roots-are-first'] },
  { from: 'src/helper/reconcile.ts', import: "import '../base/b.ts';", breaks: [] },
  { from: 'src/helper/helper.ts', import: "import '../platform/sockets.ts';", breaks: [] },
  { from: 'src/helper/h1.ts', import: "import '../raft/raft.ts';", breaks: ['helper-meets-others-by-rpc'] },
  { from: 'src/helper/h2.ts', import: "import '../node/node.ts';", breaks: ['helper-meets-others-by-rpc'] },
  { from: 'src/helper/h3.ts', import: "import '../platform/sockets.ts';", breaks: ['helper-meets-others-by-rpc', 'platform-is-built-by-roots'] },
  // platform
  { from: 'src/platform/sockets.ts', import: "import 'node:net'; import '../node/ports.ts'; import '../contract/carrier.ts';", breaks: [] },
  { from: 'src/platform/p1.ts', import: "import '../node/node.ts';", breaks: ['platform-serves-ports'] },
  { from: 'src/platform/p2.ts', import: "import '../contract/commands.ts';", breaks: ['platform-serves-ports'] },
  // shells
  { from: 'src/main/main.ts', import: "import 'electron'; import '../core/app.ts'; import '../platform/sockets.ts'; import './window.ts';", breaks: [] },
  { from: 'src/cli/c1.ts', import: "import '../node/node.ts';", breaks: ['shells-are-thin'] },
  { from: 'src/main/m1.ts', import: "import '../helper/reconcile.ts';", breaks: ['shells-are-thin'] },
  { from: 'src/web/w1.ts', import: "import '../raft/raft.ts';", breaks: ['shells-are-thin'] },
  { from: 'src/web/w2.ts', import: "import '../cli/c1.ts';", breaks: ['shells-are-apart'] },
  { from: 'src/cli/c2.ts', import: "import 'electron';", breaks: ['electron-in-main-only', 'no-dev-dependency-in-product'] },
  { from: 'src/main/preload.ts', import: "import 'electron';", breaks: [] },
  // page
  { from: 'src/renderer/App.svelte', import: "import '../contract/commands.ts'; import 'svelte';", breaks: [] },
  { from: 'src/renderer/Bad.svelte', import: "import '../core/app.ts';", breaks: ['page-is-a-page'] },
  { from: 'src/renderer/r2.ts', import: "import '../contract/words.ts';", breaks: ['page-speaks-every-language'] },
  { from: 'src/renderer/r1.ts', import: "import 'node:path';", breaks: ['page-is-a-page'] },
  // everywhere
  { from: 'src/base/cycle-a.ts', import: "import './cycle-b.ts';", breaks: ['no-cycles'] },
  { from: 'src/base/cycle-b.ts', import: "import './cycle-a.ts';", breaks: [] }, // one report for the whole cycle
  { from: 'test/cycle-a.ts', import: "import { b } from './cycle-b.ts'; export const a = b;", breaks: ['no-cycles-in-tests'] },
  { from: 'test/cycle-b.ts', import: "import { a } from './cycle-a.ts'; export const b = a;", breaks: [] }, // one report for the whole cycle
  { from: 'test/types-a.ts', import: "import { type B } from './types-b.ts'; export type A = B;", breaks: [] },
  { from: 'test/types-b.ts', import: "import { type A } from './types-a.ts'; export type B = A;", breaks: [] },
  { from: 'src/base/t1.ts', import: "import '../../test/fake.ts';", breaks: ['base-stands-alone', 'product-knows-no-test'] },
  { from: 'src/web/t2.ts', import: "import '../raft/r.test.ts';", breaks: ['product-knows-no-test', 'shells-are-thin'] },
  { from: 'src/web/u1.ts', import: "import './nowhere.ts';", breaks: ['everything-resolves', 'shells-are-thin'] },
  { from: 'src/web/d1.ts', import: "import 'esbuild';", breaks: ['no-dev-dependency-in-product'] },
];

/** The preload script may import nothing of ours: a row of its own, since a file has only one. */
const preloadRow: Row = { from: 'src/main/preload.ts', import: "import '../base/b.ts';", breaks: ['preload-is-alone'] };

const plain = [
  'src/base/b.ts', 'src/contract/carrier.ts', 'src/contract/words.ts', 'src/core/ports.ts', 'src/core/session/driver.ts', 'src/node/ports.ts', 'src/raft/driver.ts', 'src/main/window.ts',
  'src/gen/v1/node_messages.ts', 'src/gen/webmesh/helper/v1/helper.ts', 'test/fake.ts',
];

const root = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);
const rules = require('../../.dependency-cruiser.cjs') as { forbidden: IForbiddenRuleType[]; options: Record<string, unknown> };
let tree = '';

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'webmesh-layers-'));
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  symlinkSync(join(root, 'package.json'), join(tree, 'package.json'));
  for (const file of plain) write(file, "export const run = 1;\nexport const Helper = 1;\nexport type Port = string;\nexport interface Helper { a: 1 }\n");
  for (const row of rows) write(row.from, row.import);
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

test('each rule reports its offending import, and nothing else is reported', async () => {
  expect(await violations()).toEqual(expected(rows));
});

test('the preload script may not import anything of ours', async () => {
  write(preloadRow.from, preloadRow.import);
  expect((await violations()).filter((v) => v.includes('preload'))).toEqual(expected([preloadRow]));
});

test('every rule has an offending import above, and a reason', () => {
  const proven = new Set([...rows, preloadRow].flatMap((row) => row.breaks));
  expect(rules.forbidden.filter((rule) => !proven.has(rule.name ?? '')).map((rule) => rule.name)).toEqual([]);
  expect(rules.forbidden.filter((rule) => (rule.comment ?? '').length < 20 || rule.severity !== 'error').map((rule) => rule.name)).toEqual([]);
});

function write(file: string, content: string): void {
  const path = join(tree, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.endsWith('.svelte') ? `<script lang="ts">${content}</script>\n` : `${content}\n`);
}

function expected(list: readonly Row[]): string[] {
  return list.flatMap((row) => row.breaks.map((rule) => `${row.from} breaks ${rule}`)).sort();
}

async function violations(): Promise<string[]> {
  const result = await cruise(['src', 'test'], { ...rules.options, baseDir: tree, validate: true, ruleSet: { forbidden: rules.forbidden } });
  const output = result.output as ICruiseResult;
  return [...new Set(output.summary.violations.map((v) => `${relative('.', v.from)} breaks ${v.rule.name}`))].sort();
}
