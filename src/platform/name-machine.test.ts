import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nameMachine } from './name-machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'wm-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const machine = nameMachine({ run: async () => ({ code: 0, stdout: '', stderr: '' }) });

test('what cannot be looked at is as if it were not there: a tunnel does not end for it', () => {
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  expect(['loop', 'loop/inside', 'missing', 'missing/inside'].map((name) => [machine.birthOf(join(folder, name)), machine.readText(join(folder, name))])).toEqual([['', undefined], ['', undefined], ['', undefined], ['', undefined]]);
});

test('a text is for everybody to read, and another file in its place is another birth', () => {
  const path = join(folder, 'resolver', 'home.internal');
  machine.writeText(path, 'one\n');
  const first = machine.birthOf(path);
  expect([machine.readText(path), statSync(path).mode & 0o777, first === '']).toEqual(['one\n', 0o644, false]);
  machine.writeText(path, 'two\n');
  expect(machine.birthOf(path)).not.toBe(first);
  writeFileSync(path, 'x'.repeat(70_000));
  expect(machine.readText(path)).toBe(undefined);
});
