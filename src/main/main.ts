import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { app, type BrowserWindow, clipboard, dialog, ipcMain, nativeTheme, Notification, powerMonitor, protocol, safeStorage, session, shell } from 'electron';
import { asFailure } from '../base/failure.ts';
import { serve } from '../contract/carrier.ts';
import { type Client } from '../contract/client.ts';
import { wayOf } from '../contract/fixes.ts';
import { type PeersTopic } from '../contract/state.ts';
import { sentenceIn } from '../contract/say.ts';
import { present } from '../contract/wait.ts';
import { createApp } from '../core/app.ts';
import { appImageFile } from '../platform/appimage.ts';
import { buildInfo } from '../platform/build-info.ts';
import { systemClock } from '../platform/clock.ts';
import { type RunningCore } from '../platform/core-link.ts';
import { createCorePorts } from '../platform/core-ports.ts';
import { builtFile, defaultHelperSocket, homeAt } from '../platform/home.ts';
import { keepMemoryLean } from '../platform/lean-memory.ts';
import { createLog, fileSink } from '../platform/log-file.ts';
import { createSealedSecrets } from '../platform/sealed-secrets.ts';
import { createFileSecrets } from '../platform/secrets-file.ts';
import { readSmallFile } from '../platform/small-file.ts';
import { findTrayHost } from '../platform/tray-host.ts';
import { act, type ActPorts } from './acts.ts';
import { registerAppImage } from './appimage-links.ts';
import { handedBy, readArguments } from './arguments.ts';
import { attachToCore, type Attachment } from './attachment.ts';
import { closingWith } from './closing.ts';
import { followWindow } from './dock.ts';
import { endInOrder } from './ending.ts';
import { hardenCommandLine, hardenContents, hardenSession } from './hardening.ts';
import { helperFiles, startHelper } from './install-helper.ts';
import { createInviteDoor } from './invite-door.ts';
import { serveWindows } from './ipc.ts';
import { setLoginItem } from './login-item.ts';
import { type MenuAction } from './menu-items.ts';
import { createAppMenu, offerContextMenu, withoutForeignMenu, type AppMenu } from './menu.ts';
import { type Notice } from './notices.ts';
import { createNotifications } from './notifications.ts';
import { declarePageScheme, servePage } from './page-protocol.ts';
import { peerLink } from './peer-links.ts';
import { keyringSealer } from './secrets.ts';
import { systemEvents } from './system-events.ts';
import { createTray } from './tray.ts';
import { watchForTray } from './tray-state.ts';
import { createUnfinishedQuestion } from './unfinished.ts';
import { uninstall } from './uninstall.ts';
import { linkPlaces, uninstallPorts } from './uninstall-root.ts';
import { openWindow } from './window.ts';
import { createMainWindow, type MainWindow } from './window-life.ts';
import { trayWords, type TrayWords } from './words/words.ts';

/** The Electron shell's root: one window, one tray icon, and the core of this home or a line to it. */
const options = readArguments(process.argv);
const home = homeAt(options.home);
const log = createLog({ sink: fileSink(home.logFile), clock: systemClock, level: 'info', scope: 'app' });
const invites = createInviteDoor({ clock: systemClock, readFile: readSmallFile, failed: tellBadInvite });
/** Whose pages may be opened outside: the mesh that is shown now. */
let peers: Pick<PeersTopic, 'list'> = { list: [] };
/** Pages at which the network at hand wants a person to sign in. */
let signIn: readonly string[] = [];
let showWindow: MainWindow['show'] = () => {};
let isWatched = (): boolean => false;
const notifications = createNotifications({ clock: systemClock, watched: () => isWatched(), show: (notice) => tell(notice, () => showWindow('health')), words: wordsOf });
/** The language of the settings, once they are known. */
let language = 'system';

app.setName('Webmesh');
app.setPath('userData', options.uninstall === 'no' ? join(home.folder, 'window') : mkdtempSync(join(tmpdir(), 'webmesh-uninstall-')));
app.enableSandbox();
hardenCommandLine(app);
declarePageScheme(protocol);
hardenContents(app, shell, systemClock, (link) => peerLink(link, peers) ?? signIn.find((page) => page === link) ?? null);
withoutForeignMenu();
offerContextMenu(app, () => wordsOf(language));
if (options.uninstall !== 'no') void takeBack(options.uninstall === 'purge').then((code) => app.exit(code));
else begin();

function begin(): void {
  listenForInvites();
  if (app.requestSingleInstanceLock()) void app.whenReady().then(start).catch(giveUp);
  else app.quit();
}

