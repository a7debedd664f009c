import { expect, test } from 'vitest';
import { peerList } from '../../../test/fakes/world.ts';
import type { PeerView } from '../../contract/state.ts';
import { drawnMax, type MapNode, neighbour, tell, topologyOf } from './topology.ts';

const nowMs = Date.UTC(2026, 10, 22);
const first = peerList(1, nowMs)[1] as PeerView;
const peer = (id: string, path: PeerView['path'] = { kind: 'direct' }, more: Partial<PeerView> = {}): PeerView => ({ ...first, id, path, favourite: false, ...more });
const relayed = (id: string, node: string): PeerView => peer(id, { kind: 'relay', how: 'turn', node });
const self = peer('study', { kind: 'self' }, { self: true });
const away = (id: string): PeerView => peer(id, { kind: 'waiting', reason: 'no-path' });
const brief = (nodes: readonly MapNode[]): string[] => nodes.map(({ kind, id, count }) => `${kind} ${id}${count > 1 ? ` ${count}` : ''}`);

test('this device is in the middle, relays carry others, and who is not reached stands outside without a line', () => {
  const { nodes, links } = topologyOf([self, peer('attic'), relayed('nas', 'attic'), relayed('cam', 'attic'), peer('pi'), away('tablet')], self);
  expect(brief(nodes)).toEqual(['self study', 'relay attic', 'behind nas', 'behind cam', 'near pi', 'away tablet']);
  expect(links.map(({ from, to, kind }) => `${from.id} ${kind} ${to.id}`)).toEqual(['study direct attic', 'attic relayed nas', 'attic relayed cam', 'study direct pi']);
  expect(nodes[0]).toMatchObject({ x: 0, y: 0 });
});

test('a relay that is not in the list, or that is itself relayed, stands there by its name alone', () => {
  const { nodes } = topologyOf([self, relayed('nas', 'elsewhere'), relayed('elsewhere', 'attic')], self);
  expect(nodes.filter(({ peer: view }) => view === null).map(({ id }) => id)).toEqual(['relay attic', 'relay elsewhere']);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
});

test('a relay that answers nobody at the moment still carries, and stands once', () => {
  const { nodes, links } = topologyOf([self, away('attic'), relayed('nas', 'attic')], self);
  expect([brief(nodes), links.length]).toEqual([['self study', 'relay attic', 'behind nas'], 2]);
});

test('the same mesh gives the same picture, inside of its frame, with no two marks on one place', () => {
  const list = peerList(200, nowMs);
  const { nodes } = topologyOf(list, list[0]);
  expect(topologyOf([...list], list[0])).toEqual(topologyOf(list, list[0]));
  expect(nodes.every(({ x, y }) => Math.hypot(x, y) <= 1)).toBe(true);
  expect(new Set(nodes.map(({ x, y }) => `${x},${y}`)).size).toBe(nodes.length);
});

test('of thousands some hundred are drawn, favourites, relays and each way of being reached among them; the rest is counted', () => {
  const list = peerList(10_000, nowMs).map((each, i) => (i === 9_000 ? { ...each, favourite: true } : each));
  const { nodes } = topologyOf(list, list[0]);
  const drawn = nodes.filter(({ kind }) => kind !== 'more' && kind !== 'self');
  const counted = nodes.filter(({ kind }) => kind === 'more').reduce((sum, { count }) => sum + count, 0);
  expect(drawn.filter(({ peer: view }) => view !== null).length + counted).toBe(10_000);
  expect(drawn.length).toBeLessThanOrEqual(drawnMax + 8);
  expect(drawn.some(({ id }) => id === 'node-8999')).toBe(true);
  expect(new Set(drawn.map(({ kind }) => kind))).toEqual(new Set(['near', 'relay', 'behind', 'away']));
});

test('arrow keys reach every mark from the middle', () => {
  for (const count of [1, 5, 11, 60]) {
    const list = peerList(count, nowMs);
    const nodes = topologyOf(list, list[0]).nodes.filter(({ peer: view }) => view !== null);
    const seen = new Set<string>();
    const queue = [nodes[0] as MapNode];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at.id)) continue;
      seen.add(at.id);
      for (const key of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']) queue.push(...[neighbour(nodes, at, key)].filter((node) => node !== undefined));
    }
    expect([count, seen.size]).toEqual([count, nodes.length]);
  }
});

test('the same in words', () => {
  expect(tell([self, peer('attic'), relayed('nas', 'attic'), relayed('cam', 'vps'), away('tablet')])).toEqual([
    { reach: 'direct', relay: null, names: ['attic'] }, { reach: 'relayed', relay: 'attic', names: ['nas'] }, { reach: 'relayed', relay: 'vps', names: ['cam'] }, { reach: 'none', relay: null, names: ['tablet'] },
  ]);
});
