import { expect, test } from 'vitest';
import { createUnfinishedQuestion } from './unfinished.ts';

test('a page is believed when it holds something; silence, garbage and other pages count as no', async () => {
  let late: (() => void)[] = [];
  const question = createUnfinishedQuestion({ after: (_delayMs, run) => {
    late.push(run);
    return () => (late = late.filter((other) => other !== run));
  } });
  const sent: unknown[] = [];
  const contents = { id: 7, send: (_channel: string, message: unknown) => void sent.push(message) };
  const answered = async (...messages: readonly (readonly [number, unknown])[]): Promise<boolean> => {
    const answer = question.ask(contents);
    for (const [sender, message] of messages) question.hear(sender, message);
    for (const run of late.splice(0)) run();
    return answer;
  };
  expect(await answered([7, { kind: 'unfinished', holds: true }])).toBe(true);
  expect(await answered([7, { kind: 'unfinished', holds: 'yes' }])).toBe(false);
  expect(await answered([8, { kind: 'unfinished', holds: true }])).toBe(false);
  expect(await answered()).toBe(false);
  expect(question.hear(7, { kind: 'unfinished', holds: true })).toBe(true);
  expect([null, 7, {}, { kind: 'attach' }].map((message) => question.hear(7, message))).toEqual([false, false, false, false]);
  expect(sent).toEqual(Array.from({ length: 4 }, () => ({ kind: 'unfinished?' })));
});
