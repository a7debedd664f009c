import { expect, test } from 'vitest';
import { seeded } from '../base/random.ts';
import { brief, Cluster, decodeConfiguration, encodeConfiguration, entryBrief, Member, observer, text, voter } from '../../test/fakes/raft-cluster.ts';
import { bootstrapEntry } from './raft.ts';
import { type Entry, entryType, type Message } from './types.ts';

// One test for each sentence of the paper (extended version) or Ongaro's thesis that a member must keep. The sentence is the name.

const voters = [voter('a'), voter('b'), voter('c')];
const command = (index: number, term: number, word = 'x'): Entry => ({ index, term, type: entryType.command, data: text(word), extensions: null, appendedAt: null });

/** A member `a` of three whose log has these terms after the bootstrap entry. */
function memberWith(terms: readonly number[], term = Math.max(1, ...terms), votedFor: string | null = null): Member {
  const member = new Member('a', {}, { servers: voters });
  member.disk.entries.push(...terms.map((one, i) => command(i + 2, one)));
  member.disk.hardState = { term, votedFor };
  member.restart();
  return member;
}
const step = (member: Member, message: Message): string[] => {
  member.raft.step(message);
  const sent: Message[] = [];
  while (member.raft.hasReady()) sent.push(...member.turn());
  return sent.map(brief);
};
const vote = (from: string, term: number, lastIndex: number, lastTerm: number, more: { pre?: boolean; transfer?: boolean } = {}): Message =>
  ({ kind: 'vote', from, to: 'a', term, lastIndex, lastTerm, pre: more.pre ?? false, transfer: more.transfer ?? false });
const append = (from: string, term: number, prevIndex: number, prevTerm: number, entries: readonly Entry[], commit = 0): Message =>
  ({ kind: 'append', from, to: 'a', term, prevIndex, prevTerm, entries, commit });
const logOf = (member: Member): string => member.disk.entries.map((one) => `${one.index}/${one.term}`).join(' ');

test('§5.1 if a server receives a request with a stale term number, it rejects the request', () => {
  const a = memberWith([2, 3]);
  expect(step(a, append('b', 2, 3, 3, []))).toEqual(['a→b appended t3 refused 3, ends at 3']);
  expect(step(a, vote('b', 2, 9, 9))).toEqual(['a→b voted t3 refused']);
  expect(step(a, { kind: 'heartbeat', from: 'b', to: 'a', term: 2 })).toEqual(['a→b heard t3 refused']);
});

test('§5.1 if a candidate or leader discovers that its term is out of date, it immediately reverts to follower state', () => {
  const cluster = new Cluster(voters);
  cluster.campaign('a');
  const a = cluster.get('a');
  expect(a.raft.view().role).toBe('leader');
  a.raft.step({ kind: 'heard', from: 'b', to: 'a', term: 9, requestTerm: 2, success: false });
  expect(a.raft.view()).toMatchObject({ role: 'follower', term: 9, leader: null });
});

test('§5.2 each server will vote for at most one candidate in a given term, on a first-come-first-served basis', () => {
  const a = memberWith([1]);
  expect(step(a, vote('b', 2, 2, 1))).toEqual(['a→b voted t2 granted']);
  expect(step(a, vote('c', 2, 2, 1))).toEqual(['a→c voted t2 refused']);
  expect(step(a, vote('b', 2, 2, 1))).toEqual(['a→b voted t2 granted']);
});

test('figure 2: votedFor is updated on stable storage before responding, and survives a restart', () => {
  const a = memberWith([1]);
  a.raft.step(vote('b', 2, 2, 1));
  const ready = a.raft.ready();
  expect({ saved: ready.hardState, early: ready.sendNow, late: ready.send.map(brief) }).toEqual({ saved: { term: 2, votedFor: 'b' }, early: [], late: ['a→b voted t2 granted'] });
  const again = memberWith([1], 2, 'b');
  expect(step(again, vote('c', 2, 2, 1))).toEqual(['a→c voted t2 refused']);
});

test('§5.4.1 the voter denies its vote if its own log is more up-to-date than that of the candidate', () => {
  const answer = (lastIndex: number, lastTerm: number): string | undefined => step(memberWith([1, 2, 2]), vote('b', 3, lastIndex, lastTerm))[0];
  expect([answer(4, 2), answer(9, 2), answer(2, 3), answer(3, 2), answer(99, 1)]).toEqual(
    ['granted', 'granted', 'granted', 'refused', 'refused'].map((word) => `a→b voted t3 ${word}`),
  );
});

test('§5.3 if the follower does not find an entry with the same index and term, it refuses the new entries', () => {
  const a = memberWith([1, 1]);
  expect(step(a, append('b', 2, 5, 2, [command(6, 2)]))).toEqual(['a→b appended t2 refused 6, ends at 3']);
  expect(step(a, append('b', 2, 3, 2, [command(4, 2)]))).toEqual(['a→b appended t2 refused 4, ends at 3']);
  expect(logOf(a)).toBe('1/1 2/1 3/1');
});

