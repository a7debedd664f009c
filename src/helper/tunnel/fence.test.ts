import { expect, test } from 'vitest';
import { FakeFenceFile } from '../../../test/fakes/helper-machine.ts';
import { asFailure } from '../../base/failure.ts';
import { type TunnelPlace } from '../ports.ts';
import { openFences } from './fence.ts';

const at = (epoch: number, revision: number) => ({ epoch: BigInt(epoch), revision: BigInt(revision) });
const place: TunnelPlace = { uid: 1000, tunnelId: 'home' };
const open = (file = new FakeFenceFile(), inUse = false) => openFences(file, () => inUse);
const fenceAt = async (file = new FakeFenceFile()) => (await open(file)).of(place);
const answer = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'passed', (error: unknown) => asFailure(error).code);

test('passes newer and equal orders, refuses older ones, of the same kind', async () => {
  const fence = await fenceAt();
  const orders = [at(1, 1), at(1, 1), at(1, 3), at(1, 2), at(2, 0), at(1, 9)];
  const answers: string[] = [];
  for (const order of orders) answers.push(await answer(fence.pass('tunnel', order)));
  expect(answers).toEqual(['passed', 'passed', 'passed', 'helper.stale', 'passed', 'helper.stale']);
});

test('tunnel and node count revisions apart, but an epoch that ended is over for both', async () => {
  const fence = await fenceAt();
  expect([await answer(fence.pass('tunnel', at(3, 7))), await answer(fence.pass('node', at(2, 9))), await answer(fence.pass('node', at(3, 1)))]).toEqual(['passed', 'helper.stale', 'passed']);
  expect(fence.newest()).toEqual(at(3, 7));
});

test('an order without a generation is no order', async () => {
  const fence = await fenceAt();
  expect([await answer(fence.pass('tunnel', undefined)), await answer(fence.pass('tunnel', at(0, 5)))]).toEqual(['input.invalid', 'input.invalid']);
});

test('the next life remembers; a damaged file counts as none', async () => {
  const file = new FakeFenceFile();
  await (await fenceAt(file)).pass('tunnel', at(8, 4));
  expect((await fenceAt(file)).newest()).toEqual(at(8, 4));
  for (const text of ['', '{', '{"tunnel":{"epoch":"x","revision":"1"}}', '[]', 'null', '{"tunnel":{"epoch":"99999999999999999999","revision":"1"}}', '{"places":7}', '{"places":[null,{"uid":1000,"tunnelId":"home"},{"uid":-1,"tunnelId":"home","tunnel":{"epoch":"7","revision":"7"}}]}']) {
    file.text = text;
    expect((await fenceAt(file)).newest()).toEqual(at(0, 0));
  }
});

test('each tunnel and each user counts alone; who names none hears the newest of their own', async () => {
  const file = new FakeFenceFile();
  const fences = await open(file);
  await fences.of(place).pass('tunnel', at(7, 1));
  const others = [fences.of({ uid: 1000, tunnelId: 'work' }), fences.of({ uid: 1001, tunnelId: 'home' })] as const;
  expect([others[0].newest(), await answer(others[0].pass('tunnel', at(2, 1))), await answer(others[1].pass('node', at(1, 1)))]).toEqual([at(0, 0), 'passed', 'passed']);
  const next = await open(file);
  expect([next.newest(1000), next.newest(1001), next.newest(7), next.of({ uid: 1000, tunnelId: 'work' }).newest()]).toEqual([at(7, 1), at(1, 1), at(0, 0), at(2, 1)]);
});

test('the pair of an earlier version counts for every tunnel until the machine starts anew', async () => {
  const file = new FakeFenceFile();
  file.text = '{"tunnel":{"epoch":"5","revision":"2"},"node":{"epoch":"5","revision":"9"}}';
  const fences = await open(file);
  expect([fences.newest(1000), await answer(fences.of(place).pass('tunnel', at(5, 3))), await answer(fences.of(place).pass('tunnel', at(6, 1)))]).toEqual([at(5, 9), 'helper.stale', 'passed']);
  expect((await open(file)).of({ uid: 1, tunnelId: 'x' }).newest()).toEqual(at(5, 9));
});

test('a thousand tunnels fill neither disk nor memory, and do not push out one that is in use', async () => {
  const file = new FakeFenceFile();
  const fences = await openFences(file, ({ tunnelId }) => tunnelId === 'home');
  await fences.of(place).pass('tunnel', at(3, 3));
  for (let n = 0; n < 1_000; n++) await fences.of({ uid: 1000, tunnelId: `t${n}` }).pass('tunnel', at(1, n + 1));
  const kept = (JSON.parse(file.text ?? '') as { places: { tunnelId: string }[] }).places.map(({ tunnelId }) => tunnelId);
  expect([kept.length, kept[0], kept.at(1), kept.at(-1), fences.of(place).newest()]).toEqual([64, 'home', 't937', 't999', at(3, 3)]);
  expect((file.text ?? '').length).toBeLessThan(16_384);
});

test('the next life remembers a user of Windows, whose number is longer than 32 bits', async () => {
  const file = new FakeFenceFile();
  const uid = 2 ** 48 - 1;
  await (await open(file)).of({ uid, tunnelId: 'home' }).pass('tunnel', at(5, 1));
  expect((await open(file)).newest(uid)).toEqual(at(5, 1));
});

test('orders at the same time are written one after the other', async () => {
  const file = new FakeFenceFile();
  let writing = 0;
  let most = 0;
  const write = file.write.bind(file);
  file.write = async (text) => {
    most = Math.max(most, ++writing);
    await new Promise((done) => setImmediate(done));
    await write(text);
    writing--;
  };
  const fences = await open(file);
  await Promise.all([...'abcdefgh'].map((tunnelId) => fences.of({ uid: 1, tunnelId }).pass('node', at(1, 1))));
  expect([most, (await open(file)).of({ uid: 1, tunnelId: 'h' }).newest()]).toEqual([1, at(1, 1)]);
});
