import { type FixWay } from '../contract/fixes.ts';

/** `attention` and `degraded` have an exclamation mark, `blocked` a cross, `no-helper` a question mark, `no-network` a plus. `connecting-2` is the other frame of `connecting`: see tray-frames. */
export const trayIcons = ['no-helper', 'no-network', 'disconnected', 'disconnected-attention', 'connecting', 'connecting-2', 'connecting-attention', 'connected', 'degraded', 'blocked'] as const;
export type TrayIcon = (typeof trayIcons)[number];

export type TrayItem =
  | { readonly kind: 'text'; readonly id: string; readonly label: string }
  | { readonly kind: 'line' }
  | { readonly kind: 'action'; readonly id: string; readonly label: string; readonly action: TrayAction; readonly checked?: boolean }
  | { readonly kind: 'menu'; readonly id: string; readonly label: string; readonly items: readonly TrayItem[] };

export type TrayAction =
  | { readonly do: 'connect'; readonly profile?: string }
  /** `at` is the screen to show; left out: the one that was shown last. */
  | { readonly do: 'open'; readonly at?: 'settings' | 'peers' | 'add' }
  /** Left out: the one that the window shows. */
  | { readonly do: 'disconnect'; readonly profile?: string }
  | { readonly do: 'retry' | 'show'; readonly profile: string }
  | { readonly do: 'disconnect-all' | 'quit' | 'disconnect-and-quit' | 'report' }
  | { readonly do: 'fix'; readonly way: FixWay }
  | { readonly do: 'problems' }
  | { readonly do: 'copy'; readonly text: string };
