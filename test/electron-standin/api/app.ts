import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Electron from 'electron';
import { cancelable, record, StandinUnsupported, strict } from '../unsupported.ts';
import { registry } from './registry.ts';
import { takeInstanceLock, type InstanceLock } from './single-instance.ts';

type Shape = Pick<
  Electron.App,
  'whenReady' | 'isReady' | 'quit' | 'exit' | 'getPath' | 'setPath' | 'getName' | 'setName' | 'getVersion' | 'getPreferredSystemLanguages' | 'getAppPath' | 'requestSingleInstanceLock' | 'setLoginItemSettings' | 'setAboutPanelOptions' | 'enableSandbox'
>;

/** The app's life: ready, before-quit, closing windows, will-quit, quit, in Electron's order. */
class App extends EventEmitter implements Shape {
  /** A test may have the app believe that it is installed; then it must also say where a person's files are. */
  readonly isPackaged = process.env.STANDIN_PACKAGED === '1';
  /** macOS has one. */
  readonly dock: Electron.Dock | undefined = undefined;
  readonly switches: string[] = [];
  readonly commandLine = strict('app.commandLine', {
    appendSwitch: (name: string, value?: string): void => void this.switches.push(value ? `--${name}=${value}` : `--${name}`),
  });
  readonly #paths = new Map<string, string>();
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;
  #lock: InstanceLock | undefined;
  #folder = process.cwd();
  #name = '';
  #version = '';

  describe(folder: string, { name, version }: { name: string; version: string }): void {
    this.#folder = folder;
    this.#name = name;
    this.#version = version;
  }
  becomeReady(): void {
    this.#isReady = true;
    this.emit('ready', {}, {});
    this.#ready.resolve();
  }

  whenReady(): Promise<void> {
    return this.#ready.promise;
  }
  isReady(): boolean {
    return this.#isReady;
  }
  getName(): string {
    return this.#name;
  }
  setName(name: string): void {
    this.#name = name;
  }
  getVersion(): string {
    return this.#version;
  }
  /** Tests read English unless a setting says otherwise. */
  getPreferredSystemLanguages(): string[] {
    return ['en-US'];
  }
  getAppPath(): string {
    return this.#folder;
  }
  enableSandbox(): void {}
  setLoginItemSettings(settings: Electron.Settings): void {
    record('app.setLoginItemSettings', settings);
  }
  setAboutPanelOptions(options: Electron.AboutPanelOptionsOptions): void {
    record('app.setAboutPanelOptions', options);
  }
  setPath(name: string, path: string): void {
    this.#paths.set(name, path);
  }
  getPath(name: Parameters<Electron.App['getPath']>[0]): string {
    const appData = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
    const known: Record<string, string> = { home: homedir(), appData, userData: join(appData, this.#name), temp: tmpdir(), exe: process.execPath };
    const path = this.#paths.get(name) ?? known[name];
    if (path === undefined) throw new StandinUnsupported(`app.getPath('${name}')`);
    if (name === 'userData') mkdirSync(path, { recursive: true });
    return path;
  }

  requestSingleInstanceLock(): boolean {
    this.#lock ??= takeInstanceLock(this.getPath('userData'), (argv, cwd) => void this.emit('second-instance', {}, argv, cwd, {}));
    return this.#lock !== undefined;
  }

  quit(): void {
    if (registry.quitting) return;
    registry.quitting = true;
    const event = cancelable({});
    this.emit('before-quit', event);
    if (event.defaultPrevented) registry.quitting = false;
    else void this.#closeAll();
  }

  exit(code = 0): void {
    this.emit('quit', {}, code);
    this.#lock?.release();
    registry.chromium?.process.kill();
    process.exit(code);
  }

  async #closeAll(): Promise<void> {
    for (const window of [...registry.windows]) {
      window.close();
      if (!window.isDestroyed() && !window.closing) {
        registry.quitting = false; // the window refused
        return;
      }
      await window.gone;
    }
    const event = cancelable({});
    this.emit('will-quit', event);
    if (event.defaultPrevented) registry.quitting = false;
    else this.exit(0);
  }
}

export const theApp = new App();
export const app = strict('app', theApp);
// Through the proxy: Playwright replaces app.emit until it is attached.
registry.emit = (event, ...args) => void app.emit(event, ...args);
registry.lastWindowClosed = () => {
  if (app.listenerCount('window-all-closed') > 0) app.emit('window-all-closed');
  else app.quit();
};
