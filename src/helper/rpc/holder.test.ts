import { expect, test } from 'vitest';
import { asFailure } from '../../base/failure.ts';
import { type Caller } from './callers.ts';
import { createHolder } from './holder.ts';

const ann: Caller = { uid: 1000, privileged: false };
const bob: Caller = { uid: 1001, privileged: false };
const root: Caller = { uid: 0, privileged: true };
const answer = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'done', (error: unknown) => `${asFailure(error).code} ${String(asFailure(error).detail['holder'])}`);

function world() {
  let used = false;
  const ended: number[] = [];
  const holder = createHolder({
    inUse: () => used,
    endOthers: async (uid) => void ended.push(uid),
    nameOf: (uid) => `user ${uid}`,
  });
  const apply = (who: Caller): Promise<string> => answer(holder.order(who, async () => void (used = true)));
  const clear = (who: Caller): Promise<string> => answer(holder.end(who, async () => void (used = false)));
  return { holder, apply, clear, ended };
}

test('who applied has it until it is gone; another user is told who', async () => {
  const { holder, apply, clear } = world();
  expect([await apply(ann), await apply(bob), await clear(bob), holder.maySee(bob), holder.maySee(ann)]).toEqual(['done', 'helper.declined user 1000', 'helper.declined user 1000', false, true]);
  expect([await clear(ann), await apply(bob), await apply(ann)]).toEqual(['done', 'done', 'helper.declined user 1001']);
});

test('root takes over: what the former holder had is ended, who is declined then', async () => {
  const { holder, apply, ended } = world();
  expect([await apply(ann), holder.maySee(root), await apply(root), await apply(ann)]).toEqual(['done', true, 'done', 'helper.declined user 0']);
  expect(ended).toEqual([1000, 0]);
});

test('root may end what another has without becoming the holder', async () => {
  const { holder, apply, clear } = world();
  expect([await apply(ann), await answer(holder.end(root, async () => {})), await apply(ann), await clear(root), await apply(bob)]).toEqual(['done', 'done', 'done', 'done', 'done']);
});

test('an order that waited for the end of another user\'s is asked again: meanwhile root may have taken over', async () => {
  let used = true;
  const endings: PromiseWithResolvers<void>[] = [];
  const endOthers = (): Promise<void> => {
    endings.push(Promise.withResolvers<void>());
    return endings.at(-1)?.promise ?? Promise.resolve();
  };
  const holder = createHolder({ inUse: () => used, endOthers, nameOf: (uid) => `user ${uid}` });
  const done: string[] = [];
  const anns = answer(holder.order(ann, async () => void done.push('ann')));
  const roots = answer(holder.order(root, async () => void done.push('root')));
  for (const { resolve } of endings) resolve();
  used = false;
  expect([await anns, await roots, done]).toEqual(['helper.declined user 0', 'done', ['root']]);
});

test('an order that runs holds, one that failed does not', async () => {
  const { holder, apply } = world();
  const slow = Promise.withResolvers<void>();
  const first = answer(holder.order(ann, () => slow.promise));
  expect(await apply(bob)).toBe('helper.declined user 1000');
  slow.reject(new Error('no'));
  await first;
  expect(await apply(bob)).toBe('done');
});
