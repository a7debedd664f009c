import { expect, test } from 'vitest';
import type { PeerPath, PeerView } from '../../contract/state.ts';
import { createBrowse, type SortKey } from './peer-browse.ts';
import { factsOf } from './peer-facts.ts';
import { isReached, pathView, reachOf, whyQuestion } from './peer-list.ts';

const peer = (id: string, more: Partial<PeerView> = {}): PeerView => ({
  id, self: false, publicKey: `${id}Key=`, ipv4: null, ipv6: null, role: 'observer', endpoint: null, path: { kind: 'direct' }, why: [],
  lastHandshakeMs: null, receiveBytes: 0, transmitBytes: 0, latencyMs: null, favourite: false, createdAtMs: null, updatedAtMs: null, ...more,
});
const list = [
  peer('node-10', { latencyMs: 5, lastHandshakeMs: 100, receiveBytes: 10, ipv4: '172.16.0.10' }),
  peer('Node-2', { latencyMs: 9, lastHandshakeMs: 900, path: { kind: 'silent', reason: 'no-handshake-lately' } }),
  peer('zoe', { self: true, path: { kind: 'self' }, role: 'leader' }),
  peer('attic', { receiveBytes: 90, path: { kind: 'waiting', reason: 'both-behind-nat' }, endpoint: '203.0.113.9:51820' }),
];
const browse = createBrowse();
const nobody = factsOf(null);
const order = (all: readonly PeerView[], query: string, key: SortKey, down = false) => browse(all, nobody, { query, filters: new Set(), group: 'none', sort: { key, down } }).peers;
const ids = (query: string, key: SortKey, down = false): string => order(list, query, key, down).map((p) => p.id).join(' ');

test('orders as people do, this device first', () => {
  expect({
    name: ids('', 'name'), nameDown: ids('', 'name', true), latency: ids('', 'latency'), handshake: ids('', 'handshake'), traffic: ids('', 'traffic', true), path: ids('', 'path'), role: ids('', 'role'),
  }).toEqual({
    name: 'zoe attic Node-2 node-10', nameDown: 'node-10 Node-2 attic zoe', latency: 'node-10 Node-2 zoe attic', handshake: 'Node-2 node-10 zoe attic',
    traffic: 'attic node-10 zoe Node-2', path: 'zoe node-10 attic Node-2', role: 'zoe attic Node-2 node-10',
  });
});

test('finds by name, address, endpoint and key; every word must match; keys keep their case', () => {
  expect([ids('NODE', 'name'), ids('172.16 node', 'name'), ids('203.0.113', 'name'), ids('atticKey', 'name'), ids('atticKEY', 'name'), ids('  ', 'name')]).toEqual([
    'Node-2 node-10', 'node-10', 'attic', 'attic', '', 'zoe attic Node-2 node-10',
  ]);
  expect(ids('nothing-here', 'name')).toBe('');
});

test('a name that appears later finds its place', () => {
  order(list, '', 'name');
  expect(order([...list, peer('barn')], '', 'name').map((p) => p.id)).toEqual(['zoe', 'attic', 'barn', 'Node-2', 'node-10']);
});

test('a name that stands twice is shown once', () => {
  expect(order([...list, peer('attic', { role: 'voter' })], '', 'name').map((p) => p.id)).toEqual(['zoe', 'attic', 'Node-2', 'node-10']);
});

test('every kind of path has a word and a shape of its own, so that colour says nothing alone', () => {
  const paths: PeerPath[] = [
    { kind: 'self' }, { kind: 'direct' }, { kind: 'ice', how: 'raw' }, { kind: 'relay', how: 'turn', node: 'attic' }, { kind: 'silent', reason: 'no-handshake-lately' }, { kind: 'down', reason: 'not-connected' },
    { kind: 'waiting', reason: 'looking' }, { kind: 'waiting', reason: 'no-path' }, { kind: 'waiting', reason: 'no-handshake-yet' }, { kind: 'waiting', reason: 'both-behind-nat' },
  ];
  expect(paths.map(pathView).map((v) => `${v.word} ${v.shape} ${v.tone}`)).toEqual([
    'This device self on', 'Direct full on', 'Peer to peer pair on', 'Relayed by attic bent via', 'Silent half wait', 'Off dash off', 'Looking ring wait', 'No path cross wait', 'Waiting ring wait', 'Waiting cross wait',
  ]);
});

test('asks what fits the path, and only where there is an answer', () => {
  const question = (path: PeerPath, why: PeerView['why'] = [{ code: 'no-answer', tier: 'direct', detail: {} }]): string | null => whyQuestion({ path, why });
  expect([
    question({ kind: 'relay', how: 'turn', node: 'a' }), question({ kind: 'ice', how: 'raw' }), question({ kind: 'waiting', reason: 'no-path' }), question({ kind: 'waiting', reason: 'looking' }),
    question({ kind: 'silent', reason: 'no-handshake-lately' }), question({ kind: 'direct' }), question({ kind: 'relay', how: 'turn', node: 'a' }, [{ code: 'best', tier: null, detail: {} }]),
  ]).toEqual(['Why relayed?', 'Why not direct?', 'Why no path?', 'What was tried?', 'What happened?', null, null]);
});

test('the order of paths is from the best to none', () => {
  const paths: PeerPath[] = [{ kind: 'down', reason: 'not-connected' }, { kind: 'relay', how: 'turn', node: 'a' }, { kind: 'silent', reason: 'no-handshake-lately' }, { kind: 'direct' }, { kind: 'waiting', reason: 'looking' }, { kind: 'ice', how: 'raw' }];
  const sorted = order(paths.map((path, i) => peer(`p${i}`, { path })), '', 'path');
  expect(sorted.map((p) => `${p.path.kind} ${isReached(p)} ${reachOf(p)}`)).toEqual(['direct true direct', 'ice true direct', 'relay true relayed', 'waiting false none', 'silent false none', 'down false none']);
});