test('§5.3 conflicting entries in the follower’s log are overwritten with entries from the leader’s log', () => {
  const a = memberWith([1, 2, 2, 2]);
  expect(step(a, append('b', 3, 2, 1, [command(3, 3), command(4, 3)]))).toEqual(['a→b appended t3 ok 4']);
  expect(logOf(a)).toBe('1/1 2/1 3/3 4/3');
});

test('figure 2: entries that the log already has delete nothing, however late and short the request', () => {
  const a = memberWith([1, 2, 2]);
  expect(step(a, append('b', 2, 2, 1, [command(3, 2)]))).toEqual(['a→b appended t2 ok 3']);
  expect(logOf(a)).toBe('1/1 2/1 3/2 4/2');
});

test('figure 2: commitIndex = min(leaderCommit, index of last new entry)', () => {
  const a = memberWith([1, 1, 1]);
  step(a, append('b', 2, 2, 1, [], 4));
  expect([a.raft.view().commitIndex, a.applied.length]).toEqual([2, 2]);
});

test('§5.4.2 only log entries from the leader’s current term are committed by counting replicas', () => {
  // Figure 8: a leader of term 4 holds an entry of term 2 on a majority; only its own no-op lets it count.
  const a = memberWith([2], 3);
  for (let i = 0; i < 40 && a.raft.view().role === 'follower'; i++) a.raft.tick();
  a.turn();
  step(a, { kind: 'voted', from: 'b', to: 'a', term: 3, requestTerm: 4, granted: true, pre: true });
  step(a, { kind: 'voted', from: 'b', to: 'a', term: 4, requestTerm: 4, granted: true, pre: false });
  expect(logOf(a)).toBe('1/1 2/2 3/4');
  step(a, { kind: 'appended', from: 'b', to: 'a', term: 4, requestTerm: 4, success: true, matched: 2, lastIndex: 2 });
  expect(a.raft.view().commitIndex).toBe(0);
  step(a, { kind: 'appended', from: 'b', to: 'a', term: 4, requestTerm: 4, success: true, matched: 3, lastIndex: 2 });
  expect(a.raft.view().commitIndex).toBe(3);
});

test('§5.2 a server elects itself only with votes from a majority of the full cluster, and its own counts when it is stored', () => {
  const a = memberWith([]);
  while (a.raft.view().role === 'follower') a.raft.tick();
  a.turn();
  a.raft.step({ kind: 'voted', from: 'b', to: 'a', term: 1, requestTerm: 2, granted: true, pre: true });
  a.raft.step({ kind: 'voted', from: 'b', to: 'a', term: 2, requestTerm: 2, granted: true, pre: false });
  expect(a.raft.view().role).toBe('candidate');
  a.turn();
  expect(a.raft.view().role).toBe('leader');
});

test('thesis §9.6 a pre-vote changes neither term nor vote, and is refused while a leader is heard', () => {
  const a = memberWith([1]);
  expect(step(a, vote('b', 2, 2, 1, { pre: true }))).toEqual(['a→b voted t1 pre granted']);
  expect(step(a, vote('c', 2, 2, 1, { pre: true }))).toEqual(['a→c voted t1 pre granted']);
  expect([a.raft.view().term, a.disk.hardState]).toEqual([1, { term: 1, votedFor: null }]);
  step(a, { kind: 'heartbeat', from: 'b', to: 'a', term: 1 });
  expect(step(a, vote('c', 2, 2, 1, { pre: true }))).toEqual(['a→c voted t1 pre refused']);
  expect(step(a, vote('c', 2, 2, 1))).toEqual(['a→c voted t1 refused']);
  expect(step(a, vote('c', 2, 2, 1, { transfer: true }))).toEqual(['a→c voted t2 granted']);
});

test('a second leader of one term is refused and counted, and so is an entry that contradicts a committed one', () => {
  const a = memberWith([1, 1]);
  step(a, append('b', 2, 3, 1, [command(4, 2)], 4));
  expect(step(a, append('c', 2, 4, 2, [command(5, 2)]))).toEqual(['a→c appended t2 refused 5, ends at 4']);
  expect(step(a, append('c', 3, 3, 1, [command(4, 3)]))).toEqual(['a→c appended t3 refused 4, ends at 4']);
  expect([a.raft.view().violations, logOf(a)]).toEqual([2, '1/1 2/1 3/1 4/2']);
});

test('§6 a server uses the latest configuration in its log, committed or not, and goes back when it is truncated', () => {
  const a = memberWith([1]);
  const more = { servers: [...voters, observer('d')] };
  const change: Entry = { ...command(3, 2), type: entryType.configuration, data: encodeConfiguration(more) };
  step(a, append('b', 2, 2, 1, [change]));
  expect([a.raft.view().configuration, a.raft.view().configurationCommitted]).toEqual([more, false]);
  step(a, append('c', 3, 2, 1, [command(3, 3)]));
  expect(a.raft.view().configuration).toEqual({ servers: voters });
});

