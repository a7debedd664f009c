import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { journalFile } from './helper-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'wm-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  [undefined, 'next\n'], ['', 'next\n'], ['one\n', 'one\nnext\n'], ['one\nhal', 'one\nnext\n'], ['hal', 'next\n'], ['\u0000'.repeat(70_000), 'next\n'], [`one\n${'x'.repeat(70_000)}`, 'one\nnext\n'],
])('half a line that a full disk or a crash left spoils no line after it', async (before, after) => {
  const path = join(folder, 'journal');
  rmSync(path, { force: true });
  if (before !== undefined) writeFileSync(path, before, { mode: 0o600 });
  await journalFile(path).append('next\n');
  expect(readFileSync(path, 'utf8')).toBe(after);
});
