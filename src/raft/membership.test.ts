import { expect, test } from 'vitest';
import { observer, voter } from '../../test/fakes/raft-cluster.ts';
import { changed, createMembership, isValid } from './membership.ts';
import { type Change, type Configuration } from './types.ts';

const three: Configuration = { servers: [voter('a'), voter('b'), observer('c')] };
const brief = (configuration: Configuration | null): string => configuration?.servers.map((one) => `${one.id}${one.voter ? '' : '°'}@${one.address}`).join(' ') ?? 'refused';
const after = (change: Change): string => brief(changed(three, change));

test('each change does one thing', () => {
  expect([
    after({ kind: 'add-observer', id: 'd', address: 'd:1' }),
    after({ kind: 'promote', id: 'c' }),
    after({ kind: 'demote', id: 'b' }),
    after({ kind: 'readdress', id: 'b', address: 'b:2' }),
    after({ kind: 'remove', id: 'a' }),
  ]).toEqual(['a@a:1 b@b:1 c°@c:1 d°@d:1', 'a@a:1 b@b:1 c@c:1', 'a@a:1 b°@b:1 c°@c:1', 'a@a:1 b@b:2 c°@c:1', 'b@b:1 c°@c:1']);
});

test('refuses what changes nothing or must not be', () => {
  const changes: Change[] = [
    { kind: 'add-observer', id: 'a', address: 'x:1' }, { kind: 'add-observer', id: 'd', address: 'a:1' }, { kind: 'add-observer', id: 'd', address: '' },
    { kind: 'promote', id: 'a' }, { kind: 'promote', id: 'z' }, { kind: 'demote', id: 'c' }, { kind: 'readdress', id: 'b', address: 'a:1' }, { kind: 'remove', id: 'z' },
  ];
  expect(changes.map(after)).toEqual(changes.map(() => 'refused'));
  expect(changed({ servers: [voter('a'), observer('b')] }, { kind: 'remove', id: 'a' })).toBe(null);
  expect(changed({ servers: [voter('a')] }, { kind: 'demote', id: 'a' })).toBe(null);
});

test('a configuration has a voter, and unique names', () => {
  expect([isValid(three), isValid({ servers: [] }), isValid({ servers: [observer('a')] }), isValid({ servers: [voter('a'), voter('a')] })]).toEqual([true, false, false, false]);
});

test('the newest configuration is in force until it is truncated', () => {
  const membership = createMembership(null);
  const two: Configuration = { servers: [voter('a'), voter('b')] };
  membership.append(1, two);
  membership.append(5, three);
  expect([membership.latest.index, membership.at(4).index, membership.at(5).index, membership.since(4).length]).toEqual([5, 1, 5, 2]);
  membership.truncate(5);
  expect([membership.latest.index, brief(membership.latest.configuration)]).toEqual([1, 'a@a:1 b@b:1']);
});

test('forgets old configurations but never the one of the index it keeps', () => {
  const membership = createMembership(null);
  for (const index of [1, 5, 9]) membership.append(index, three);
  membership.forget(7);
  expect([membership.at(7).index, membership.at(20).index, membership.at(2).index]).toEqual([5, 9, 5]);
});
