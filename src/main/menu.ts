import { BrowserWindow, Menu, type App } from 'electron';
import { contextItems } from './context-view.ts';
import { type MenuAction } from './menu-items.ts';
import { template } from './menu-template.ts';
import { menuView, type MenuSetting } from './menu-view.ts';
import { type TrayState } from './tray-view.ts';
import { type TrayWords } from './words/words.ts';

/** Draws a menu view, and only when it changed. */
export interface AppMenu {
  update(state: TrayState, words: TrayWords): void;
}

/** Before the app is ready: Electron would show a menu of its own, with links to its own site and the page's inspector. */
export function withoutForeignMenu(): void {
  Menu.setApplicationMenu(null);
}

export function createAppMenu(setting: MenuSetting, act: (action: MenuAction) => void): AppMenu {
  let shown = '';
  return {
    update: (state, words) => {
      const items = menuView(state, setting, words);
      const text = JSON.stringify(items);
      if (text === shown) return;
      shown = text;
      Menu.setApplicationMenu(Menu.buildFromTemplate(items.map((item) => template(item, act))));
    },
  };
}

/** Electron shows nothing at a right click by itself. */
export function offerContextMenu(app: Pick<App, 'on'>, words: () => TrayWords): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('context-menu', (_clicked, place) => {
      const items = contextItems(place, words().bar);
      const window = BrowserWindow.fromWebContents(contents);
      if (items.length === 0 || window === null) return;
      // From the keyboard it belongs to the field and not to wherever the mouse is.
      const at = place.menuSourceType === 'keyboard' ? { x: Math.round(place.x), y: Math.round(place.y) } : {};
      Menu.buildFromTemplate(items.map((item) => template(item, () => {}))).popup({ window, ...at });
    });
  });
}
