import { join } from 'node:path';
import { Menu, nativeImage, nativeTheme, systemPreferences, Tray, type NativeImage } from 'electron';
import { type Clock } from '../base/clock.ts';
import { template } from './menu-template.ts';
import { type MenuAction } from './menu-items.ts';
import { trayFrames } from './tray-frames.ts';
import { type TrayIcon } from './tray-items.ts';
import { trayView, type TrayState } from './tray-view.ts';
import type { TrayWords } from './words/words.ts';

/** Draws a TrayView, and only when it changed: an open menu closes when it is replaced. */
export interface AppTray {
  update(state: TrayState, words: TrayWords): void;
  destroy(): void;
}

export function createTray(folder: string, clock: Pick<Clock, 'after'>, act: (action: MenuAction) => void): AppTray {
  const tray = new Tray(image(folder, 'disconnected'));
  let icon: TrayIcon = 'disconnected';
  let shown = '';
  const paint = (next: TrayIcon): void => {
    icon = next;
    tray.setImage(image(folder, next));
  };
  const frames = trayFrames(clock, paint, () => systemPreferences.getAnimationSettings().prefersReducedMotion);
  const repaint = (): void => paint(icon);
  nativeTheme.on('updated', repaint);
  tray.on('click', () => {
    if (process.platform !== 'darwin') act({ do: 'open' }); // on macOS a click opens the menu
  });
  tray.on('double-click', () => act({ do: 'open' }));
  return {
    update: (state, words) => {
      const view = trayView(state, words);
      frames.show(view.icon);
      const text = JSON.stringify([view.tooltip, view.items]);
      if (text === shown) return;
      shown = text;
      tray.setToolTip(view.tooltip);
      // Plasma keeps submenus that it has seen; a new tree is what makes it look again.
      tray.setContextMenu(Menu.buildFromTemplate(view.items.map((item) => template(item, act))));
    },
    destroy: () => {
      frames.stop();
      nativeTheme.off('updated', repaint);
      tray.destroy();
    },
  };
}

/**
 * macOS tints a template. Windows has a theme for its own surfaces, apart from that of apps. On Linux nobody tells the panel's: dark is what
 * GNOME and most others have.
 */
function image(folder: string, icon: TrayIcon): NativeImage {
  const ink = process.platform === 'darwin' || (process.platform === 'win32' && !nativeTheme.shouldUseDarkColorsForSystemIntegratedUI) ? 'black' : 'white';
  const picture = nativeImage.createFromPath(join(folder, `${ink}-${icon}.png`));
  if (process.platform === 'darwin') picture.setTemplateImage(true);
  return picture;
}
