import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { targets } from '../fuzz/targets/targets.ts';
import { attacks } from './cases/attacks.ts';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/security.md'), 'utf8');
/** The last cell of each row of the table of attackers. */
const proofs = text.split('\n').filter((line) => line.startsWith('| ') && line.split('|').length === 6).flatMap((line) => [...(line.split('|')[4] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string));
const [attackNames, targetNames] = [attacks.map(({ name }) => name), targets.map(({ name }) => name)];

test('every proof that docs/security.md names exists', () => {
  const unknown = proofs.filter((name) => !attackNames.includes(name) && !targetNames.includes(name) && !(name.includes('/') && existsSync(join(root, name))));
  expect(proofs.length).toBeGreaterThan(80);
  expect(unknown).toEqual([]);
});

test('every attack and every fuzz target is named there, once a name', () => {
  expect([...attackNames, ...targetNames].filter((name) => !proofs.includes(name))).toEqual([]);
  expect([new Set(attackNames).size, new Set(targetNames).size]).toEqual([attackNames.length, targetNames.length]);
});

test('every attack has a permitted twin and says what must be seen', () => {
  expect(attacks.filter(({ counter, expected }) => typeof counter !== 'function' || String(expected) === '')).toEqual([]);
});
