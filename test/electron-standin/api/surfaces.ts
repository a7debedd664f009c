import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type * as Electron from 'electron';
import { record, StandinUnsupported, strict } from '../unsupported.ts';

/** What would be drawn or done by the desktop: state and click handlers are real, pixels are not. */
type ImageShape = Pick<Electron.NativeImage, 'isEmpty' | 'getSize' | 'setTemplateImage' | 'isTemplateImage'>;

export class NativeImage implements ImageShape {
  readonly #png: Buffer;
  /** Name of the file that it came from, for tests. */
  readonly file: string;
  #template = false;
  constructor(png: Buffer, file = '') {
    this.#png = png;
    this.file = file;
  }
  isEmpty(): boolean {
    return this.#png.length === 0;
  }
  getSize(): Electron.Size {
    return this.isEmpty() ? { width: 0, height: 0 } : { width: this.#png.readUInt32BE(16), height: this.#png.readUInt32BE(20) };
  }
  setTemplateImage(template: boolean): void {
    this.#template = template;
  }
  isTemplateImage(): boolean {
    return this.#template;
  }
}

export const nativeImage = strict('nativeImage', {
  createFromPath: (path: string): NativeImage => new NativeImage(existsSync(path) ? readFileSync(path) : Buffer.alloc(0), basename(path)),
  createEmpty: (): NativeImage => new NativeImage(Buffer.alloc(0)),
});

export class Notification extends EventEmitter implements Pick<Electron.Notification, 'show' | 'close'> {
  readonly title: string;
  readonly body: string;
  static isSupported(): boolean {
    return true;
  }
  constructor({ title = '', body = '' }: Electron.NotificationConstructorOptions = {}) {
    super();
    this.title = title;
    this.body = body;
  }
  show(): void {
    record('Notification', { title: this.title, body: this.body });
  }
  close(): void {
    record('Notification.close', { title: this.title });
  }
}

let copied = '';
export const clipboard = strict('clipboard', {
  writeText: async (text: string): Promise<void> => {
    copied = text;
  },
  readText: async (): Promise<string> => copied,
} satisfies Pick<Electron.Clipboard, 'writeText' | 'readText'>);

export const shell = strict('shell', {
  openExternal: async (url: string): Promise<void> => record('shell.openExternal', url),
} satisfies Pick<Electron.Shell, 'openExternal'>);

export const dialog = strict('dialog', {
  showErrorBox: (title: string, content: string): void => {
    record('dialog.showErrorBox', title, content);
    process.stderr.write(`stand-in: error box: ${title}: ${content}\n`);
  },
  showMessageBox: async (): Promise<never> => {
    throw new StandinUnsupported('dialog.showMessageBox without a stub of the test');
  },
} satisfies Pick<Electron.Dialog, 'showErrorBox'> & Record<string, unknown>);

class NativeTheme extends EventEmitter implements Pick<Electron.NativeTheme, 'themeSource' | 'shouldUseDarkColors'> {
  #source: Electron.NativeTheme['themeSource'] = 'system';
  get themeSource(): Electron.NativeTheme['themeSource'] {
    return this.#source;
  }
  set themeSource(source: Electron.NativeTheme['themeSource']) {
    this.#source = source;
    this.emit('updated');
  }
  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark';
  }
}
export const nativeTheme = new NativeTheme();

export const systemPreferences = strict('systemPreferences', {
  getAnimationSettings: (): Electron.AnimationSettings => ({ shouldRenderRichAnimation: true, scrollAnimationsEnabledBySystem: true, prefersReducedMotion: false }),
} satisfies Pick<Electron.SystemPreferences, 'getAnimationSettings'>);

class PowerMonitor extends EventEmitter implements Pick<Electron.PowerMonitor, 'isOnBatteryPower'> {
  isOnBatteryPower(): boolean {
    return false;
  }
}
export const powerMonitor = new PowerMonitor();
