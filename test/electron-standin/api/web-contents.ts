import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { fromChromium, originOf, toChromium } from '../addresses.ts';
import { makeCodec } from '../codec.ts';
import { binding, preloadWorld, scriptsFor } from '../page-scripts.ts';
import { cancelable, StandinUnsupported } from '../unsupported.ts';
import { type BrowserWindow } from './browser-window.ts';
import { ipcMain } from './ipc-main.ts';
import { answerRequest, type PausedRequest } from './requests.ts';
import { chromium, denyPopup, registry } from './registry.ts';
import { defaultSession } from './session.ts';
import { nativeTheme } from './surfaces.ts';

const codec = makeCodec();
let nextId = 1;

type Shape = Pick<Electron.WebContents, 'send' | 'loadURL' | 'getURL' | 'reload' | 'isDestroyed' | 'executeJavaScript' | 'getZoomLevel' | 'setZoomLevel'>;
type OpenHandler = (details: { url: string }) => { action: 'deny' | 'allow' };

/** One page: its frame in Chromium, its preload in an isolated world, and the messages between both and main. */
export class WebContents extends EventEmitter implements Shape {
  readonly id = nextId++;
  readonly session = defaultSession;
  readonly ready: Promise<void>;
  mainFrame: { url: string; origin: string; readonly parent: null } = { url: '', origin: 'null', parent: null };
  targetId = '';
  readonly #owner: BrowserWindow;
  readonly #preferences: Electron.WebPreferences;
  readonly #expected = new Set<string>();
  #session = '';
  #frame = '';
  #preloadContext = 0;
  #openHandler: OpenHandler = () => ({ action: 'allow' });
  #shown = false;
  #gone = false;
  #zoomLevel = 0;

