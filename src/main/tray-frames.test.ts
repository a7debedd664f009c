import { expect, test } from 'vitest';
import { trayFrames } from './tray-frames.ts';

/** What was drawn, on a clock that moves only when told. */
function drawing(still = false) {
  let due: (() => void)[] = [];
  const drawn: string[] = [];
  const frames = trayFrames({ after: (_delayMs, run) => {
    due.push(run);
    return () => (due = due.filter((other) => other !== run));
  } }, (icon) => void drawn.push(icon), () => still);
  const turn = (): number => {
    for (const run of due.splice(0)) run();
    return due.length;
  };
  return { frames, drawn, turn };
}

test('connecting moves between two pictures, for a while, and rests at the first', () => {
  const { frames, drawn, turn } = drawing();
  frames.show('connecting');
  let turns = 0;
  while (turn() > 0) turns++;
  expect([drawn.slice(0, 3), drawn.at(-1), turns]).toEqual([['connecting', 'connecting-2', 'connecting'], 'connecting', 39]);
});

test('another state ends the movement; the same one again does not start it anew', () => {
  const { frames, drawn, turn } = drawing();
  frames.show('connecting');
  frames.show('connecting');
  frames.show('connected');
  expect([turn(), drawn]).toEqual([0, ['connecting', 'connected']]);
});

test('nothing moves for who asked the system for less motion', () => {
  const { frames, drawn, turn } = drawing(true);
  frames.show('connecting');
  expect([turn(), drawn]).toEqual([0, ['connecting']]);
});
