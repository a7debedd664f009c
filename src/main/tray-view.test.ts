import { expect, test } from 'vitest';
import { problem } from '../../test/fakes/problem.ts';
import { sceneOf, type SceneName } from '../../test/fakes/world.ts';
import { commands } from '../contract/commands.ts';
import { fixPlaces } from '../contract/fixes.ts';
import { fixNames } from '../contract/health.ts';
import { type PeerView, type Warning } from '../contract/state.ts';
import { type TrayItem } from './tray-items.ts';
import { peersMax, trayView, type TrayState } from './tray-view.ts';

function stateOf(scene: SceneName): TrayState {
  const { session, profiles, peers, health } = sceneOf(scene, Date.UTC(2026, 10, 22), scene === 'crowd' ? 200 : 3);
  return { session, profiles, peers, warnings: health.warnings, staysConnected: false, versions: { app: '0.1.0', helper: '0.1.0' } };
}
/** The same with one network. */
const alone = (state: TrayState): TrayState => ({ ...state, profiles: { ...state.profiles, list: state.profiles.list.slice(0, 1) } });
const brief = (items: readonly TrayItem[]): string[] => items.flatMap((item) => (item.kind === 'line' ? [] : item.kind === 'menu' ? [`${item.id}(${item.items.length})`] : [item.id]));

test('each state has its own icon, and a menu that fits it', () => {
  const scenes: SceneName[] = ['first-run', 'disconnected', 'joining', 'connected', 'degraded', 'reconnecting', 'blocked', 'disconnecting'];
  const seen = scenes.map((scene) => {
    const { icon, items } = trayView(stateOf(scene));
    return `${scene}: ${icon} | ${brief(items).join(' ')}`;
  });
  expect(seen).toEqual([
    'first-run: no-network | status add peers(3) open settings help(4) quit',
    'disconnected: disconnected | status network-home1(2) network-studio2(2) peers(3) open settings help(4) quit',
    'joining: connecting | status network-home1(2) network-studio2(2) peers(3) open settings help(4) disconnect-and-quit',
    'connected: connected | status network-home1(2) network-studio2(2) device peers(3) open settings help(4) disconnect-and-quit',
    'degraded: degraded | status network-home1(2) network-studio2(2) device peers(3) open settings help(4) disconnect-and-quit',
    'reconnecting: connecting | status network-home1(4) network-studio2(2) peers(3) open settings help(4) disconnect-and-quit',
    'blocked: blocked | status network-home1(3) network-studio2(2) peers(3) open settings help(4) disconnect-and-quit',
    'disconnecting: connecting | status network-home1(2) network-studio2(2) peers(3) open settings help(4) quit',
  ]);
});

test('who is reached only through relays is connected, but not whole', () => {
  const state = stateOf('connected');
  const list = state.peers.list.map((peer) => (peer.self ? peer : { ...peer, path: { kind: 'relay', how: 'turn', node: 'vps' } as const }));
  const { icon, tooltip } = trayView({ ...state, peers: { ...state.peers, list } });
  expect([icon, tooltip]).toEqual(['degraded', 'Webmesh: Connected to Home: only through relays']);
});

test('quitting says what becomes of the connection, and both ways are there for who stays connected', () => {
  const quits = (scene: SceneName): string[] => trayView({ ...stateOf(scene), staysConnected: true }).items.flatMap((item) => ('label' in item && item.id.includes('quit') ? [item.label] : []));
  expect([quits('connected'), quits('disconnected')]).toEqual([['Quit and stay connected', 'Disconnect and quit'], ['Quit']]);
});

