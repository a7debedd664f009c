import { expect, test } from 'vitest';
import { asFailure } from '../base/failure.ts';
import { initialOf, networkColours } from '../contract/networks.ts';
import { checkSuffix, freeColour, freeSuffix, withMarks } from './network-marks.ts';

test('each new network gets the colour that the fewest have', () => {
  const taken: (typeof networkColours)[number][] = [];
  for (let i = 0; i < 9; i++) taken.push(freeColour(taken));
  expect(taken).toEqual([...networkColours, networkColours[0]]);
});

test.each([
  ['Home', [], 'home.internal'], ['Home', ['home.internal'], 'home-2.internal'], ['home', ['home.internal', 'home-2.internal'], 'home-3.internal'],
  ['Büro & Lager', [], 'buro-lager.internal'], ['家', [], 'mesh.internal'], ['-x-', [], 'x.internal'], [`${'a'.repeat(39)}-b`, [], `${'a'.repeat(39)}.internal`],
  ['Webmesh', [], 'webmesh-2.internal'], ['Home', ['nas.home.internal'], 'home-2.internal'],
])('%s beside %j is found under %s', (name, taken, suffix) => {
  expect(freeSuffix(name, taken)).toBe(suffix);
});

test.each([['Home.Internal.', 'home.internal'], ['.a.lan', 'a.lan'], ['mesh.home.arpa', 'mesh.home.arpa']])('%s is kept as %s', (text, kept) => {
  expect(checkSuffix(text, [])).toBe(kept);
});

test.each(['internal', 'example.org', 'a..b', '-a.b', 'a_b.c', 'a.b c', `${'a.'.repeat(60)}b`, ''])('%j is no suffix', (text) => {
  expect(() => checkSuffix(text, [])).toThrow(expect.objectContaining({ code: 'input.invalid' }));
});

test('a suffix that another network has is refused with its name', () => {
  expect(() => checkSuffix('home.internal', [{ name: 'Home', suffix: 'home.internal' }])).toThrow(expect.objectContaining({ detail: expect.objectContaining({ problem: 'the network Home has it already' }) }));
});

test('no suffix lies inside of another network\'s, or of the zone that all have: its names would be answered by the wrong one', () => {
  const others = [{ name: 'Home', suffix: 'home.internal' }];
  const refused = ['nas.home.internal', 'a.b.home.internal', 'webmesh.internal', 'x.webmesh.internal'].map((text) => {
    try {
      return checkSuffix(text, others);
    } catch (error) {
      return asFailure(error).detail['problem'];
    }
  });
  const zone = 'names under webmesh.internal belong to every network';
  expect(refused).toEqual(['it overlaps with home.internal of the network Home', 'it overlaps with home.internal of the network Home', zone, zone]);
  expect(() => checkSuffix('home.internal', [{ name: 'Attic', suffix: 'attic.home.internal' }])).toThrow();
  expect(checkSuffix('myhome.internal', others)).toBe('myhome.internal');
});

test('networks of an older version get marks of their own, and those that have some keep them', () => {
  const marks = withMarks([{ name: 'Home' }, { name: 'Home', colour: 'blue' as const, suffix: 'x.internal' }, { name: 'Home' }]).map(({ colour, suffix }) => `${colour} ${suffix}`);
  expect(marks).toEqual(['green home.internal', 'blue x.internal', 'orange home-2.internal']);
});

test.each([['home', 'H'], [' «Büro»', 'B'], ['家', '家'], ['7', '7'], ['…', '#']])('the mark of %s is %s', (name, mark) => {
  expect(initialOf(name)).toBe(mark);
});
