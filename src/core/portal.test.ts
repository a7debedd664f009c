import { expect, test } from 'vitest';
import { virtualClock } from '../../test/sim/session/clock.ts';
import { failure } from '../base/failure.ts';
import { watchPortal } from './portal.ts';

type Answer = string | null | 'silent' | 'never';

function world(answers: Record<string, Answer>) {
  const clock = virtualClock();
  const asked: string[] = [];
  const probe = {
    look: async (host: string, signal: AbortSignal): Promise<string | null> => {
      asked.push(`${clock.nowMs() / 1000} ${host}`);
      const answer = answers[host] ?? null;
      if (answer === 'never') return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
      if (answer === 'silent') throw failure('mesh.unreachable');
      return answer;
    },
  };
  const watch = watchPortal({ clock, probe });
  const pass = async (seconds: number): Promise<void> => {
    const untilMs = clock.nowMs() + seconds * 1000;
    do for (let i = 0; i < 20; i++) await Promise.resolve();
    while (clock.next(untilMs));
  };
  return { watch, asked, pass, answers };
}

test('it looks after the first tries of the session, again every quarter minute, and not at all while the mesh answers', async () => {
  const { watch, asked, pass, answers } = world({ a: 'http://wifi.example/' });
  await pass(60);
  expect([asked, watch.portal.get()]).toEqual([[], null]);
  watch.look(['a', 'b']);
  await pass(1);
  watch.look(['a', 'b']);
  await pass(1);
  expect([asked, watch.portal.get()]).toEqual([['61.5 a', '61.5 b'], 'http://wifi.example/']);
  answers['a'] = null;
  await pass(15);
  expect([asked.slice(2), watch.portal.get()]).toEqual([['76.5 a', '76.5 b'], null]);
  answers['a'] = 'http://wifi.example/';
  await pass(15);
  watch.look(null);
  expect(watch.portal.get()).toBe(null);
  await pass(60);
  expect(asked.length).toBe(6);
});

test('silence neither finds a page nor takes one back', async () => {
  const { watch, pass, answers } = world({ a: 'silent', b: 'never' });
  watch.look(['a', 'b']);
  await pass(20);
  expect(watch.portal.get()).toBe(null);
  answers['a'] = 'http://wifi.example/';
  await pass(20);
  expect(watch.portal.get()).toBe('http://wifi.example/');
  answers['a'] = 'silent';
  await pass(60);
  expect(watch.portal.get()).toBe('http://wifi.example/');
});

test('three hosts at most are asked, each once; others begin anew; after the end nobody is', async () => {
  const { watch, asked, pass } = world({});
  watch.look(['a', 'a', 'b', 'c', 'd']);
  await pass(2);
  expect(asked).toEqual(['1.5 a', '1.5 b', '1.5 c']);
  watch.look(['d']);
  await pass(2);
  expect(asked.slice(3)).toEqual(['3.5 d']);
  watch.close();
  await pass(60);
  expect(asked.length).toBe(4);
});