test('help tells the versions of app and helper, and when the helper is away', () => {
  const help = (helper: string | null): string[] => trayView({ ...stateOf('connected'), versions: { app: '1.2.0', helper } }).items
    .flatMap((item) => (item.kind === 'menu' && item.id === 'help' ? item.items : [])).flatMap((item) => ('label' in item ? [item.label] : []));
  expect([help('1.1.0'), help(null)]).toEqual([['Webmesh 1.2.0', 'Helper 1.1.0', 'Write a report for support'], ['Webmesh 1.2.0', 'The helper does not answer', 'Write a report for support']]);
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

test('the worst problem is a line with its fix, and a mark on the icon; what the status says already and hints are not', () => {
  const of = (scene: SceneName, ...warnings: readonly Warning[]): string => {
    const { icon, tooltip, items } = trayView({ ...alone(stateOf(scene)), warnings });
    const [line] = items.flatMap((item) => (item.kind === 'text' && item.id === 'problem' ? [item.label] : []));
    return `${icon} | ${brief(items).slice(1, 5).join(' ')} | ${line ?? '-'} | ${tooltip.split('. ')[1] ?? '-'}`;
  };
  expect([
    of('disconnected', problem('secrets-in-file'), problem('node-port-in-use'), problem('helper-missing')), of('joining', problem('clear-text')), of('connected', problem('udp-blocked')), of('connected', problem('node-port-in-use')),
    of('connected', problem('peer-unreachable')), of('degraded', problem('control-plane-lost')), of('blocked', problem('cannot-connect')),
  ]).toEqual([
    'no-helper | connect problem fix problems | ⚠ The system service is not running | The system service is not running',
    'connecting-attention | disconnect problem fix problems | ⚠ Clear text | Clear text',
    'degraded | disconnect problem fix problems | ⚠ This network blocks UDP | This network blocks UDP',
    'degraded | disconnect problem problems device | ⚠ A port is taken | A port is taken',
    'connected | disconnect device peers(3) open | - | -',
    'degraded | disconnect device peers(3) open | - | -',
    'blocked | connect peers(3) open settings | - | -',
  ]);
});

test.each([...fixNames])('%s is something that the tray can do', (fix) => {
  const { items } = trayView({ ...stateOf('disconnected'), warnings: [problem('clear-text', { peer: 'nas', link: 'http://wifi.example/' }, { fix })] });
  const item = items.find((one) => one.kind === 'action' && one.id === 'fix');
  const way = item?.kind === 'action' && item.action.do === 'fix' ? item.action.way : undefined;
  expect(way && ('open' in way ? way.open === 'http://wifi.example/' : 'place' in way ? fixPlaces.includes(way.place) : commands[way.call].input.safeParse(way.input).success)).toBe(true);
});

test('each of several networks has a line with its state, its letter, and what can be done', () => {
  const linesOf = (scene: SceneName): readonly string[] => {
    const { icon, tooltip, items } = trayView(stateOf(scene));
    const networks = items.flatMap((item) => (item.kind === 'menu' && item.id.startsWith('network-') ? [`${item.label} | ${item.items.map((inner) => ('label' in inner ? inner.label : '')).join(' | ')}`] : []));
    return [icon, tooltip, ...networks, ...items.flatMap((item) => (item.kind === 'action' && item.id === 'disconnect-all' ? [item.label] : []))];
  };
  expect(linesOf('two-networks')).toEqual([
    'connected', 'Webmesh: Home: connected, Studio: connected',
    '● H  Home: connected | Disconnect | Open the window', '● S  Studio: connected | Disconnect | Show in the window', '○ C  Chess club: not connected | Connect | Show in the window',
    'Disconnect all networks',
  ]);
  expect(linesOf('one-lost').slice(0, 4)).toEqual([
    'degraded', 'Webmesh: Home: connected, Studio: reconnecting', '● H  Home: connected | Disconnect | Open the window',
    '◌ S  Studio: reconnecting | No answer from 192.168.1.20:8443. Traffic to this network is off; the rest of your traffic is not touched. | Stop connecting | Try now | Show in the window',
  ]);
});

test('quitting asks about all networks: one that is not shown counts', () => {
  const state = stateOf('two-networks');
  const list = state.profiles.list.map((profile, i) => (i === 0 ? { ...profile, session: { ...profile.session, want: 'disconnected' as const, phase: 'disconnected' as const } } : profile));
  const { icon, tooltip, items } = trayView({ ...state, session: { ...sceneOf('disconnected', 0).session }, profiles: { ...state.profiles, list } });
  expect([icon, tooltip, brief(items).at(-1)]).toEqual(['connected', 'Webmesh: Studio: connected', 'disconnect-and-quit']);
});

test('names from other machines turn no line of the menu around, nor break or fill it', () => {
  const state = stateOf('connected');
  const [own, other] = state.peers.list as [PeerView, PeerView];
  const list = [{ ...own, id: 'me\u202e\n' }, { ...other, id: `nas\u202e1.0.0.01 :ved\u2066\r\n\u0007${'x'.repeat(400)}` }];
  const labels = (items: readonly TrayItem[]): string[] => items.flatMap((item) => (item.kind === 'line' ? [] : item.kind === 'menu' ? [item.label, ...labels(item.items)] : [item.label]));
  const { tooltip, items } = trayView({ ...state, peers: { ...state.peers, list } });
  expect([tooltip, ...labels(items)].filter((text) => /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text) || text.length > 120)).toEqual([]);
  expect(labels(items)).toContain(`me: ${own.ipv4}`);
  // The address, which a click copies, is seen however long the name is.
  expect(labels(items).find((text) => text.includes('nas'))).toMatch(new RegExp(`: ${other.ipv4}$`));
});
