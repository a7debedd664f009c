import { expect, test } from 'vitest';
import { deviceOf } from '../../../test/fakes/trust-world.ts';
import { misleadingNames, peerList } from '../../../test/fakes/world.ts';
import type { PeerView } from '../../contract/state.ts';
import { countFilters, createBrowse, type Filter, type Wish } from './peer-browse.ts';
import { factsOf } from './peer-facts.ts';

const nowMs = Date.UTC(2026, 10, 22);
const first = peerList(1, nowMs)[1] as PeerView;
const peer = (id: string, more: Partial<PeerView> = {}): PeerView => ({ ...first, id, favourite: false, role: 'observer', path: { kind: 'direct' }, ...more });
const list = [
  peer('study', { self: true, path: { kind: 'self' } }), peer('attic', { role: 'leader' }), peer('nas', { path: { kind: 'relay', how: 'turn', node: 'attic' } }),
  peer('tablet', { path: { kind: 'waiting', reason: 'no-path' }, favourite: true }), peer('zoo-cam', { favourite: true }), peer('guest-phone', { path: { kind: 'ice', how: 'raw' } }),
];
const device = (id: string, more: Parameters<typeof deviceOf>[1]) => deviceOf(nowMs, { ...more, id });
const devices = [
  device('study', { id: '', self: true, name: 'Study', role: 'admin', invitedBy: 'attic' }), device('attic', { id: '', name: 'Attic', role: 'admin' }), device('nas', { id: '', name: 'Big disk', invitedBy: 'study' }),
  device('tablet', { id: '', invitedBy: 'attic', role: 'guest' }), device('guest-phone', { id: '', name: "Grace's phone", invitedBy: 'study', role: 'guest' }),
];
const facts = factsOf({ devices });
const nothing = factsOf(null);
const browse = createBrowse();
const wish = (more: Partial<Wish>): Wish => ({ query: '', filters: new Set(), group: 'none', sort: { key: 'name', down: false }, ...more });
const ids = (more: Partial<Wish>, known = facts): string => browse(list, known, wish(more)).peers.map(({ id }) => id).join(' ');
const only = (...filters: Filter[]): string => ids({ filters: new Set(filters) });
const lines = (more: Partial<Wish>, known = facts): string[] => browse(list, known, wish(more)).lines.map((line) => (line.kind === 'head' ? `# ${line.label} ${line.count}` : `${line.rank} ${line.peer.id}`));

test('by name this device comes first, then favourites, whichever way round', () => {
  expect([ids({}), ids({ sort: { key: 'name', down: true } }), ids({ sort: { key: 'role', down: false } })]).toEqual([
    'study tablet zoo-cam attic guest-phone nas', 'zoo-cam tablet nas guest-phone attic study', 'attic study nas guest-phone tablet zoo-cam',
  ]);
});

test('ways of being reached add up, the other filters narrow down, and each says how many it leaves', () => {
  expect([only('direct'), only('relayed', 'none'), only('mine'), only('favourites'), only('favourites', 'direct'), only('mine', 'none')]).toEqual([
    'zoo-cam attic guest-phone', 'tablet nas', 'study guest-phone nas', 'tablet zoo-cam', 'zoo-cam', '',
  ]);
  expect(countFilters(list, facts)).toEqual({ direct: 3, relayed: 1, none: 1, mine: 3, favourites: 2 });
});

test('finds by what a device is called, by who added it and by role', () => {
  expect([ids({ query: 'big' }), ids({ query: "grace's" }), ids({ query: 'this device' }), ids({ query: 'guest' }), ids({ query: 'admin leader' }), ids({ query: 'big', filters: new Set(['direct']) })]).toEqual([
    'nas', 'guest-phone', 'guest-phone nas', 'tablet guest-phone', 'attic', '',
  ]);
});

test('a new value of the records is searched, not what was put together before', () => {
  ids({ query: 'big' });
  expect(ids({ query: 'small' }, factsOf({ devices: [device('nas', { id: '', name: 'Small disk' })] }))).toBe('nas');
});

test('groups by who added a device: ours first, the unknown last', () => {
  expect(lines({ group: 'owner' })).toEqual(['# Added by this device 2', '0 guest-phone', '1 nas', '# Added by Attic 3', '2 study', '3 tablet', '4 attic', '# Nobody recorded who added these 1', '5 zoo-cam']);
});

test('groups by role: by permission where it is recorded, else by part', () => {
  expect(lines({ group: 'role' })).toEqual(['# Admins 2', '0 study', '1 attic', '# Members 1', '2 nas', '# Guests 2', '3 tablet', '4 guest-phone', '# Members 1', '5 zoo-cam']);
  expect(lines({ group: 'role' }, nothing).filter((line) => line.startsWith('#'))).toEqual(['# Leaders 1', '# Members 5']);
});

test('groups by state keep the order inside, and the ranks count peers alone', () => {
  expect(lines({ group: 'state', sort: { key: 'name', down: true } })).toEqual([
    '# This device 1', '0 study', '# Reached directly 3', '1 zoo-cam', '2 guest-phone', '3 attic', '# Reached through a relay 1', '4 nas', '# Not reached at the moment 1', '5 tablet',
  ]);
});

test('sorts by who added them, and by address as numbers', () => {
  const at = [peer('b', { ipv4: '10.0.0.10' }), peer('a', { ipv4: '10.0.0.9' }), peer('c', { ipv4: null })];
  expect(browse(at, nothing, wish({ sort: { key: 'address', down: false } })).peers.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  expect(ids({ sort: { key: 'owner', down: false } })).toBe('study attic tablet guest-phone nas zoo-cam');
});

test('names made to mislead are inert wherever they head a group', () => {
  const odd = factsOf({ devices: [device('attic', { id: '', name: misleadingNames.turned }), device('nas', { id: '', invitedBy: 'attic' })] });
  const heads = browse(list, odd, wish({ group: 'owner' })).lines.flatMap((line) => (line.kind === 'head' ? [line.label] : []));
  expect(heads.join()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  expect(heads).toHaveLength(2);
});

test('ten thousand peers are browsed in a moment', () => {
  const many = peerList(10_000, nowMs);
  const all = wish({ query: 'node-1 172', group: 'owner', sort: { key: 'traffic', down: true } });
  browse(many, facts, all);
  const started = performance.now();
  for (let i = 0; i < 5; i++) browse(many, facts, all);
  // Tens of milliseconds where nothing else runs; the limit only tells that from seconds.
  expect((performance.now() - started) / 5).toBeLessThan(1_000);
});