test('an entry whose configuration cannot be read is never taken', () => {
  const a = memberWith([1]);
  const bad: Entry = { ...command(3, 2), type: entryType.configuration, data: text('{nonsense') };
  expect(step(a, append('b', 2, 2, 1, [bad]))).toEqual(['a→b appended t2 refused 3, ends at 2']);
  expect(logOf(a)).toBe('1/1 2/1');
});

test('thesis §4.1 a leader makes one change at a time, and only after it committed an entry of its own term', () => {
  const cluster = new Cluster(voters);
  cluster.campaign('a');
  const { raft } = cluster.get('a');
  expect(raft.change({ kind: 'add-observer', id: 'd', address: 'd:1' }, null)).toEqual({ ok: true, index: 3, term: 2 });
  expect(raft.change({ kind: 'remove', id: 'c' }, null)).toMatchObject({ ok: false, reason: 'change-pending' });
  cluster.settle();
  expect(raft.change({ kind: 'promote', id: 'nobody' }, null)).toMatchObject({ ok: false, reason: 'invalid' });
  expect(raft.change({ kind: 'remove', id: 'c' }, null)).toMatchObject({ ok: true });
});

test('a node without a configuration never campaigns and waits to be contacted', () => {
  const d = new Member('d');
  for (let i = 0; i < 200; i++) d.raft.tick();
  expect([d.raft.hasReady(), d.raft.view()]).toMatchObject([false, { role: 'follower', term: 0, leaderContactTicks: null }]);
  const first = bootstrapEntry({ servers: voters }, encodeConfiguration);
  d.raft.step({ kind: 'append', from: 'a', to: 'd', term: 3, prevIndex: 0, prevTerm: 0, entries: [first], commit: 1 });
  expect(d.turn().map(brief)).toEqual(['d→a appended t3 ok 1']);
  expect([d.raft.view().leader, d.applied.map(entryBrief)]).toEqual(['a', ['1/1 configuration']]);
});

test('a leader refuses as busy when too much waits, and takes proposals again when it is committed', () => {
  const cluster = new Cluster(voters, { limits: { uncommittedEntriesMax: 3, uncommittedBytesMax: 10 } });
  cluster.campaign('a');
  const { raft } = cluster.get('a');
  const results = ['1', '2', '3', '4'].map((word) => raft.propose(text(word), null).ok);
  cluster.settle();
  expect([results, raft.propose(text('a long one with many bytes'), null).ok, raft.propose(text('x'), null)]).toMatchObject([[true, true, true, false], true, { ok: false, reason: 'busy' }]);
});

test('nothing that can arrive makes a member throw, and every request gets an answer', () => {
  const dice = seeded(7);
  const numbers = [0, 1, 2, 3, 5, 99, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER];
  const number = (): number => numbers[Math.floor(dice.next() * numbers.length)] as number;
  const flag = (): boolean => dice.next() < 0.5;
  const a = memberWith([1, 2]);
  const wrong: unknown[] = [];
  const snapshot = () => ({ index: number(), term: number(), configuration: { servers: flag() ? voters : [] }, configurationIndex: number() });
  const entries = (): Entry[] => (flag() ? [] : [{ ...command(number(), number()), type: flag() ? entryType.configuration : entryType.command }]);
  for (let i = 0; i < 20_000; i++) {
    const head = { from: flag() ? 'b' : 'stranger', to: 'a', term: number() };
    const messages: Message[] = [
      { kind: 'append', ...head, prevIndex: number(), prevTerm: number(), entries: entries(), commit: number() }, { kind: 'heartbeat', ...head },
      { kind: 'vote', ...head, lastIndex: number(), lastTerm: number(), transfer: flag(), pre: flag() }, { kind: 'snapshot', ...head, snapshot: snapshot() },
      { kind: 'timeout-now', ...head }, { kind: 'appended', ...head, requestTerm: number(), success: flag(), matched: number(), lastIndex: number() },
      { kind: 'heard', ...head, requestTerm: number(), success: flag() }, { kind: 'voted', ...head, requestTerm: number(), granted: flag(), pre: flag() },
      { kind: 'installed', ...head, requestTerm: number(), success: flag(), index: number() },
    ];
    const message = messages[Math.floor(dice.next() * messages.length)] as Message;
    const answers = step(a, message).filter((line) => / (appended|heard|voted|installed) /.test(line));
    const expected = ['append', 'heartbeat', 'vote', 'snapshot'].includes(message.kind) ? 1 : 0;
    if (answers.length !== expected) wrong.push({ i, message, answers });
    if (i % 50 === 0) a.raft.tick();
  }
  expect(wrong).toEqual([]);
  expect(decodeConfiguration((a.disk.entries[0] ?? bootstrapEntry({ servers: voters }, encodeConfiguration)).data).servers.length).toBeGreaterThan(0);
});
