import { expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { type Change, type RaftView, type Server } from '../../raft/types.ts';
import { type MemberRow, type MemberStep, nextMemberStep, reconcileMembers, type Wanted } from './members.ts';

/** `a` leads. `server` and `row` in short: `b:10.0.0.2 voter`, `b:10.0.0.2 wants may`. */
const server = (text: string): Server => {
  const [id = '', address = '', ...words] = text.split(/[ :]/);
  return { id, address, voter: words.includes('voter') };
};
const row = (text: string): MemberRow => {
  const [id = '', address = '', ...words] = text.split(/[ :]/);
  return { id, address, wantsVote: words.includes('wants'), mayVote: words.includes('may') };
};
type Held = { match: number; active?: boolean; snapshotting?: boolean };

function step(servers: string[], rows: string[], { held = {}, founded = true, commitIndex = 1000 }: { held?: Record<string, Held>; founded?: boolean; commitIndex?: number } = {}): string {
  const progress = new Map(Object.entries(held).map(([id, { match, active = true, snapshotting = false }]) => [id, { match, active, snapshotting }]));
  return brief(nextMemberStep('a', { configuration: { servers: servers.map(server) }, commitIndex, progress }, { founded, rows: rows.map(row) }));
}

function brief(next: MemberStep | null): string {
  if (next === null) return 'nothing';
  return [next.kind, 'id' in next ? next.id : '', 'address' in next ? next.address : ''].filter((word) => word !== '').join(' ');
}

const a = 'a:1 voter';

test('membership follows the table, one step at a time', () => {
  const story = [
    ['not founded yet', step([a], [], { founded: false })],
    ['as it should be', step([a, 'b:2'], ['a:1', 'b:2'])],
    ['a newcomer observes first', step([a], ['a:1', 'b:2 wants may'])],
    ['a newcomer without an address waits', step([a], ['a:1', 'b:'])],
    ['a row that went is removed', step([a, 'b:2'], ['a:1'])],
    ['a lease that moved', step([a, 'b:2'], ['a:1', 'b:3'])],
    ['the leader itself moves too', step([a], ['a:5'])],
    ['an address in use is given only when it is free', step([a, 'b:2', 'c:3'], ['a:1', 'b:3', 'c:2'])],
    ['the holder of the wanted address goes first', step([a, 'b:2', 'c:3'], ['a:1', 'b:3'])],
    ['a freed address goes to the next', step([a, 'b:2'], ['a:1', 'c:2'])],
  ];
  expect(Object.fromEntries(story)).toEqual({
    'not founded yet': 'nothing',
    'as it should be': 'nothing',
    'a newcomer observes first': 'add-observer b 2',
    'a newcomer without an address waits': 'nothing',
    'a row that went is removed': 'remove b',
    'a lease that moved': 'readdress b 3',
    'the leader itself moves too': 'readdress a 5',
    'an address in use is given only when it is free': 'nothing',
    'the holder of the wanted address goes first': 'remove c',
    'a freed address goes to the next': 'remove b',
  });
});

test('a vote is given to who wants it, may have it, is there and holds the log', () => {
  const servers = [a, 'b:2'];
  const promoted = (words: string, held: Held | undefined): string => step(servers, ['a:1', `b:2 ${words}`], held ? { held: { b: held } } : {});
  expect([
    promoted('wants may', { match: 990 }), promoted('wants', { match: 990 }), promoted('may', { match: 990 }), promoted('wants may', undefined),
    promoted('wants may', { match: 500 }), promoted('wants may', { match: 990, active: false }), promoted('wants may', { match: 990, snapshotting: true }),
    step(servers, ['a:1', 'b:2 wants may'], { held: { b: { match: 0 } }, commitIndex: 3 }),
  ]).toEqual(['promote b', 'nothing', 'nothing', 'nothing', 'nothing', 'nothing', 'nothing', 'nothing']);
});

test('a leader that left hands over to another voter; a sole voter stays, because nobody could lead after it', () => {
  expect([step([a, 'b:2 voter'], ['b:2']), step([a, 'b:2'], ['b:2']), step([a], [])]).toEqual(['hand-over', 'nothing', 'nothing']);
});

test('who may vote no more is demoted, a leader hands over first, and the last voter stays', () => {
  expect([
    step([a, 'b:2 voter', 'c:3 voter'], ['a:1 wants may', 'b:2 wants', 'c:3 wants may']),
    step([a, 'b:2 voter'], ['a:1 wants', 'b:2 wants may']),
    step([a, 'b:2 voter'], ['a:1 wants', 'b:2 wants']),
    step([a, 'b:2'], ['a:1 wants', 'b:2']),
    step([a, 'b:2 voter'], ['a:1 may', 'b:2 may']),
  ]).toEqual(['demote b', 'hand-over', 'demote b', 'nothing', 'nothing']);
});

test('one change at a time, only while leading, and again after a refusal', async () => {
  const timers: (() => void)[] = [];
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: (ms, run) => {
    const entry = (): void => run();
    if (ms < 5000) timers.push(entry);
    return () => void timers.splice(timers.indexOf(entry), timers.includes(entry) ? 1 : 0);
  } };
  const view = cell<RaftView>({
    id: 'a', role: 'follower', term: 1, leader: null, lastIndex: 1, commitIndex: 1, configuration: { servers: [server(a)] }, configurationCommitted: true,
    leaderContactTicks: null, quorumActive: false, violations: 0, progress: new Map(),
  } as RaftView);
  const asked: string[] = [];
  const answers: ((refuse: boolean) => void)[] = [];
  const change = (next: Change): Promise<void> => new Promise((resolve, reject) => {
    asked.push(brief(next));
    answers.push((refuse) => (refuse ? reject(new Error('busy')) : resolve()));
  });
  const wanted: Wanted = { founded: true, rows: [row('a:1'), row('b:2')] };
  const end = reconcileMembers({ self: 'a', consensus: { view, appliedIndex: cell(0), change, transferLeadership: async () => {} }, wanted: () => wanted, clock, log: silentLog });
  const settled = async (): Promise<string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    for (const run of timers.splice(0)) run();
    return [...asked];
  };
  expect(await settled()).toEqual([]);
  view.set({ ...view.get(), role: 'leader' });
  view.set({ ...view.get(), commitIndex: 2 });
  expect(await settled()).toEqual(['add-observer b 2']);
  answers[0]?.(true);
  expect(await settled()).toEqual(['add-observer b 2', 'add-observer b 2']);
  view.set({ ...view.get(), configuration: { servers: [server(a), server('b:2')] } });
  answers[1]?.(false);
  expect(await settled()).toHaveLength(2);
  end();
  view.set({ ...view.get(), configuration: { servers: [server(a)] } });
  expect(await settled()).toHaveLength(2);
});
