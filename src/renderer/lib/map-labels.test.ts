import { expect, test } from 'vitest';
import { always, type Mark, placeLabels } from './map-labels.ts';
import { readSeen } from './peer-metrics.ts';

const mark = (id: string, x: number, y: number, more: Partial<Mark> = {}): Mark => ({ id, x, y, radius: 10, name: `name of ${id}`, weight: 1, ...more });
const brief = (marks: readonly Mark[], side = 400): string[] => placeLabels(marks, side).map(({ id, text, anchor }) => `${id} ${anchor} ${text}`);

test('names stand away from the middle', () => {
  expect(brief([mark('left', 150, 200), mark('right', 250, 200), mark('top', 200, 90), mark('low', 201, 310)])).toEqual(['left end name of left', 'right start name of right', 'top middle name of top', 'low middle name of low']);
});

test('of those that would lie over each other the weightier one has the better place; what must be written is', () => {
  const two = [mark('a', 250, 200), mark('b', 255, 206, { weight: 2 })];
  expect(brief(two)).toEqual(['b start name of b', 'a middle name of a']);
  expect(brief([...two, mark('c', 252, 203, { weight: always })])).toEqual(['c start name of c', 'b middle name of b', 'a middle name of a']);
  expect(brief([...two, mark('c', 252, 203, { weight: always }), mark('d', 248, 197)])).not.toContain('d start name of d');
});

test('no name lies over the mark of another: it stands below its own, then above, then nowhere', () => {
  const beside = mark('b', 290, 203, { name: '' });
  const below = mark('c', 230, 222, { name: '' });
  const above = mark('d', 230, 178, { name: '' });
  const spot = (marks: readonly Mark[]): string[] => placeLabels(marks, 400).filter(({ id }) => id === 'a').map(({ anchor, y }) => `${anchor} ${y < 200 ? 'above' : y > 210 ? 'below' : 'beside'}`);
  const a = mark('a', 230, 200);
  expect([[a], [a, beside], [a, beside, below], [a, beside, below, above]].map(spot)).toEqual([['start beside'], ['middle below'], ['middle above'], []]);
  expect(spot([mark('a', 230, 200, { weight: always }), beside, below, above])).toEqual(['start beside']);
});

test('a name is cut where the picture ends, and left out where there is no room', () => {
  expect(brief([mark('far', 330, 100), mark('edge', 390, 300)])).toEqual(['far start name of…']);
});

test('whom a peer sees: handshakes near its newest one, whatever its clock says; what is odd is left out', () => {
  const row = (publicKey: unknown, lastHandshakeTime: unknown) => ({ publicKey, lastHandshakeTime });
  const peers = [row('a', '2031-01-01T00:05:00Z'), row('b', '2031-01-01T00:02:01Z'), row('c', '2031-01-01T00:01:00Z'), row('d', '0001-01-01T00:00:00Z'), row('e', 'soon'), row(7, '2031-01-01T00:05:00Z'), null, 'x'];
  expect([...readSeen({ peers })]).toEqual(['a', 'b']);
  expect([readSeen(null).size, readSeen({ peers: {} }).size, readSeen({ peers: [] }).size]).toEqual([0, 0, 0]);
});
