import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type * as Electron from 'electron';
import { cancelable } from '../unsupported.ts';
import { chromium, registry } from './registry.ts';
import { WebContents } from './web-contents.ts';

type Shape = Pick<Electron.BrowserWindow, 'loadURL' | 'show' | 'hide' | 'focus' | 'minimize' | 'restore' | 'isVisible' | 'isMinimized' | 'isFocused' | 'isDestroyed' | 'close' | 'destroy' | 'getBounds' | 'getNormalBounds' | 'maximize' | 'isMaximized' | 'setFullScreen' | 'isFullScreen' | 'getTitle'>;

/** A window. Visible, focused and minimised are kept as state; Chromium runs headless and draws it all the same. */
export class BrowserWindow extends EventEmitter implements Shape {
  readonly webContents: WebContents;
  readonly id: number;
  /** Resolves when Chromium has closed the page. */
  readonly gone: Promise<void>;
  readonly #settleGone: () => void;
  #bounds: Electron.Rectangle;
  #maximized = false;
  #fullScreen = false;
  readonly #title: string;
  #visible: boolean;
  #minimized = false;
  #closing = false;
  #destroyed = false;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#settleGone = resolve;
    this.#visible = options.show !== false;
    this.#title = options.title ?? '';
    this.#bounds = { x: options.x ?? 0, y: options.y ?? 0, width: options.width ?? 800, height: options.height ?? 600 };
    this.webContents = new WebContents(this, options);
    this.id = this.webContents.id;
    registry.windows.add(this);
    registry.emit('browser-window-created', {}, this);
    registry.emit('web-contents-created', {}, this.webContents);
  }

  static getAllWindows(): BrowserWindow[] {
    return [...registry.windows];
  }
  static getFocusedWindow(): BrowserWindow | null {
    return registry.focused;
  }
  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return [...registry.windows].find((window) => window.webContents === contents) ?? null;
  }

  get closing(): boolean {
    return this.#closing;
  }
  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }
  show(): void {
    this.#visible = true;
    this.#minimized = false;
    this.emit('show');
    this.focus();
  }
  hide(): void {
    this.#visible = false;
    if (registry.focused === this) registry.focused = null;
    this.emit('hide');
  }
  focus(): void {
    registry.focused = this;
    this.emit('focus');
  }
  minimize(): void {
    this.#minimized = true;
    this.emit('minimize');
  }
  restore(): void {
    this.#minimized = false;
    this.emit('restore');
  }
  isVisible(): boolean {
    return this.#visible;
  }
  isMinimized(): boolean {
    return this.#minimized;
  }
  isFocused(): boolean {
    return registry.focused === this;
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }
  getBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }
  /** As if a person had moved it. */
  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
  }
  getNormalBounds(): Electron.Rectangle {
    return this.getBounds();
  }
  maximize(): void {
    this.#maximized = true;
  }
  isMaximized(): boolean {
    return this.#maximized;
  }
  setFullScreen(full: boolean): void {
    this.#fullScreen = full;
  }
  isFullScreen(): boolean {
    return this.#fullScreen;
  }
  getTitle(): string {
    return this.#title;
  }

  /** As a click on the close button: the app may keep the window. */
  close(): void {
    if (this.#destroyed || this.#closing) return;
    const event = cancelable({});
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    if (this.#destroyed || this.#closing) return;
    this.#closing = true;
    void this.#closePage().finally(() => this.wasDestroyed());
  }

  /** A page that is half made or that a debugger holds must not keep the app from ending. */
  async #closePage(): Promise<void> {
    const late = pause(500, undefined, { ref: false });
    const close = this.webContents.ready.then(() => chromium().cdp.send('Target.closeTarget', { targetId: this.webContents.targetId }));
    await Promise.race([close.catch(() => {}), late]);
  }

  wasDestroyed(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    registry.windows.delete(this);
    if (registry.focused === this) registry.focused = null;
    this.webContents.wasDestroyed();
    this.emit('closed');
    this.#settleGone();
    if (registry.windows.size === 0 && !registry.quitting) registry.lastWindowClosed();
  }
}