  constructor(owner: BrowserWindow, { webPreferences = {} }: Electron.BrowserWindowConstructorOptions) {
    super();
    refuseUnsafe(webPreferences);
    this.#owner = owner;
    this.#preferences = webPreferences;
    registry.contents.set(this.id, this);
    this.ready = this.#start();
    this.ready.catch((error: unknown) => this.#gone || process.stderr.write(`stand-in: ${String(error)}\n`));
  }

  send(channel: string, ...args: unknown[]): void {
    const text = JSON.stringify({ name: channel, args: codec.encode(args) });
    void this.ready.then(() => this.#deliver(text)).catch(() => {});
  }

  async loadURL(url: string): Promise<void> {
    await this.ready;
    const address = toChromium(url);
    this.#expected.add(address);
    const loaded = new Promise<void>((resolve) => this.once('did-finish-load', () => resolve()));
    const { errorText, loaderId } = await this.#call<{ errorText?: string; loaderId?: string }>('Page.navigate', { url: address });
    if (errorText !== undefined) throw new Error(`${errorText} loading '${url}'`);
    // Another place in the same document: nothing is requested or loaded.
    if (loaderId === undefined) return void this.#expected.delete(address);
    await loaded;
  }

  reload(): void {
    this.#expected.add(toChromium(this.mainFrame.url));
    void this.#call('Page.reload').catch(() => {});
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  isDestroyed(): boolean {
    return this.#gone;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler;
  }

  async executeJavaScript(code: string): Promise<unknown> {
    await this.ready;
    const answer = await this.#call<{ result: { value: unknown }; exceptionDetails?: { text: string } }>('Runtime.evaluate', { expression: code, awaitPromise: true, returnByValue: true });
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.text);
    return answer.result.value;
  }

  /** A number only; nothing is drawn larger. */
  getZoomLevel(): number {
    return this.#zoomLevel;
  }
  setZoomLevel(level: number): void {
    this.#zoomLevel = level;
  }

  /** An editing command of the field that has the focus, done by Chromium. */
  edit(command: string): void {
    void this.#call('Input.dispatchKeyEvent', { type: 'rawKeyDown', commands: [command] }).catch(() => {});
  }

  close(): void {
    this.#owner.destroy();
  }

  /** Chromium says that the page is gone. */
  wasDestroyed(): void {
    this.#gone = true;
    registry.contents.delete(this.id);
    this.emit('destroyed');
  }

  async applyTheme(): Promise<void> {
    const value = nativeTheme.themeSource === 'system' ? '' : nativeTheme.themeSource;
    await this.#call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
  }

  #call<Result = unknown>(method: string, params: object = {}): Promise<Result> {
    return chromium().cdp.send<Result>(method, params, this.#session);
  }

  async #start(): Promise<void> {
    const { cdp } = chromium();
    const { width, height } = this.#owner.getBounds();
    ({ targetId: this.targetId } = await cdp.send<{ targetId: string }>('Target.createTarget', { url: 'about:blank', newWindow: true, width, height }));
    ({ sessionId: this.#session } = await cdp.send<{ sessionId: string }>('Target.attachToTarget', { targetId: this.targetId, flatten: true }));
    this.#listen();
    const { frameTree } = await this.#call<{ frameTree: { frame: { id: string } } }>('Page.getFrameTree');
    this.#frame = frameTree.frame.id;
    const scripts = this.#preferences.preload === undefined ? [] : scriptsFor(this.#preferences.preload, `standin-${randomUUID()}`);
    await Promise.all([
      this.#call('Page.enable'),
      this.#call('Runtime.enable'),
      this.#call('Runtime.addBinding', { name: binding, executionContextName: preloadWorld }),
      ...scripts.map((script) => this.#call('Page.addScriptToEvaluateOnNewDocument', script)),
      this.#call('Fetch.enable', { patterns: [{ urlPattern: '*', requestStage: 'Request' }] }),
      this.applyTheme(),
      applyPermissions(),
    ]);
  }

  #listen(): void {
    const on = <Params>(method: string, hear: (params: Params) => void): void => chromium().cdp.on<Params>(this.#session, method, hear);
    on<{ context: { id: number; name: string; auxData?: { frameId?: string } } }>('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === preloadWorld && context.auxData?.frameId === this.#frame) this.#preloadContext = context.id;
    });
    on<{ name: string; payload: string; executionContextId: number }>('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === binding && executionContextId === this.#preloadContext) this.#take(JSON.parse(payload));
    });
    on<{ frame: { id: string; parentId?: string; url: string } }>('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId !== undefined) return;
      const url = fromChromium(frame.url);
      this.#frame = frame.id;
      this.mainFrame = { url, origin: originOf(url), parent: null };
    });
    on<{ frameId: string; url: string }>('Page.navigatedWithinDocument', ({ frameId, url }) => {
      if (frameId === this.#frame) this.mainFrame = { ...this.mainFrame, url: fromChromium(url) };
    });
    on('Page.loadEventFired', () => this.#loaded());
    on<{ url: string }>('Page.windowOpen', ({ url }) => {
      if (this.#openHandler({ url: fromChromium(url) }).action === 'deny') denyPopup(this.targetId);
    });
    on('Inspector.targetCrashed', () => this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 139 }));
    on<PausedRequest>('Fetch.requestPaused', (request) => void this.#answer(request).catch(() => {}));
  }

  #loaded(): void {
    if (this.mainFrame.url === 'about:blank') return;
    this.emit('did-finish-load', {});
    if (this.#shown) return;
    this.#shown = true;
    this.#owner.emit('ready-to-show');
  }

  /** A navigation that main did not ask for is the page's own doing: the app may prevent it. */
  async #answer(request: PausedRequest): Promise<void> {
    const isNavigation = request.resourceType === 'Document' && request.frameId === this.#frame;
    if (isNavigation && !this.#expected.delete(request.request.url)) {
      const url = fromChromium(request.request.url);
      const event = cancelable({ url, isMainFrame: true });
      this.emit('will-navigate', event, url);
      if (event.defaultPrevented) return void (await this.#call('Fetch.failRequest', { requestId: request.requestId, errorReason: 'Aborted' }));
    }
    const { method, params } = await answerRequest(request);
    await this.#call(method, { requestId: request.requestId, ...params });
  }

  #take(message: { kind: string; name: string; args: string; message: string; place: object }): void {
    if (message.kind === 'context-menu') return void this.emit('context-menu', {}, message.place);
    if (message.kind === 'preload-error') {
      process.stderr.write(`stand-in: the preload failed: ${message.message}\n`);
      return void this.emit('preload-error', {}, this.#preferences.preload, new Error(message.message));
    }
    const event = { sender: this, senderFrame: this.mainFrame, returnValue: undefined };
    ipcMain.emit(message.name, event, ...(codec.decode(message.args) as unknown[]));
  }

  async #deliver(text: string): Promise<void> {
    if (this.#preloadContext === 0 || this.#gone) return;
    await this.#call('Runtime.callFunctionOn', { functionDeclaration: 'function (text) { globalThis.standinReceive(text) }', executionContextId: this.#preloadContext, arguments: [{ value: text }] });
  }
}

/** Electron grants what no handler denies; Chromium is told to do the same. */
async function applyPermissions(): Promise<void> {
  const asked = { geolocation: 'geolocation', notifications: 'notifications', camera: 'media' } as const;
  await Promise.all(
    Object.entries(asked).map(async ([name, permission]) => {
      const setting = (await defaultSession.grants(permission)) ? 'granted' : 'denied';
      await chromium().cdp.send('Browser.setPermission', { permission: { name }, setting });
    }),
  );
}

/** Electron would do what it is told. Here an unsafe window does not even start, so that no test can pass in one. */
function refuseUnsafe(preferences: Electron.WebPreferences): void {
  const unsafe = { nodeIntegration: true, nodeIntegrationInWorker: true, nodeIntegrationInSubFrames: true, contextIsolation: false, sandbox: false, webSecurity: false, allowRunningInsecureContent: true, webviewTag: true } as const;
  for (const [key, value] of Object.entries(unsafe)) {
    if (preferences[key as keyof typeof unsafe] === value) throw new StandinUnsupported(`BrowserWindow with ${key}: ${value}, which is unsafe`);
  }
}
