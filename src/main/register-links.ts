import type { App } from 'electron';

export const linkScheme = 'webmesh';

/**
 * Tells the desktop who opens `webmesh:` links. Only an installed app does: one that runs from its sources would stay registered after it is gone.
 * Windows builds a command line from the link; the `--` before it ends all options, for Chromium, for Node and for us, whatever the link holds.
 * macOS and Linux packages declare the scheme and the file type themselves (electron-builder.yml). An AppImage has files of its own for that
 * (appimage-links): to what Electron would name as the default nothing is installed.
 */
export function registerLinks(app: Pick<App, 'isPackaged' | 'setAsDefaultProtocolClient'>, platform: NodeJS.Platform, program: string, appImage: string | undefined): void {
  if (!app.isPackaged || appImage !== undefined) return;
  if (platform === 'win32') app.setAsDefaultProtocolClient(linkScheme, program, ['--']);
  else app.setAsDefaultProtocolClient(linkScheme);
}
