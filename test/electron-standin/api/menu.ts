import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { NativeImage } from './surfaces.ts';
import { StandinUnsupported } from '../unsupported.ts';

type Options = Electron.MenuItemConstructorOptions;

export class MenuItem implements Pick<Electron.MenuItem, 'id' | 'label' | 'enabled' | 'visible' | 'checked'> {
  readonly id: string;
  readonly label: string;
  readonly type: NonNullable<Options['type']>;
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  readonly submenu: Menu | undefined;
  readonly #click: (() => void) | undefined;
  constructor(options: Options) {
    if (options.role !== undefined) throw new StandinUnsupported(`MenuItem role ${options.role}`);
    this.id = options.id ?? '';
    this.label = options.label ?? '';
    this.submenu = Array.isArray(options.submenu) ? Menu.buildFromTemplate(options.submenu) : undefined;
    this.type = options.type ?? (this.submenu === undefined ? 'normal' : 'submenu');
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
    this.#click = options.click as (() => void) | undefined;
  }
  click(): void {
    if (this.enabled) this.#click?.();
  }
}

export class Menu {
  readonly items: readonly MenuItem[];
  private constructor(items: readonly MenuItem[]) {
    this.items = items;
  }
  static buildFromTemplate(template: readonly (Options | Electron.MenuItem)[]): Menu {
    return new Menu(template.map((options) => new MenuItem(options as Options)));
  }
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
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
