import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machineWords } from './machine-words.ts';

const root = join(import.meta.dirname, '../..');
/** Programs' first files, the real ports, tests, and the page's build: they may touch the machine. */
const free = /^src\/(platform|gen)\/|^src\/(main\/(main|preload)|helper\/(helper|confine|confined)|single\/single|node\/child|cli\/cli|web\/server|renderer\/(main|vite\.config))\.ts$|\.test\.ts$/;

test('only platform and the roots tell the time, roll dice or touch the machine', () => {
  const files = globSync('src/**/*.{ts,svelte}', { cwd: root }).filter((file) => !free.test(file));
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => machineWords(file, readFileSync(join(root, file), 'utf8')).map(({ line, word }) => `${file}:${line} ${word}`));
  expect(found).toEqual([]);
});

test('every such word is found where it is used', () => {
  const source = `
    const a = Date.now() + Math.random();
    const b = new Date();
    setTimeout(() => console.log(process.env.HOME), performance.now());
    const c = { setInterval, run: setImmediate };
    window.setTimeout(a);
    const id = crypto.randomUUID();
  `;
  expect(machineWords('a.ts', source)).toEqual([
    { line: 2, word: 'Date.now' }, { line: 2, word: 'Math.random' }, { line: 3, word: 'new Date()' }, { line: 4, word: 'setTimeout' },
    { line: 4, word: 'console' }, { line: 4, word: 'process.env' }, { line: 4, word: 'performance' }, { line: 5, word: 'setInterval' }, { line: 5, word: 'setImmediate' },
    { line: 6, word: 'setTimeout' }, { line: 7, word: 'crypto.randomUUID' },
  ]);
});

test('what only looks like it is left alone', () => {
  const source = `
    import { setTimeout as wait } from './wait.ts';
    // Date.now() in a comment, and "Math.random" in a text
    const text = 'console';
    const day = new Date(0).toISOString();
    clock.setTimeout(1); const row = { console: 1, performance: 2 };
    interface Port { setInterval(ms: number): void; console: string }
  `;
  expect(machineWords('a.ts', source)).toEqual([]);
});

test('the scripts of a page are searched at their own lines', () => {
  expect(machineWords('A.svelte', '<p>Date.now()</p>\n<script lang="ts">\nconst a = Date.now();\n</script>\n<p>{setTimeout}</p>')).toEqual([{ line: 3, word: 'Date.now' }]);
});
