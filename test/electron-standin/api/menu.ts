import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { type BrowserWindow } from './browser-window.ts';
import { rulesOf, runRole } from './roles.ts';
import { NativeImage } from './surfaces.ts';

type Options = Electron.MenuItemConstructorOptions;

type ItemShape = Pick<Electron.MenuItem, 'id' | 'label' | 'enabled' | 'visible' | 'checked' | 'accelerator'>;

export class MenuItem implements ItemShape {
  readonly id: string;
  readonly label: string;
  readonly type: NonNullable<Options['type']>;
  readonly role: Options['role'];
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  readonly accelerator: string;
  readonly submenu: Menu | undefined;
  readonly #click: (() => void) | undefined;
  constructor(options: Options) {
    this.id = options.id ?? '';
    this.label = options.label ?? '';
    this.submenu = Array.isArray(options.submenu) ? Menu.buildFromTemplate(options.submenu) : undefined;
    this.type = options.type ?? (this.submenu === undefined ? 'normal' : 'submenu');
    this.role = options.role;
    this.accelerator = checkedKeys(options.accelerator ?? (options.role === undefined ? undefined : rulesOf(options.role).accelerator));
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
    this.#click = options.click as (() => void) | undefined;
  }
  click(): void {
    if (!this.enabled) return;
    if (this.role === undefined) this.#click?.();
    else runRole(this.role);
  }
}

const keyPattern = /^((CmdOrCtrl|CommandOrControl|Command|Control|Alt|Shift)\+)*([A-Z0-9,=-]|F\d{1,2}|Plus)$/;

/** Electron throws at keys that it does not know. */
function checkedKeys(accelerator: string | undefined): string {
  if (accelerator !== undefined && !keyPattern.test(accelerator)) throw new TypeError(`stand-in: ${accelerator} is no accelerator`);
  return accelerator?.replace('CmdOrCtrl', 'CommandOrControl') ?? '';
}

/** Menus that came up at a right click, the last one at the end. For tests. */
export const popups: Menu[] = [];
let applicationMenu: Menu | null = null;

export class Menu {
  readonly items: readonly MenuItem[];
  private constructor(items: readonly MenuItem[]) {
    this.items = items;
  }
  static buildFromTemplate(template: readonly (Options | Electron.MenuItem)[]): Menu {
    return new Menu(template.map((options) => new MenuItem(options as Options)));
  }
  /** Of two items with the same keys only one would hear them. */
  static setApplicationMenu(menu: Menu | null): void {
    const keys = menu?.keys() ?? [];
    const twice = keys.find((key, at) => keys.indexOf(key) !== at);
    if (twice !== undefined) throw new Error(`stand-in: two items have the keys ${twice}`);
    applicationMenu = menu;
  }
  static getApplicationMenu(): Menu | null {
    return applicationMenu;
  }
  popup({ window }: { readonly window: BrowserWindow; readonly x?: number; readonly y?: number }): void {
    if (window.isDestroyed()) throw new TypeError('stand-in: a menu for a window that is gone');
    popups.push(this);
  }
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }
  private keys(): readonly string[] {
    return this.items.flatMap((item) => [...(item.accelerator === '' ? [] : [item.accelerator]), ...(item.submenu?.keys() ?? [])]);
  }
}

type TrayShape = Pick<Electron.Tray, 'setToolTip' | 'destroy' | 'isDestroyed'>;

/** Electron has no list of trays. Tests find the living ones here. */
export const trays = new Set<Tray>();

export class Tray extends EventEmitter implements TrayShape {
  image: NativeImage;
  toolTip = '';
  menu: Menu | null = null;
  constructor(image: unknown) {
    super();
    this.image = checked(image);
    trays.add(this);
  }
  setImage(image: unknown): void {
    this.image = checked(image);
  }
  setToolTip(text: string): void {
    this.toolTip = text;
  }
  setContextMenu(menu: Menu | null): void {
    this.menu = menu;
  }
  destroy(): void {
    trays.delete(this);
  }
  isDestroyed(): boolean {
    return !trays.has(this);
  }
}

/** An empty picture would give an invisible icon on a real desktop. */
function checked(image: unknown): NativeImage {
  if (!(image instanceof NativeImage) || image.isEmpty()) throw new Error('stand-in: the tray got an empty picture');
  return image;
}
