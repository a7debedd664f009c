import { expect, test } from 'vitest';
import { problem } from '../../test/fakes/problem.ts';
import { sceneOf, type SceneName } from '../../test/fakes/world.ts';
import { type PeerView } from '../contract/state.ts';
import { noticeOf } from './notices.ts';
import { peersMax, trayView, type TrayItem, type TrayState } from './tray-view.ts';

function stateOf(scene: SceneName): TrayState {
  const { session, profiles, peers, health } = sceneOf(scene, Date.UTC(2026, 10, 22), scene === 'crowd' ? 200 : 3);
  return { session, profiles, peers, warnings: health.warnings };
}
const brief = (items: readonly TrayItem[]): string[] => items.flatMap((item) => (item.kind === 'line' ? [] : item.kind === 'menu' ? [`${item.id}(${item.items.length})`] : [item.id]));

test('each state has its own icon, and a menu that fits it', () => {
  const scenes: SceneName[] = ['first-run', 'disconnected', 'joining', 'connected', 'degraded', 'reconnecting', 'blocked', 'disconnecting'];
  const seen = scenes.map((scene) => {
    const { icon, items } = trayView(stateOf(scene));
    return `${scene}: ${icon} | ${brief(items).join(' ')}`;
  });
  expect(seen).toEqual([
    'first-run: disconnected | status peers(3) open quit',
    'disconnected: disconnected | status connect profiles(2) peers(3) open quit',
    'joining: connecting | status disconnect profiles(2) peers(3) open quit',
    'connected: connected | status disconnect profiles(2) device peers(3) open quit',
    'degraded: degraded | status disconnect profiles(2) device peers(3) open quit',
    'reconnecting: connecting | status disconnect profiles(2) peers(3) open quit',
    'blocked: blocked | status connect profiles(2) peers(3) open quit',
    'disconnecting: connecting | status connect profiles(2) peers(3) open quit',
  ]);
});

test('a crowd of peers is capped, those that answer come first, and the rest is in the window', () => {
  const peers = trayView(stateOf('crowd')).items.find((item) => item.kind === 'menu' && item.id === 'peers');
  const labels = peers?.kind === 'menu' ? peers.items.map((item) => (item.kind === 'line' || item.kind === 'menu' ? '' : item.label)) : [];
  expect([labels.length, labels.slice(0, peersMax).every((label) => label.startsWith('●')), labels.at(-1)]).toEqual([peersMax + 1, true, '180 more…']);
});

test('directly, relayed and not at all have shapes of their own, in this order', () => {
  const state = stateOf('connected');
  const [, first] = state.peers.list;
  const paths = [{ kind: 'silent', reason: 'no-handshake-lately' }, { kind: 'relay', how: 'turn', node: 'vps' }, { kind: 'ice', how: 'raw' }, { kind: 'direct' }] as const;
  const list = paths.map((path, i) => ({ ...(first as PeerView), self: false, id: `peer${i}`, ipv4: `10.0.0.${i}`, path }));
  const menu = trayView({ ...state, peers: { ...state.peers, list } }).items.find((item) => item.kind === 'menu' && item.id === 'peers');
  const labels = menu?.kind === 'menu' ? menu.items.map((item) => ('label' in item ? item.label : '')) : [];
  expect(labels).toEqual(['● peer2: 10.0.0.2', '● peer3: 10.0.0.3', '◐ peer1: 10.0.0.1 (relayed)', '○ peer0: 10.0.0.0']);
});

test('favourites come first, with a star, however they are reached', () => {
  const state = stateOf('connected');
  const list = state.peers.list.map((peer, i): PeerView => (i === 3 ? { ...peer, favourite: true, path: { kind: 'silent', reason: 'no-handshake-lately' } } : peer));
  const menu = trayView({ ...state, peers: { ...state.peers, list } }).items.find((item) => item.kind === 'menu' && item.id === 'peers');
  const labels = menu?.kind === 'menu' ? menu.items.map((item) => ('label' in item ? item.label.replace(/:.*/, '') : '')) : [];
  expect(labels).toEqual(['○ ★ garden-pi', '● attic', '● workshop']);
});

test('a missing helper can be started from here', () => {
  const { items } = trayView({ ...stateOf('disconnected'), warnings: [problem('helper-missing')] });
  expect(brief(items).slice(0, 4)).toEqual(['status', 'connect', 'helper-missing', 'install-helper']);
});

test('notices come when something changed for a person, once, and never at the start', () => {
  const of = (scene: SceneName) => stateOf(scene).session;
  const titles = ([[undefined, 'blocked'], ['joining', 'blocked'], ['blocked', 'blocked'], ['connected', 'reconnecting'], ['reconnecting', 'reconnecting'], ['reconnecting', 'connected'], ['joining', 'connected'], ['connected', 'disconnecting']] as const)
    .map(([before, now]) => noticeOf(before && of(before), of(now))?.title);
  expect(titles).toEqual([undefined, 'Webmesh cannot connect', undefined, 'Webmesh lost the connection', undefined, 'Webmesh is connected again', undefined, undefined]);
});
