import { expect, test } from 'vitest';
import { always, type Mark, placeLabels } from './map-labels.ts';
import { readSeen } from './peer-metrics.ts';

const mark = (id: string, x: number, y: number, more: Partial<Mark> = {}): Mark => ({ id, x, y, radius: 10, name: `name of ${id}`, weight: 1, ...more });
const brief = (marks: readonly Mark[], side = 400): string[] => placeLabels(marks, side).map(({ id, text, anchor }) => `${id} ${anchor} ${text}`);

test('names stand away from the middle', () => {
  expect(brief([mark('left', 150, 200), mark('right', 250, 200), mark('top', 200, 90), mark('low', 201, 310)])).toEqual(['left end name of left', 'right start name of right', 'top middle name of top', 'low middle name of low']);
});

test('of two that would lie over each other the weightier one is written; what must be written is', () => {
  const two = [mark('a', 250, 200), mark('b', 255, 206, { weight: 2 })];
  expect(brief(two)).toEqual(['b start name of b']);
  expect(brief([...two, mark('c', 252, 203, { weight: always })])).toEqual(['c start name of c']);
});

test('no name lies over the mark of another', () => {
  expect(brief([mark('a', 230, 200), mark('b', 290, 203, { name: '' })])).toEqual(['b start ']);
});

test('a name is cut where the picture ends, and left out where there is no room', () => {
  expect(brief([mark('far', 330, 100), mark('edge', 380, 300)])).toEqual(['far start name of…']);
});

test('whom a peer sees: handshakes near its newest one, whatever its clock says; what is odd is left out', () => {
  const row = (publicKey: unknown, lastHandshakeTime: unknown) => ({ publicKey, lastHandshakeTime });
  const peers = [row('a', '2031-01-01T00:05:00Z'), row('b', '2031-01-01T00:02:01Z'), row('c', '2031-01-01T00:01:00Z'), row('d', '0001-01-01T00:00:00Z'), row('e', 'soon'), row(7, '2031-01-01T00:05:00Z'), null, 'x'];
  expect([...readSeen({ peers })]).toEqual(['a', 'b']);
  expect([readSeen(null).size, readSeen({ peers: {} }).size, readSeen({ peers: [] }).size]).toEqual([0, 0, 0]);
});
