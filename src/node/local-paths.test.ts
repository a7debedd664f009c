import { expect, test } from 'vitest';
import { cell } from '../base/cell.ts';
import { type ForwardView, WatchPathsResponse } from '../gen/webmesh/local/v1/local.ts';
import { systemClock } from '../platform/clock.ts';
import { watchPaths } from './local-paths.ts';

const view = (id: string) => WatchPathsResponse.fromPartial({ nat: {}, paths: [{ id }] });
const seen = ({ paths, forwards }: WatchPathsResponse): string => [...paths.map(({ id }) => id), ...forwards.map(({ id }) => id)].join(' ');

function world() {
  const paths = cell({ nat: view('').nat ?? never(), paths: view('a').paths });
  const forwards = cell<readonly ForwardView[]>([]);
  const closing = new AbortController();
  const ports = { clock: systemClock, closing: closing.signal, paths: { view: paths, setInputs: () => {}, ping: never }, netcheck: never, forwards: { views: forwards, open: never, close: never } };
  return { paths, forwards, closing, values: (signal: AbortSignal) => watchPaths(ports, signal)[Symbol.asyncIterator]() };
}

function never(): never {
  throw new Error('not asked for');
}

test('gives the whole view at once, then after each change of paths or forwards; the newest wins', async () => {
  const { paths, forwards, values } = world();
  const watch = values(new AbortController().signal);
  expect(seen((await watch.next()).value)).toBe('a');
  const next = watch.next();
  paths.set({ ...paths.get(), paths: view('b').paths });
  paths.set({ ...paths.get(), paths: view('c').paths });
  expect(seen((await next).value)).toBe('c');
  const after = watch.next();
  forwards.set([{ ...WatchPathsResponse.fromPartial({ forwards: [{ id: 'f' }] }).forwards[0] as ForwardView }]);
  expect(seen((await after).value)).toBe('c f');
  await watch.return?.(undefined);
});

test.each(['the caller', 'the node'])('ends when %s goes', async (who) => {
  const { closing, values } = world();
  const caller = new AbortController();
  const watch = values(caller.signal);
  await watch.next();
  const end = watch.next();
  (who === 'the caller' ? caller : closing).abort();
  expect(await end).toEqual({ done: true, value: undefined });
});