/** In the terminal that it was asked in; no window is made, and nothing else of the app is started. Answers the process's code. */
async function takeBack(purge: boolean): Promise<number> {
  const words = wordsOf('system');
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const file = appImageFile();
  try {
    if (file === undefined) {
      say(words.uninstall.notAppImage);
      return 1;
    }
    const at = { socket: home.appSocket, helperSocket: options.helperSocket ?? defaultHelperSocket(), version: buildInfo.version };
    await uninstall(purge, { ...uninstallPorts(file, at, systemClock), say }, words.uninstall);
    return 0;
  } catch (error) {
    const { what, next } = sentenceIn(words.shared, asFailure(error));
    say(`${what} ${next}`);
    return 1;
  } finally {
    // Chromium keeps a profile there as long as it runs.
    process.on('exit', () => rmSync(app.getPath('userData'), { recursive: true, force: true, maxRetries: 5 }));
  }
}

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
  keepMemoryLean(systemClock, { calm: true });
  // Installers say themselves who opens invites, and take it back; an AppImage has none.
  const appImage = app.isPackaged && process.platform === 'linux' ? appImageFile() : undefined;
  if (appImage !== undefined) void registerAppImage(appImage, linkPlaces(app.getPath('appData'))).catch(report);
  hardenSession(session.defaultSession, () => wordsOf(language).saveInvite);
  servePage(protocol, builtFile(__dirname, 'renderer'));
  let window: MainWindow | undefined;
  const menus: Pick<AppMenu, 'update'>[] = [];
  const core = await attachToCore({
    socket: home.appSocket,
    start: startCore,
    attached: (client, again) => {
      if (!again) return;
      follow(core, client, menus, () => window);
      window?.reload();
    },
    failed: giveUp,
  });
  const clearScreen = (): void => {
    notifications.close();
    tray.destroy();
    window?.letGo();
  };
  const ending = endInOrder({ app, power: powerMonitor, clock: systemClock, core, clearScreen, failed: report });
  const unfinished = createUnfinishedQuestion(systemClock);
  serveWindows(ipcMain, core.open, log.scope('ipc'), systemClock, unfinished.hear);
  const windowOptions = { preload: join(__dirname, 'preload.cjs'), icon: resource('icons', '256x256.png'), devTools: !app.isPackaged, holdsUnfinished: ({ webContents }: BrowserWindow) => unfinished.ask(webContents), failed: report };
  window = createMainWindow({
    clock: systemClock,
    make: (place, ears) => openWindow(windowOptions, place, ears),
    closing: async () => closingWith(await findTrayHost(process.platform), (await present(core.client, 'profiles')).list.some(({ session: { want } }) => want === 'connected')),
    hidden: () => void explainClosing(core.client).catch(report),
    seen: (visible) => followWindow(app, visible),
    quit: () => app.quit(),
    sessionEnds: () => ending.atOnce(),
  });
  showWindow = (place) => window?.show(place);
  isWatched = () => window?.isWatched() === true;
  app.setAboutPanelOptions({ applicationName: 'Webmesh', applicationVersion: buildInfo.version, copyright: 'Apache-2.0', iconPath: resource('icons', '256x256.png') });
  const clicked = (action: MenuAction): void => void act(action, { client: core.client, window, ...system }).catch(report);
  const tray = createTray(resource('tray'), systemClock, clicked);
  menus.push(tray, createAppMenu({ platform: process.platform, fromSources: !app.isPackaged }, clicked));
  follow(core, core.client, menus, () => window);
  app.on('activate', () => window?.show());
  if (options.hidden) void window.startOutOfSight().catch(report);
  else window.show();
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

/** Shows the core's topics in everything that is no page: tray, menu, theme, login item, notifications. */
function follow(core: Pick<Attachment, 'owned'>, client: Client, menus: readonly Pick<AppMenu, 'update'>[], window: () => MainWindow | undefined): void {
  watchForTray(client, { version: buildInfo.version, owned: () => core.owned }, (state, chosen) => menus.forEach((menu) => menu.update(state, wordsOf(chosen))));
  client.watch('peers', (now) => {
    peers = now;
  });
  client.watch('health', ({ warnings }) => {
    signIn = warnings.map(wayOf).flatMap((way) => (way !== null && 'open' in way ? [way.open] : []));
  });
  client.watch('settings', ({ theme, startAtLogin, language: chosen }) => {
    language = chosen;
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

/** Once for each home: the first time that its window was closed. */
async function explainClosing(client: Client): Promise<void> {
  if ((await present(client, 'settings')).closeExplained) return;
  const said = wordsOf(language).wentToTray;
  tell({ title: said.title, body: process.platform === 'darwin' || process.platform === 'win32' ? said[process.platform] : said.linux });
  await client.call('settings.update', { closeExplained: true });
}

/** What a click in a menu may ask of the system. */
const system: Omit<ActPorts, 'client' | 'window'> = {
  copy: async (text) => {
    await clipboard.writeText(text);
    tell({ title: wordsOf(language).copied, body: text });
  },
  openOutside: (link) => shell.openExternal(link),
  tellReport: (path) => {
    const { title, body } = wordsOf(language).reported;
    tell({ title, body: body(path) });
  },
  quit: () => app.quit(),
};

function wordsOf(choice: string): TrayWords {
  return trayWords(choice, app.getPreferredSystemLanguages());
}

/** `click`: where a click on it leads; left out: nowhere. */
function tell(notice: Notice, click?: () => void): { close(): void } {
  if (!Notification.isSupported()) return { close: () => {} };
  const notification = new Notification(notice);
  if (click) notification.on('click', click);
  notification.show();
  return notification;
}

function resource(...parts: string[]): string {
  return join(app.getAppPath(), 'resources', ...parts);
}

function report(error: unknown): void {
  const { code, detail } = asFailure(error);
  log.warn('shell.action-failed', { code, detail });
}

/** Without a window of its own: a box would stop everything else until somebody closes it, as often as a web page likes. */
function tellBadInvite(error: unknown): void {
  report(error);
  const words = wordsOf(language);
  const { what, next } = sentenceIn(words.shared, asFailure(error));
  tell({ title: words.badInvite, body: `${what} ${next}` });
}

/** Nothing can be shown without a core: one sentence, the next step, and the end. */
function giveUp(error: unknown): void {
  const failure = asFailure(error);
  log.error('shell.cannot-start', { code: failure.code, detail: failure.detail });
  const words = wordsOf(language);
  const { what, next } = sentenceIn(words.shared, failure);
  dialog.showErrorBox(words.cannotStart, `${what}\n\n${next}`);
  app.exit(1);
}
