import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from 'electron';
import { appImageFile } from '../platform/appimage.ts';

/** Starts the app at login, hidden, or does so no longer. Electron knows how on macOS and Windows; Linux desktops read a file, which names the AppImage where there is one, since what is mounted of it has another place each time. */
export async function setLoginItem(app: Pick<App, 'setLoginItemSettings' | 'getPath'>, start: boolean): Promise<void> {
  if (process.platform !== 'linux') return app.setLoginItemSettings({ openAtLogin: start, args: ['--hidden'] });
  const folder = join(app.getPath('appData'), 'autostart');
  const file = join(folder, 'webmesh.desktop');
  if (!start) return rm(file, { force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(file, desktopEntry(appImageFile() ?? app.getPath('exe')));
}

/** Desktop Application Autostart Specification: one entry in ~/.config/autostart. */
export function desktopEntry(program: string): string {
  const quoted = `"${program.replace(/[\\"`$]/g, '\\$&').replaceAll('%', '%%')}"`;
  return `[Desktop Entry]\nType=Application\nName=Webmesh\nExec=${quoted} --hidden\nIcon=webmesh-desktop\nX-GNOME-Autostart-enabled=true\n`;
}
