import { expect, test } from 'vitest';
import { Cluster, entryBrief, Member, text, voter } from '../../test/fakes/raft-cluster.ts';

const commands = (member: Member | undefined): string[] => (member?.applied ?? []).filter((e) => e.type === 0).map((e) => new TextDecoder().decode(e.data));

test('a single voter elects itself at the first tick, commits alone as soon as it has stored, and finds everything after a restart', () => {
  const cluster = new Cluster([voter('a')]);
  cluster.tick();
  const a = cluster.get('a');
  expect(a.raft.view()).toMatchObject({ role: 'leader', term: 2, leader: 'a', commitIndex: 2 });
  expect(a.raft.propose(text('x'), null)).toEqual({ ok: true, index: 3, term: 2 });
  cluster.settle();
  expect(a.applied.map(entryBrief)).toEqual(['1/1 configuration', '2/2 noop', '3/2 "x"']);
  a.restart();
  cluster.tick();
  expect(a.applied.map(entryBrief)).toEqual(['1/1 configuration', '2/2 noop', '3/2 "x"', '4/3 noop']);
});

test('three voters elect one leader, replicate, and every follower knows the commit at once', () => {
  const cluster = new Cluster([voter('a'), voter('b'), voter('c')]);
  cluster.campaign('a');
  expect([...cluster.members.values()].map((m) => m.raft.view().role)).toEqual(['leader', 'follower', 'follower']);
  for (const word of ['x', 'y', 'z']) cluster.get('a').raft.propose(text(word), null);
  cluster.settle();
  for (const id of ['a', 'b', 'c']) expect(commands(cluster.get(id))).toEqual(['x', 'y', 'z']);
});

test('a minority leader steps down, the majority elects another, and the lost proposal is gone after the heal', () => {
  const cluster = new Cluster([voter('a'), voter('b'), voter('c')]);
  cluster.campaign('a');
  cluster.cut.add('a');
  cluster.get('a').raft.propose(text('lost'), null);
  cluster.tick(40);
  expect(cluster.get('a').raft.view().role).not.toBe('leader');
  const leader = cluster.leader();
  expect(leader?.id).toMatch(/[bc]/);
  leader?.raft.propose(text('kept'), null);
  cluster.settle();
  cluster.cut.clear();
  cluster.tick(30);
  expect(cluster.leader()?.id).toBe(leader?.id);
  for (const id of ['a', 'b', 'c']) expect(commands(cluster.get(id))).toEqual(['kept']);
});
