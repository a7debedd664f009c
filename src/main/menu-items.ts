import { type TrayAction, type TrayItem } from './tray-items.ts';

/** What a click in the application's menu may ask for: what the tray's may, and a little more. */
export type MenuAction =
  | Exclude<TrayAction, { readonly do: 'open' }>
  /** `at` is the screen to show, as its address after `#/`; left out: the one that was shown last. */
  | { readonly do: 'open'; readonly at?: 'settings' | 'peers' | 'add' | 'add/new' | 'add/join' | 'connect' | 'people' | 'device' | 'health' }
  | { readonly do: 'check-for-updates' }
  /** A page in the person's browser. */
  | { readonly do: 'follow'; readonly link: string };

/** What Electron does by itself, on whatever window and field has the focus. Their keys are Electron's own unless an item says others. */
export const menuRoles = [
  'undo', 'redo', 'cut', 'copy', 'paste', 'selectAll', 'close', 'minimize', 'zoom', 'front', 'togglefullscreen', 'resetZoom', 'zoomIn', 'zoomOut', 'about', 'services', 'hide', 'hideOthers', 'unhide',
  'reload', 'toggleDevTools',
] as const;
export type MenuRole = (typeof menuRoles)[number];

export type MenuItem =
  | TrayItem
  /** `keys` in Electron's notation of accelerators. */
  | { readonly kind: 'action'; readonly id: string; readonly label: string; readonly action: MenuAction; readonly keys?: string; readonly off?: boolean }
  /** `unseen`: it is there for its keys alone. */
  | { readonly kind: 'role'; readonly id: string; readonly label: string; readonly role: MenuRole; readonly keys?: string; readonly off?: boolean; readonly unseen?: boolean }
  /** `role`: macOS adds entries of its own to these. */
  | { readonly kind: 'menu'; readonly id: string; readonly label: string; readonly items: readonly MenuItem[]; readonly role?: 'window' | 'help' };
