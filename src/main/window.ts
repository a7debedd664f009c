import { BrowserWindow } from 'electron';
import { pageUrl } from './page-protocol.ts';
import { type LiveWindow, type Place, type WindowEars } from './window-life.ts';

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly devTools: boolean;
  /** Whether the page holds something that a person typed and has not sent. */
  holdsUnfinished(window: BrowserWindow): Promise<boolean>;
  /** The page could not be loaded. */
  failed(error: unknown): void;
}

/** Makes the one window and loads its page. When it is seen and when it ends is decided in window-life. */
export function openWindow({ preload, icon, devTools, holdsUnfinished, failed }: WindowOptions, place: Place, ears: WindowEars): LiveWindow {
  const window = new BrowserWindow({
    width: 1040,
    height: 720,
    ...place.bounds,
    minWidth: 360,
    minHeight: 480,
    show: false,
    title: 'Webmesh',
    icon,
    backgroundColor: '#101413',
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      devTools,
    },
  });
  const load = (hash: string): void => void window.loadURL(`${pageUrl}${hash}`).catch(failed);
  window.once('ready-to-show', ears.ready);
  window.on('close', (event) => {
    if (ears.closing()) event.preventDefault();
  });
  window.on('closed', ears.closed);
  // Windows asks every window when a person logs out or shuts down, and waits for none.
  window.on('session-end', ears.sessionEnds);
  // A page that crashed is loaded again; the core and the tunnel live in another process and did not notice.
  window.webContents.on('render-process-gone', () => load(hashOf(window)));
  load(place.hash);
  return {
    show: () => {
      if (place.maximized && !window.isVisible()) window.maximize();
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    hide: () => window.hide(),
    minimize: () => window.minimize(),
    isWatched: () => window.isVisible() && window.isFocused(),
    go: load,
    reload: () => window.webContents.reload(),
    holdsUnfinished: () => holdsUnfinished(window),
    place: () => ({ hash: hashOf(window), bounds: window.getNormalBounds(), maximized: window.isMaximized() }),
    destroy: () => window.destroy(),
  };
}

/** Which screen the page shows: the part of its address after #. */
function hashOf(window: BrowserWindow): string {
  const url = window.webContents.getURL();
  return url.startsWith(pageUrl) && url.includes('#') ? url.slice(url.indexOf('#')) : '';
}
