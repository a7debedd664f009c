import { type MenuAction, type MenuItem, type MenuRole } from './menu-items.ts';
import { quitItems, sessionItems, versionItems, type TrayState } from './tray-view.ts';
import { type ShellWords } from './words/en.ts';
import { english, type TrayWords } from './words/words.ts';

export interface MenuSetting {
  readonly platform: NodeJS.Platform;
  /** Only who works on the app has a use for reloading the page and for its inspector; packaged, Chromium refuses them too. */
  readonly fromSources: boolean;
}

/** How WireGuard works. The project has no page of its own yet; nothing of Electron's is linked. */
export const wireGuardPage = 'https://www.wireguard.com/';

/** In the order of the window's own list. */
const screens = ['connect', 'peers', 'people', 'device', 'health', 'settings'] as const;

const line: MenuItem = { kind: 'line' };

/**
 * The application's menu. On macOS it is at the top of the screen, also while there is no window, and copy and paste come from it. On Windows
 * and Linux it is behind Alt or F10, so that keyboards and screen readers reach all of it; the page needs none of its keys.
 */
export function menuView(state: TrayState, setting: MenuSetting, words: TrayWords = english): readonly MenuItem[] {
  const mac = setting.platform === 'darwin';
  return [
    ...(mac ? [appMenu(state, words)] : []),
    networkMenu(state, setting, words),
    editMenu(words),
    viewMenu(state, setting, words),
    ...(mac ? [windowMenu(words)] : []),
    helpMenu(state, setting, words),
  ];
}

/** macOS: what every app has below its own name. */
function appMenu(state: TrayState, words: TrayWords): MenuItem {
  const { bar } = words;
  return menu('app', 'Webmesh', [
    role('about', bar),
    action('update', bar.update, { do: 'check-for-updates' }),
    line,
    settingsItem(words),
    line,
    role('services', bar),
    line,
    role('hide', bar), role('hideOthers', bar), role('unhide', bar),
    line,
    ...endItems(state, words, 'darwin'),
  ]);
}

function networkMenu(state: TrayState, { platform }: MenuSetting, words: TrayWords): MenuItem {
  const { bar } = words;
  const present = state.profiles.list.length === 0 ? [] : [...sessionItems(state, words), line];
  return menu('network', bar.network, [
    ...present,
    action('new', bar.create, { do: 'open', at: 'add/new' }, 'CmdOrCtrl+N'),
    action('join', bar.join, { do: 'open', at: 'add/join' }, 'CmdOrCtrl+J'),
    line,
    ...(platform === 'darwin' ? [] : [settingsItem(words), line]),
    role('close', bar),
    ...(platform === 'darwin' ? [] : [line, ...endItems(state, words, platform)]),
  ]);
}

function editMenu({ bar }: TrayWords): MenuItem {
  return menu('edit', bar.edit, [role('undo', bar), role('redo', bar), line, role('cut', bar), role('copy', bar), role('paste', bar), role('selectAll', bar)]);
}

/** Before there is a network the window has one screen. */
function viewMenu({ profiles }: TrayState, { fromSources }: MenuSetting, { bar, places }: TrayWords): MenuItem {
  const off = profiles.list.length === 0;
  return menu('view', bar.view, [
    ...screens.map((at, i): MenuItem => ({ kind: 'action', id: `screen-${at}`, label: places[at], action: { do: 'open', at }, keys: `CmdOrCtrl+${i + 1}`, off })),
    line,
    role('resetZoom', bar),
    role('zoomIn', bar),
    // Electron takes "Plus" for the shifted key; most people press the other half of it.
    { kind: 'role', id: 'zoomIn-plain', label: bar.roles.zoomIn, role: 'zoomIn', keys: 'CmdOrCtrl+=', unseen: true },
    role('zoomOut', bar),
    line,
    role('togglefullscreen', bar),
    ...(fromSources ? [line, role('reload', bar), role('toggleDevTools', bar)] : []),
  ]);
}

function windowMenu({ bar }: TrayWords): MenuItem {
  return { ...menu('window', bar.window, [role('minimize', bar), role('zoom', bar), line, role('front', bar)]), role: 'window' };
}

function helpMenu({ versions }: TrayState, { platform }: MenuSetting, words: TrayWords): MenuItem {
  const { bar, menu: shared } = words;
  return { ...menu('help', shared.help, [
    action('problems', bar.problems, { do: 'problems' }),
    action('report', shared.report, { do: 'report' }),
    action('wireguard', bar.wireGuard, { do: 'follow', link: wireGuardPage }),
    line,
    ...versionItems(versions, words),
    ...(platform === 'darwin' ? [] : [line, action('update', bar.update, { do: 'check-for-updates' }), role('about', bar)]),
  ]), role: 'help' };
}

function settingsItem({ menu: shared }: TrayWords): MenuItem {
  return action('settings', shared.settings, { do: 'open', at: 'settings' }, 'CmdOrCtrl+,');
}

/** The tray's own words and rules. Windows has no key for quitting: Alt+F4 closes the window. */
function endItems(state: TrayState, words: TrayWords, platform: NodeJS.Platform): readonly MenuItem[] {
  return quitItems(state, words).map((item, i) => (i === 0 && platform !== 'win32' ? { ...item, keys: 'CmdOrCtrl+Q' } : item));
}

function menu(id: string, label: string, items: readonly MenuItem[]): Extract<MenuItem, { kind: 'menu' }> {
  return { kind: 'menu', id: `menu-${id}`, label, items };
}

function action(id: string, label: string, what: MenuAction, keys?: string): MenuItem {
  return { kind: 'action', id, label, action: what, ...(keys === undefined ? {} : { keys }) };
}

function role(name: MenuRole, bar: ShellWords['bar']): MenuItem {
  return { kind: 'role', id: name, label: bar.roles[name], role: name };
}
