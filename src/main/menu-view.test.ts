import { expect, test } from 'vitest';
import { sceneOf, type SceneName } from '../../test/fakes/world.ts';
import { contextItems } from './context-view.ts';
import { isHelpLink } from './hardening.ts';
import { type MenuItem } from './menu-items.ts';
import { menuView } from './menu-view.ts';
import { type TrayState } from './tray-view.ts';
import { english, trayWords } from './words/words.ts';

function stateOf(scene: SceneName, networks?: number): TrayState {
  const { session, profiles, peers, health } = sceneOf(scene, Date.UTC(2026, 10, 22), 3);
  return { session, profiles: { ...profiles, list: profiles.list.slice(0, networks) }, peers, warnings: health.warnings, staysConnected: false, versions: { app: '0.1.0', helper: '0.1.0' } };
}

/** Each item by its id, with its keys; lines as |. */
function brief(items: readonly MenuItem[]): string {
  return items.map((item) => {
    if (item.kind === 'line') return '|';
    const keys = 'keys' in item && item.keys !== undefined ? `[${item.keys}]` : '';
    const off = 'off' in item && item.off ? '(off)' : '';
    return item.kind === 'menu' ? `${item.id}${'role' in item ? `:${item.role}` : ''} { ${brief(item.items)} }` : `${item.id}${keys}${off}`;
  }).join(' ');
}
function all(items: readonly MenuItem[]): readonly Exclude<MenuItem, { kind: 'line' }>[] {
  return items.flatMap((item) => (item.kind === 'line' ? [] : item.kind === 'menu' ? [item, ...all(item.items)] : [item]));
}
const platforms = ['darwin', 'win32', 'linux'] as const;
const scenes: readonly SceneName[] = ['first-run', 'disconnected', 'joining', 'connected', 'reconnecting', 'blocked', 'two-networks', 'one-lost', 'malicious'];

test('macOS has the menus that every app has there', () => {
  expect(menuView(stateOf('connected', 1), { platform: 'darwin', fromSources: false }).map((item) => brief([item]))).toEqual([
    'menu-app { about update | settings[CmdOrCtrl+,] | services | hide hideOthers unhide | disconnect-and-quit[CmdOrCtrl+Q] }',
    'menu-network { disconnect | new[CmdOrCtrl+N] join[CmdOrCtrl+J] | close }',
    'menu-edit { undo redo | cut copy paste selectAll }',
    'menu-view { screen-connect[CmdOrCtrl+1] screen-peers[CmdOrCtrl+2] screen-people[CmdOrCtrl+3] screen-device[CmdOrCtrl+4] screen-health[CmdOrCtrl+5] screen-settings[CmdOrCtrl+6] | resetZoom zoomIn zoomIn-plain[CmdOrCtrl+=] zoomOut | togglefullscreen }',
    'menu-window:window { minimize zoom | front }',
    'menu-help:help { problems report wireguard | version-app version-helper }',
  ]);
});

test('Windows and Linux have the same behind Alt, and only Linux a key that quits', () => {
  const network = (platform: 'win32' | 'linux'): string => brief(menuView(stateOf('disconnected', 1), { platform, fromSources: false }).slice(0, 1));
  expect([network('win32'), network('linux')]).toEqual([
    'menu-network { connect | new[CmdOrCtrl+N] join[CmdOrCtrl+J] | settings[CmdOrCtrl+,] | close | quit }',
    'menu-network { connect | new[CmdOrCtrl+N] join[CmdOrCtrl+J] | settings[CmdOrCtrl+,] | close | quit[CmdOrCtrl+Q] }',
  ]);
  expect(brief(menuView(stateOf('disconnected'), { platform: 'linux', fromSources: false }).slice(-1))).toBe('menu-help:help { problems report wireguard | version-app version-helper | update about }');
});

test('what quits says what becomes of the connection, as in the tray; the first of two has the key', () => {
  const ends = (state: TrayState): readonly string[] => all(menuView(state, { platform: 'darwin', fromSources: false })).flatMap((item) => (item.id.includes('quit') ? [`${item.label}${'keys' in item ? ` ${item.keys}` : ''}`] : []));
  expect([ends(stateOf('connected')), ends({ ...stateOf('connected'), staysConnected: true }), ends(stateOf('disconnected'))]).toEqual([
    ['Disconnect and quit CmdOrCtrl+Q'], ['Quit and stay connected CmdOrCtrl+Q', 'Disconnect and quit'], ['Quit CmdOrCtrl+Q'],
  ]);
});

test('several networks have a line each, and before the first there is one screen', () => {
  const network = (scene: SceneName): string => brief(menuView(stateOf(scene), { platform: 'linux', fromSources: false }).slice(0, 1));
  expect(network('two-networks')).toMatch(/^menu-network \{ network-home1 \{ disconnect-home1 show-home1 \} network-studio2 \{ .* \} network-\w+ \{ .* \} disconnect-all \| new/);
  expect(network('first-run')).toMatch(/^menu-network \{ new/);
  expect(brief(menuView(stateOf('first-run'), { platform: 'linux', fromSources: false })).match(/screen-\w+\[CmdOrCtrl\+\d\]\(off\)/g)).toHaveLength(6);
});

test('reloading and the inspector are there only for who runs the sources, and every link is on the list', () => {
  for (const platform of platforms) {
    const roles = (fromSources: boolean): readonly string[] => all(menuView(stateOf('connected'), { platform, fromSources })).flatMap((item) => (item.kind === 'role' ? [item.role] : []));
    expect(roles(true).filter((role) => !roles(false).includes(role))).toEqual(['reload', 'toggleDevTools']);
    const links = all(menuView(stateOf('connected'), { platform, fromSources: true })).flatMap((item) => (item.kind === 'action' && item.action.do === 'follow' ? [item.action.link] : []));
    expect([links.length, links.every(isHelpLink)]).toEqual([1, true]);
  }
});

test.each(platforms)('on %s no two items have one id or the same keys, in any state and language', (platform) => {
  for (const scene of scenes) {
    for (const language of ['en', 'de', 'fr', 'es', 'zh']) {
      const items = all(menuView(stateOf(scene), { platform, fromSources: true }, trayWords(language, [])));
      const keys = items.flatMap((item) => ('keys' in item && item.keys !== undefined ? [item.keys] : []));
      expect([new Set(items.map(({ id }) => id)).size, new Set(keys).size, items.every(({ label }) => label !== '')]).toEqual([items.length, keys.length, true]);
    }
  }
});

test('a right click has cut, copy and paste in fields, copy where text is selected, and nothing elsewhere', () => {
  const at = (isEditable: boolean, selectionText: string, canCopy = selectionText !== ''): string =>
    brief(contextItems({ isEditable, selectionText, editFlags: { canCut: isEditable && canCopy, canCopy, canPaste: isEditable, canSelectAll: true } }, english.bar));
  expect([at(true, 'word'), at(true, ''), at(true, 'a password', false), at(false, 'word'), at(false, ' \n'), at(false, '')]).toEqual([
    'cut copy paste | selectAll', 'cut(off) copy(off) paste | selectAll', 'cut(off) copy(off) paste | selectAll', 'copy', '', '',
  ]);
});
