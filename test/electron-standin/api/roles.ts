import type * as Electron from 'electron';
import { record, StandinUnsupported } from '../unsupported.ts';
import { type BrowserWindow } from './browser-window.ts';
import { registry } from './registry.ts';

type Role = NonNullable<Electron.MenuItemConstructorOptions['role']>;

interface RoleRules {
  /** As Electron's documentation gives them; undefined: none. */
  readonly accelerator?: string;
  /** On the window that has the focus; without one nothing happens. */
  readonly run?: (window: BrowserWindow) => void;
  /** On the app itself. Neither: a submenu of the system's. */
  readonly act?: () => void;
}

const edit = (command: string, accelerator: string): RoleRules => ({ accelerator, run: (window) => window.webContents.edit(command) });
const ofApp = (name: string): RoleRules => ({ act: () => record(name) });

/** The roles that the product uses, and what they do. Any other throws. */
const rules: Partial<Record<Role, RoleRules>> = {
  undo: edit('undo', 'CommandOrControl+Z'), redo: edit('redo', 'Shift+CommandOrControl+Z'), cut: edit('cut', 'CommandOrControl+X'), copy: edit('copy', 'CommandOrControl+C'),
  paste: edit('paste', 'CommandOrControl+V'), selectAll: edit('selectAll', 'CommandOrControl+A'),
  close: { accelerator: 'CommandOrControl+W', run: (window) => window.close() },
  minimize: { accelerator: 'CommandOrControl+M', run: (window) => window.minimize() },
  zoom: { run: (window) => window.maximize() },
  togglefullscreen: { accelerator: 'F11', run: (window) => window.setFullScreen(!window.isFullScreen()) },
  resetZoom: { accelerator: 'CommandOrControl+0', run: ({ webContents }) => webContents.setZoomLevel(0) },
  zoomIn: { accelerator: 'CommandOrControl+Plus', run: ({ webContents }) => webContents.setZoomLevel(webContents.getZoomLevel() + 0.5) },
  zoomOut: { accelerator: 'CommandOrControl+-', run: ({ webContents }) => webContents.setZoomLevel(webContents.getZoomLevel() - 0.5) },
  reload: { accelerator: 'CommandOrControl+R', run: ({ webContents }) => webContents.reload() },
  toggleDevTools: { accelerator: 'Control+Shift+I', run: () => record('webContents.toggleDevTools') },
  about: ofApp('app.showAboutPanel'), front: ofApp('app.front'), hide: { ...ofApp('app.hide'), accelerator: 'Command+H' }, hideOthers: { ...ofApp('app.hideOthers'), accelerator: 'Command+Alt+H' }, unhide: ofApp('app.unhide'),
  services: {}, window: {}, help: {},
};

export function rulesOf(role: Role): RoleRules {
  const known = rules[role];
  if (known === undefined) throw new StandinUnsupported(`MenuItem role ${role}`);
  return known;
}

export function runRole(role: Role): void {
  const { run, act } = rulesOf(role);
  act?.();
  if (registry.focused !== null) run?.(registry.focused);
}
