import { BrowserWindow } from 'electron';
import { pageUrl } from './page-protocol.ts';

export interface MainWindow {
  /** Makes the window visible and brings it to the front; with a place: there. */
  show(place?: string): void;
  /** Loads the page anew, for instance because its core went away. */
  reload(): void;
  /** Visible and in front: whoever looks at it needs no notification. */
  isWatched(): boolean;
  /** From now on closing the window ends it instead of hiding it. */
  letGo(): void;
}

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly hidden: boolean;
  readonly devTools: boolean;
  /** The page could not be loaded. */
  failed(error: unknown): void;
}

/** The one window. Its close button hides it: the tunnel goes on, and so does the tray. */
export function createMainWindow({ preload, icon, hidden, devTools, failed }: WindowOptions): MainWindow {
  let mayClose = false;
  const window = new BrowserWindow({
    width: 1040,
    height: 720,
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
  window.once('ready-to-show', () => {
    if (!hidden) window.show();
  });
  window.on('close', (event) => {
    if (mayClose) return;
    event.preventDefault();
    window.hide();
  });
  const load = (): void => void window.loadURL(pageUrl).catch(failed);
  // A page that crashed is loaded again; the core and the tunnel live in another process and did not notice.
  window.webContents.on('render-process-gone', load);
  load();
  return {
    show: (place) => {
      // Within the page that is loaded this is a step to another screen, no load.
      if (place !== undefined) void window.loadURL(`${pageUrl}#/${place}`).catch(failed);
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    reload: () => window.webContents.reload(),
    isWatched: () => window.isVisible() && window.isFocused(),
    letGo: () => {
      mayClose = true;
    },
  };
}
