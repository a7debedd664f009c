import { join } from 'node:path';
import { Menu, nativeImage, nativeTheme, Tray, type MenuItemConstructorOptions, type NativeImage } from 'electron';
import { trayView, type TrayAction, type TrayIcon, type TrayItem, type TrayState } from './tray-view.ts';

/** Draws a TrayView, and only when it changed: an open menu closes when it is replaced. */
export interface AppTray {
  update(state: TrayState): void;
  destroy(): void;
}

export function createTray(folder: string, act: (action: TrayAction) => void): AppTray {
  const tray = new Tray(image(folder, 'disconnected'));
  let shown = '';
  tray.on('click', () => {
    if (process.platform !== 'darwin') act({ do: 'open' }); // on macOS a click opens the menu
  });
  tray.on('double-click', () => act({ do: 'open' }));
  const draw = (state: TrayState): void => {
    const view = trayView(state);
    const text = JSON.stringify([view, nativeTheme.shouldUseDarkColors]);
    if (text === shown) return;
    shown = text;
    tray.setImage(image(folder, view.icon));
    tray.setToolTip(view.tooltip);
    // Plasma keeps submenus that it has seen; a new tree is what makes it look again.
    tray.setContextMenu(Menu.buildFromTemplate(view.items.map((item) => template(item, act))));
  };
  return { update: draw, destroy: () => tray.destroy() };
}

function image(folder: string, icon: TrayIcon): NativeImage {
  // macOS tints a template; elsewhere the panel is taken to be dark unless the system says that it is light.
  const ink = process.platform === 'darwin' || (process.platform === 'win32' && !nativeTheme.shouldUseDarkColors) ? 'black' : 'white';
  const picture = nativeImage.createFromPath(join(folder, `${ink}-${icon}.png`));
  if (process.platform === 'darwin') picture.setTemplateImage(true);
  return picture;
}

function template(item: TrayItem, act: (action: TrayAction) => void): MenuItemConstructorOptions {
  switch (item.kind) {
    case 'text':
      return { id: item.id, label: escaped(item.label), enabled: false };
    case 'line':
      return { type: 'separator' };
    case 'action':
      return {
        id: item.id,
        label: escaped(item.label),
        ...(item.checked === undefined ? {} : { type: 'radio' as const, checked: item.checked }),
        click: () => act(item.action),
      };
    case 'menu':
      return { id: item.id, label: escaped(item.label), submenu: item.items.map((inner) => template(inner, act)) };
  }
}

/** In a menu a single & marks the next letter as its key. Names come from other machines. */
function escaped(label: string): string {
  return label.slice(0, 120).replaceAll('&', '&&');
}
