import { expect, test } from 'vitest';
import { Cluster, entryBrief, Member, observer, text, voter } from '../../test/fakes/raft-cluster.ts';

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

test('a read is served only after a majority confirmed the leadership in a round begun after it', () => {
  const cluster = new Cluster([voter('a'), voter('b'), voter('c')]);
  cluster.campaign('a');
  const a = cluster.get('a');
  a.raft.read(1);
  const asked = a.turn();
  expect([asked.map(({ kind }) => kind), a.reads]).toEqual([['heartbeat', 'heartbeat'], []]);
  // Two more reads while that round is under way share the next one.
  a.raft.read(2);
  a.raft.read(3);
  for (const message of asked) cluster.deliver(message);
  cluster.settle();
  expect(a.reads).toEqual([{ id: 1, index: 2 }, { id: 2, index: 2 }, { id: 3, index: 2 }]);
});

test('a leader of a new term serves no read before its own no-op is committed', () => {
  const a = new Member('a', {}, { servers: [voter('a'), voter('b'), voter('c')] });
  while (a.raft.view().role === 'follower') a.raft.tick();
  a.turn();
  const head = { from: 'b', to: 'a', requestTerm: 2 } as const;
  a.raft.step({ kind: 'voted', ...head, term: 1, granted: true, pre: true });
  a.turn();
  a.raft.step({ kind: 'voted', ...head, term: 2, granted: true, pre: false });
  a.raft.read(1);
  a.turn();
  // Two answers: one to the heartbeat of the election, one to the round of the read.
  for (let i = 0; i < 2; i++) a.raft.step({ kind: 'heard', ...head, term: 2, success: true });
  expect([a.raft.view().role, a.raft.hasReady(), a.reads]).toEqual(['leader', false, []]);
  a.raft.step({ kind: 'appended', ...head, term: 2, success: true, matched: 2, lastIndex: 1 });
  a.turn();
  expect(a.reads).toEqual([{ id: 1, index: 2 }]);
});

test('steps while the driver stores are taken; what they promise waits for the next batch', () => {
  const a = new Member('a', {}, { servers: [voter('a'), voter('b'), voter('c')] });
  a.raft.step({ kind: 'append', from: 'b', to: 'a', term: 2, prevIndex: 1, prevTerm: 1, entries: [{ index: 2, term: 2, type: 1, data: text(''), extensions: null, appendedAt: null }], commit: 0 });
  const first = a.raft.ready();
  a.raft.step({ kind: 'append', from: 'b', to: 'a', term: 2, prevIndex: 2, prevTerm: 2, entries: [{ index: 3, term: 2, type: 0, data: text('x'), extensions: null, appendedAt: null }], commit: 2 });
  expect([first.append.length, first.send.map(({ kind }) => kind), a.raft.hasReady()]).toEqual([1, ['appended'], false]);
  expect(() => a.raft.ready()).toThrow('stored() comes first');
  a.disk.hardState = first.hardState ?? a.disk.hardState;
  a.disk.entries.push(...first.append);
  a.raft.stored(2);
  expect(a.turn().map(({ kind }) => kind)).toEqual(['appended']);
  expect(a.applied.map(entryBrief)).toEqual(['1/1 configuration', '2/2 noop']);
});

test('a hand-over that does not happen ends, and proposals are taken again', () => {
  const cluster = new Cluster([voter('a'), voter('b'), voter('c')]);
  cluster.campaign('a');
  cluster.cut.add('c');
  const { raft } = cluster.get('a');
  raft.propose(text('x'), null);
  cluster.settle();
  expect([raft.transfer('c'), raft.propose(text('y'), null)]).toMatchObject([true, { ok: false, reason: 'transferring' }]);
  cluster.tick(11);
  expect(raft.propose(text('z'), null)).toMatchObject({ ok: true });
});

test('an observer that lost its whole log under the same leader is filled again', () => {
  const cluster = new Cluster([voter('a'), voter('b')]);
  cluster.members.set('d', new Member('d'));
  cluster.campaign('a');
  cluster.get('a').raft.change({ kind: 'add-observer', id: 'd', address: 'd:1' }, null);
  cluster.settle();
  cluster.get('a').raft.propose(text('x'), null);
  cluster.settle();
  expect(commands(cluster.get('d'))).toEqual(['x']);
  cluster.members.set('d', new Member('d'));
  cluster.tick(15);
  expect(commands(cluster.get('d'))).toEqual(['x']);
});

test('the application gets committed entries in batches of limited size, each once', () => {
  const cluster = new Cluster([voter('a')], { limits: { batchBytesMax: 10 } });
  cluster.tick();
  const a = cluster.get('a');
  for (const word of ['aaaaaa', 'bbbbbb', 'cccccc']) a.raft.propose(text(word), null);
  const sizes: number[] = [];
  while (a.raft.hasReady()) {
    const before = a.applied.length;
    a.turn();
    sizes.push(a.applied.length - before);
  }
  expect([Math.max(...sizes), commands(a)]).toEqual([1, ['aaaaaa', 'bbbbbb', 'cccccc']]);
});

test('who has no vote hears its leader twice an election timeout, and a machine that is off is looked for seldom; it has all a moment after it is back, or is expected', () => {
  const cluster = new Cluster([voter('a'), voter('b'), observer('c'), observer('off')]);
  const sent = { b: 0, c: 0, off: 0 };
  const deliver = cluster.deliver.bind(cluster);
  cluster.deliver = (message) => {
    if (message.kind === 'heartbeat' || message.kind === 'append') sent[message.to as 'b']++;
    deliver(message);
  };
  cluster.campaign('a');
  cluster.cut.add('off');
  cluster.tick(120);
  Object.assign(sent, { b: 0, c: 0, off: 0 });
  cluster.tick(150);
  // In 15 election timeouts: heartbeats every 2 ticks to who votes, between two appends to who does not, and appends every 10, 10 and 30.
  expect(sent).toEqual({ b: 75 + 15, c: 15 + 15, off: 5 });
  cluster.tick(130);
  Object.assign(sent, { b: 0, c: 0, off: 0 });
  cluster.tick(300);
  expect([sent.b, sent.off]).toEqual([150 + 30, 2]);
  cluster.get('a').raft.propose(text('x'), null);
  cluster.tick(5);
  cluster.cut.clear();
  expect([commands(cluster.get('c')), commands(cluster.get('off'))]).toEqual([['x'], []]);
  cluster.get('a').raft.expect('off');
  cluster.tick(2);
  expect(commands(cluster.get('off'))).toEqual(['x']);
  // Nobody need say so: it is found all the same.
  cluster.cut.add('off');
  cluster.tick(420);
  cluster.get('a').raft.propose(text('y'), null);
  cluster.tick(5);
  cluster.cut.clear();
  cluster.tick(155);
  expect(commands(cluster.get('off'))).toEqual(['x', 'y']);
});
