import { join } from 'node:path';
import { startChromium } from './chromium.ts';
import { app, theApp } from './api/app.ts';
import { BrowserWindow } from './api/browser-window.ts';
import { ipcMain } from './api/ipc-main.ts';
import { Menu, MenuItem, popups, Tray, trays } from './api/menu.ts';
import { registry, takeDenial } from './api/registry.ts';
import { safeStorage } from './api/safe-storage.ts';
import { protocol, session, sessionIsReady } from './api/session.ts';
import { clipboard, dialog, nativeImage, nativeTheme, Notification, powerMonitor, shell, systemPreferences } from './api/surfaces.ts';
import { recorded, strict } from './unsupported.ts';

/** The module that `electron` resolves to: as much of the main process as the product uses, each part checked against Electron's types. */
const webContents = strict('webContents', {
  getAllWebContents: () => [...registry.contents.values()],
  fromId: (id: number) => registry.contents.get(id),
  fromDevToolsTargetId: (targetId: string) => [...registry.contents.values()].find((contents) => contents.targetId === targetId),
});
/** For tests alone: what real Electron gives no handle for. */
const standin = { popups, recorded, trays };

export { app, BrowserWindow, clipboard, dialog, ipcMain, Menu, MenuItem, nativeImage, nativeTheme, Notification, powerMonitor, protocol, safeStorage, session, shell, standin, systemPreferences, Tray, webContents };
export default { app, BrowserWindow, clipboard, dialog, ipcMain, Menu, MenuItem, nativeImage, nativeTheme, Notification, powerMonitor, protocol, safeStorage, session, shell, standin, systemPreferences, Tray, webContents };

export interface BootOptions {
  readonly appFolder: string;
  readonly manifest: { readonly name: string; readonly productName?: string; readonly version: string };
  readonly switches: readonly string[];
  runMain(): Promise<void>;
}

/**
 * A page that is opened by another shares its thread, and whoever drives the browser holds it until it looked at it: closed in that moment, it
 * would hold its opener for ever.
 */
const settleMs = 200;

/** Electron's order: the app's main script first, then the browser, then ready. */
export async function boot({ appFolder, manifest, switches, runMain }: BootOptions): Promise<void> {
  theApp.describe(appFolder, { name: manifest.productName ?? manifest.name, version: manifest.version });
  await runMain();
  if (registry.quitting) return;
  const passed = [...switches, ...theApp.switches].filter((option) => !/^--(remote-debugging-port|inspect)/.test(option));
  registry.chromium = await startChromium({ userData: join(app.getPath('userData'), 'standin-chromium'), headless: process.env.STANDIN_HEADED !== '1', switches: passed });
  const { cdp, process: child } = registry.chromium;
  child.once('exit', () => registry.quitting || app.exit(1));
  cdp.on<{ targetId: string }>('', 'Target.targetDestroyed', ({ targetId }) => windowOf(targetId)?.wasDestroyed());
  cdp.on<{ targetInfo: { targetId: string; openerId?: string } }>('', 'Target.targetCreated', ({ targetInfo: { targetId, openerId } }) => {
    if (openerId !== undefined && takeDenial(openerId)) setTimeout(() => void cdp.send('Target.closeTarget', { targetId }).catch(() => {}), settleMs);
  });
  nativeTheme.on('updated', () => {
    for (const contents of registry.contents.values()) void contents.ready.then(() => contents.applyTheme()).catch(() => {});
  });
  await cdp.send('Target.setDiscoverTargets', { discover: true });
  sessionIsReady();
  theApp.becomeReady();
}

function windowOf(targetId: string): BrowserWindow | undefined {
  return [...registry.windows].find((window) => window.webContents.targetId === targetId);
}
