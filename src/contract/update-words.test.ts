import { expect, test } from 'vitest';
import type { Release } from '../base/update.ts';
import type { UpdatePhase } from './update.ts';
import { installText, installWords, notesLines, updateWords } from './update-words.ts';
import { installerFormats } from '../base/update.ts';

const release: Release = { version: '0.2.0', notes: '', bytes: 9, format: 'deb' };
const phases: readonly UpdatePhase[] = [
  { phase: 'off' }, { phase: 'idle' }, { phase: 'checking' }, { phase: 'available', release }, { phase: 'downloading', release, bytes: 1 }, { phase: 'ready', release, path: '/x/a.deb' },
  { phase: 'refused', failure: { code: 'update.older', retry: 'after-user', detail: {} } },
];

test.each(phases)('$phase is told in two sentences', (phase) => {
  for (const checkedAtMs of [null, 5]) {
    const { what, next } = updateWords({ current: '0.1.0', checkedAtMs, ...phase });
    for (const text of [what, next]) expect(text).toMatch(/^[A-Z][^]*[.…]$/);
  }
});

test('each format says who installs it; what is copied is a command or a path, and a quote in a path ends nothing', () => {
  expect(installerFormats.map((format) => [installWords(format).endsWith('.'), installText(format, '/x/a')])).toEqual([
    [true, "sudo apt install '/x/a'"], [true, "sudo dnf install '/x/a'"], [true, '/x/a'], [true, '/x/a'], [true, '/x/a'], [true, '/x/a'],
  ]);
  expect(installText('deb', "/home/o'neil/a.deb")).toBe(String.raw`sudo apt install '/home/o'\''neil/a.deb'`);
});

test('what the makers wrote is text: no line that turns, hides or never ends', () => {
  expect(notesLines(`Faster.\r\n\n\u202eevil\u0007\n${'x\n'.repeat(50)}`)).toEqual(['Faster.', 'evil', ...Array.from({ length: 18 }, () => 'x')]);
});
