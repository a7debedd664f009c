import { expect, test } from 'vitest';
import { FakeFenceFile } from '../../../test/fakes/helper-machine.ts';
import { asFailure } from '../../base/failure.ts';
import { openFence } from './fence.ts';

const at = (epoch: number, revision: number) => ({ epoch: BigInt(epoch), revision: BigInt(revision) });
const answer = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'passed', (error: unknown) => asFailure(error).code);

test('passes newer and equal orders, refuses older ones, of the same kind', async () => {
  const fence = await openFence(new FakeFenceFile());
  const orders = [at(1, 1), at(1, 1), at(1, 3), at(1, 2), at(2, 0), at(1, 9)];
  const answers: string[] = [];
  for (const order of orders) answers.push(await answer(fence.pass('tunnel', order)));
  expect(answers).toEqual(['passed', 'passed', 'passed', 'helper.stale', 'passed', 'helper.stale']);
});

test('tunnel and node count revisions apart, but an epoch that ended is over for both', async () => {
  const fence = await openFence(new FakeFenceFile());
  expect([await answer(fence.pass('tunnel', at(3, 7))), await answer(fence.pass('node', at(2, 9))), await answer(fence.pass('node', at(3, 1)))]).toEqual(['passed', 'helper.stale', 'passed']);
  expect(fence.newest()).toEqual(at(3, 7));
});

test('an order without a generation is no order', async () => {
  const fence = await openFence(new FakeFenceFile());
  expect([await answer(fence.pass('tunnel', undefined)), await answer(fence.pass('tunnel', at(0, 5)))]).toEqual(['input.invalid', 'input.invalid']);
});

test('the next life remembers; a damaged file counts as none', async () => {
  const file = new FakeFenceFile();
  await (await openFence(file)).pass('tunnel', at(8, 4));
  expect((await openFence(file)).newest()).toEqual(at(8, 4));
  for (const text of ['', '{', '{"tunnel":{"epoch":"x","revision":"1"}}', '[]', 'null', '{"tunnel":{"epoch":"99999999999999999999","revision":"1"}}']) {
    file.text = text;
    expect((await openFence(file)).newest()).toEqual(at(0, 0));
  }
});
