import { expect, test } from 'vitest';
import { choose, programs } from './programs.ts';
import { ownProgram } from '../platform/own-program.ts';

test('without a name it is the command line', () => {
  expect(choose([])).toEqual({ run: ['@cli'], args: [] });
  expect(choose(['invite', '--json'])).toEqual({ run: ['@cli'], args: ['invite', '--json'] });
  expect(choose(['--version'])).toEqual({ run: ['@cli'], args: ['--version'] });
});

test('names choose what runs, in order; the rest belongs to the last', () => {
  expect(choose(['@helper', '--run', '/run/webmesh'])).toEqual({ run: ['@helper'], args: ['--run', '/run/webmesh'] });
  expect(choose(['@confined', '@child'])).toEqual({ run: ['@confined', '@child'], args: [] });
});

test('only our own names are run, and only from the front', () => {
  for (const words of [['@evil'], ['@helper', '@../x'], ['@toString'], ['@']]) expect(choose(words)).toBeUndefined();
  expect(choose(['ping', '@helper'])).toEqual({ run: ['@cli'], args: ['ping', '@helper'] });
});

test('every name that a program of ours starts another by is held', () => {
  for (const [word, bundle] of Object.entries(programs)) expect(ownProgram(`/x/${bundle}`, {}, true)).toEqual([word]);
});
