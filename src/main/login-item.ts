import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { App } from 'electron';
import { appImageFile } from '../platform/appimage.ts';
import { startEntry } from './desktop-entry.ts';

/** Starts the app at login, hidden, or does so no longer. Electron knows how on macOS and Windows; Linux desktops read a file, which names the AppImage where there is one, since what is mounted of it has another place each time. */
export async function setLoginItem(app: Pick<App, 'setLoginItemSettings' | 'getPath'>, start: boolean): Promise<void> {
  if (process.platform !== 'linux') return app.setLoginItemSettings({ openAtLogin: start, args: ['--hidden'] });
  const file = loginFile(app.getPath('appData'));
  if (!start) return rm(file, { force: true });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, startEntry(appImageFile() ?? app.getPath('exe')));
}

/** `config`: where programs keep a person's settings. */
export function loginFile(config: string): string {
  return join(config, 'autostart', 'webmesh.desktop');
}
