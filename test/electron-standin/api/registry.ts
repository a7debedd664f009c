import { type Chromium } from '../chromium.ts';
import { type BrowserWindow } from './browser-window.ts';
import { type WebContents } from './web-contents.ts';

/** What the parts of the stand-in share: the browser behind all windows, and the windows. */
interface Registry {
  chromium: Chromium | undefined;
  readonly windows: Set<BrowserWindow>;
  readonly contents: Map<number, WebContents>;
  focused: BrowserWindow | null;
  /** Pages whose next pop-up was denied by the app. */
  readonly denied: Set<string>;
  quitting: boolean;
  /** Set by the app: tells its listeners of a new or the last window. */
  emit(event: string, ...args: unknown[]): void;
  lastWindowClosed(): void;
}

export const registry: Registry = {
  chromium: undefined,
  windows: new Set(),
  contents: new Map(),
  focused: null,
  denied: new Set(),
  quitting: false,
  emit: () => {},
  lastWindowClosed: () => {},
};

export function chromium(): Chromium {
  if (registry.chromium === undefined) throw new Error('Cannot create BrowserWindow before app is ready');
  return registry.chromium;
}
