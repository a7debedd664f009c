import { type Chromium } from '../chromium.ts';
import { type BrowserWindow } from './browser-window.ts';
import { type WebContents } from './web-contents.ts';

/** What the parts of the stand-in share: the browser behind all windows, and the windows. */
interface Registry {
  chromium: Chromium | undefined;
  readonly windows: Set<BrowserWindow>;
  readonly contents: Map<number, WebContents>;
  focused: BrowserWindow | null;
  /** How many coming pop-ups of each page the app has denied. */
  readonly denied: Map<string, number>;
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
  denied: new Map(),
  quitting: false,
  emit: () => {},
  lastWindowClosed: () => {},
};

export function chromium(): Chromium {
  if (registry.chromium === undefined) throw new Error('Cannot create BrowserWindow before app is ready');
  return registry.chromium;
}

export function denyPopup(opener: string): void {
  registry.denied.set(opener, (registry.denied.get(opener) ?? 0) + 1);
}

/** True when this page's pop-up is one that was denied; each denial counts once. */
export function takeDenial(opener: string): boolean {
  const left = registry.denied.get(opener) ?? 0;
  registry.denied.set(opener, Math.max(0, left - 1));
  return left > 0;
}
