import { join } from 'node:path';
import { app, clipboard, dialog, ipcMain, nativeTheme, Notification, powerMonitor, protocol, safeStorage, session, shell } from 'electron';
import { asFailure } from '../base/failure.ts';
import { serve } from '../contract/carrier.ts';
import { type Client } from '../contract/client.ts';
import { doFix } from '../contract/fixes.ts';
import { disconnected } from '../contract/wait.ts';
import { sentence } from '../contract/words.ts';
import { createApp } from '../core/app.ts';
import { buildInfo } from '../platform/build-info.ts';
import { systemClock } from '../platform/clock.ts';
import { type RunningCore } from '../platform/core-link.ts';
import { createCorePorts } from '../platform/core-ports.ts';
import { builtFile, defaultHelperSocket, homeAt } from '../platform/home.ts';
import { createLog, fileSink } from '../platform/log-file.ts';
import { createSealedSecrets } from '../platform/sealed-secrets.ts';
import { createFileSecrets } from '../platform/secrets-file.ts';
import { readSmallFile } from '../platform/small-file.ts';
import { handedBy, readArguments } from './arguments.ts';
import { attachToCore, type Attachment } from './attachment.ts';
import { hardenCommandLine, hardenContents, hardenSession } from './hardening.ts';
import { helperFiles, startHelper } from './install-helper.ts';
import { createInviteDoor } from './invite-door.ts';
import { serveWindows } from './ipc.ts';
import { setLoginItem } from './login-item.ts';
import { type Notice } from './notices.ts';
import { createNotifications } from './notifications.ts';
import { declarePageScheme, servePage } from './page-protocol.ts';
import { registerLinks } from './register-links.ts';
import { keyringSealer } from './secrets.ts';
import { systemEvents } from './system-events.ts';
import { createTray, type AppTray } from './tray.ts';
import { type TrayAction } from './tray-view.ts';
import { watchForTray } from './tray-state.ts';
import { createMainWindow, type MainWindow } from './window.ts';

/** The Electron shell's root: one window, one tray icon, and the core of this home or a line to it. */
const options = readArguments(process.argv);
const home = homeAt(options.home);
const log = createLog({ sink: fileSink(home.logFile), clock: systemClock, level: 'info', scope: 'app' });
let ending: 'no' | 'soon' | 'now' = 'no';
const invites = createInviteDoor({ clock: systemClock, readFile: readSmallFile, failed: tellBadInvite });
let showWindow: MainWindow['show'] = () => {};
let isWatched = (): boolean => false;
const notifications = createNotifications({ clock: systemClock, watched: () => isWatched(), show: showNotice });

app.setName('Webmesh');
app.setPath('userData', join(home.folder, 'window'));
app.enableSandbox();
hardenCommandLine(app);
declarePageScheme(protocol);
hardenContents(app, shell, systemClock);
listenForInvites();
if (app.requestSingleInstanceLock()) void app.whenReady().then(start).catch(giveUp);
else app.quit();

/** A link or a file may come before the app is ready: macOS says so by events, the others by the command line. */
function listenForInvites(): void {
  app.on('open-url', (event, link) => {
    event.preventDefault();
    invites.take(handedBy([link], ''));
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    invites.take(handedBy([path], ''));
  });
  app.on('second-instance', (_event, argv, folder) => {
    showWindow();
    // Only an invite is read from another command line, never an option.
    invites.take(handedBy(argv.slice(1), folder));
  });
  invites.take(handedBy(process.argv.slice(1), process.cwd()));
}

async function start(): Promise<void> {
  registerLinks(app, process.platform, process.execPath);
  hardenSession(session.defaultSession);
  servePage(protocol, builtFile(__dirname, 'renderer'));
  let window: MainWindow | undefined;
  let tray: AppTray | undefined;
  const core = await attachToCore({
    socket: home.appSocket,
    start: startCore,
    attached: (client, again) => {
      follow(client, () => tray, () => window);
      if (again) window?.reload();
    },
    failed: giveUp,
  });
  serveWindows(ipcMain, core.open, log.scope('ipc'), systemClock);
  window = createMainWindow({ preload: join(__dirname, 'preload.cjs'), icon: resource('icons', '256x256.png'), hidden: options.hidden, devTools: !app.isPackaged, failed: report });
  showWindow = (place) => window?.show(place);
  isWatched = () => window?.isWatched() === true;
  tray = createTray(resource('tray'), (action) => void act(action, core, window).catch(report));
  follow(core.client, () => tray, () => window);
  keepRunning(core, () => window, () => tray);
  invites.attach(async (link) => {
    showWindow();
    await core.client.call('invite.open', { link });
  });
}

