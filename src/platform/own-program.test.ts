import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { ownFiles, ownFolder, ownProgram } from './own-program.ts';

const before = { nodeFlags: ['--disable-sigusr1'], preload: '/opt/helper/confined.mjs' };

test('Node is given a bundle, with its flags and what runs before', () => {
  expect(ownProgram('/opt/node/child.mjs', before, false)).toEqual(['--disable-sigusr1', '--import', '/opt/helper/confined.mjs', '/opt/node/child.mjs']);
  expect(ownProgram('/opt/node/child.mjs', {}, false)).toEqual(['/opt/node/child.mjs']);
  expect(ownFiles('/opt/node/child.mjs', false)).toEqual([process.execPath, '/opt/node/child.mjs']);
});

test('the single executable is given names, and no flag of Node', () => {
  expect(ownProgram('/opt/node/child.mjs', before, true)).toEqual(['@confined', '@child']);
  expect(ownProgram('/opt/web/server.mjs', {}, true)).toEqual(['@server']);
  expect(ownFiles('/opt/node/child.mjs', true)).toEqual([process.execPath]);
});

test('what is shipped beside a program lies beside its bundle, or beside the executable that holds it', () => {
  expect(ownFolder('/opt/helper/helper.mjs', false)).toBe('/opt/helper');
  expect(ownFolder('/opt/helper/helper.mjs', true)).toBe(dirname(process.execPath));
});