async function startCore(): Promise<RunningCore> {
  const secretsFolder = join(home.folder, 'secrets');
  const ports = await createCorePorts({
    home: home.folder,
    helperSocket: options.helperSocket ?? defaultHelperSocket(),
    version: buildInfo.version,
    log,
    logFile: home.logFile,
    setLogLevel: log.setLevel,
    secrets: createSealedSecrets(secretsFolder, createFileSecrets(secretsFolder), keyringSealer(safeStorage, process.platform)),
    system: systemEvents(powerMonitor),
    startHelper: () => startHelper(helperFiles({ packaged: app.isPackaged, resources: process.resourcesPath, mainFolder: __dirname })),
    quit: () => app.quit(),
  });
  const running = await createApp(ports);
  return {
    serve: (port) => serve(port, running.handlers, running.topics),
    close: async () => {
      await running.close();
      ports.close();
    },
  };
}

/** Shows the core's topics in everything that is no page: tray, theme, login item, notifications. */
function follow(client: Client, tray: () => AppTray | undefined, window: () => MainWindow | undefined): void {
  watchForTray(client, (state) => tray()?.update(state));
  client.watch('settings', ({ theme, startAtLogin }) => {
    nativeTheme.themeSource = theme;
    if (app.isPackaged) void setLoginItem(app, startAtLogin).catch(report);
  });
  // Also one that was opened elsewhere, such as in a terminal: whoever is asked must see the question.
  let offered: string | undefined;
  client.watch('invitation', ({ offer }) => {
    if (offer !== null && offer.link !== offered) window()?.show();
    offered = offer?.link;
  });
  notifications.follow(client);
}

async function act(action: TrayAction, { client }: Attachment, window: MainWindow | undefined): Promise<void> {
  switch (action.do) {
    case 'connect':
      return void (await client.call('session.connect', action.profile === undefined ? {} : { profile: action.profile }));
    case 'disconnect':
      return void (await client.call('session.disconnect', {}));
    case 'copy':
      return clipboard.writeText(action.text);
    case 'open':
      return window?.show();
    case 'problems':
      return window?.show('health');
    case 'fix':
      return 'place' in action.way ? window?.show(action.way.place) : void (await doFix(client, action.way));
    case 'quit':
      return app.quit();
  }
}

/** The app outlives its window; only Quit ends it, after the tunnel was taken down. */
function keepRunning(core: Attachment, window: () => MainWindow | undefined, tray: () => AppTray | undefined): void {
  app.on('activate', () => window()?.show());
  app.on('window-all-closed', () => {}); // the default would quit
  app.on('before-quit', (event) => {
    if (ending === 'now') return;
    event.preventDefault();
    if (ending === 'soon') return;
    ending = 'soon';
    void end(core).finally(() => {
      ending = 'now';
      notifications.close();
      tray()?.destroy();
      window()?.letGo();
      app.quit();
    });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
}

async function end(core: Attachment): Promise<void> {
  try {
    if (core.owned) await disconnected(core.client, systemClock);
  } catch (error) {
    report(error); // We end all the same; the helper clears the tunnel when it sees us gone.
  }
  await core.close().catch(report);
}

function resource(...parts: string[]): string {
  return join(app.getAppPath(), 'resources', ...parts);
}

function report(error: unknown): void {
  const { code, detail } = asFailure(error);
  log.warn('shell.action-failed', { code, detail });
}

/** The list of problems is where a click on a notification leads. */
function showNotice(notice: Notice): { close(): void } {
  if (!Notification.isSupported()) return { close: () => {} };
  const notification = new Notification(notice);
  notification.on('click', () => showWindow('health'));
  notification.show();
  return notification;
}

/** Without a window of its own: a box would stop everything else until somebody closes it, as often as a web page likes. */
function tellBadInvite(error: unknown): void {
  report(error);
  const { what, next } = sentence(asFailure(error));
  if (Notification.isSupported()) new Notification({ title: 'Webmesh cannot use this invite', body: `${what} ${next}` }).show();
}

/** Nothing can be shown without a core: one sentence, the next step, and the end. */
function giveUp(error: unknown): void {
  const failure = asFailure(error);
  log.error('shell.cannot-start', { code: failure.code, detail: failure.detail });
  const { what, next } = sentence(failure);
  dialog.showErrorBox('Webmesh cannot start', `${what}\n\n${next}`);
  app.exit(1);
}
