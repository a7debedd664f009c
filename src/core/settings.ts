import { z } from 'zod';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import { inTurns } from '../base/in-turn.ts';
import { languageChoices } from '../contract/language.ts';
import type { Settings } from '../contract/state.ts';
import { readAs } from '../contract/read-as.ts';
import type { Documents } from './ports.ts';

export const defaults: Settings = { theme: 'system', language: 'system', startAtLogin: false, stayConnected: false, closeExplained: false, notifications: true, notifyConnection: true, notifyDevices: true, notifyExpiry: true, notifyService: true, updates: 'off', logLevel: 'info' };

const schema = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  language: z.enum(languageChoices),
  startAtLogin: z.boolean(),
  stayConnected: z.boolean(),
  closeExplained: z.boolean(),
  notifications: z.boolean(),
  notifyConnection: z.boolean(),
  notifyDevices: z.boolean(),
  notifyExpiry: z.boolean(),
  notifyService: z.boolean(),
  updates: z.enum(['off', 'tell']),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
});

export interface SettingsStore {
  readonly cell: ReadCell<Settings>;
  /** The one switch of older versions, for all networks alike; the next change of any setting forgets it. */
  readonly connectAtStart: boolean;
  update(change: { readonly [K in keyof Settings]?: Settings[K] | undefined }): Promise<void>;
}

const documentName = 'settings';

/** Reads the settings; what an older version did not know gets its default, a damaged document is set aside. */
export async function loadSettings(documents: Documents): Promise<SettingsStore> {
  const stored = await documents.load(documentName);
  const parsed = readAs(schema.partial().extend({ connectAtStart: z.boolean().optional() }), stored ?? {});
  if (!parsed.success) await documents.reject(documentName);
  const { connectAtStart = false, ...known } = parsed.success ? parsed.data : {};
  const settings: Cell<Settings> = cell(merge(defaults, known));
  const inTurn = inTurns();
  return {
    cell: settings,
    connectAtStart,
    // One after the other: two that are changed at once must both be kept.
    update: (change) => inTurn(async () => {
      const next = merge(settings.get(), change);
      await documents.save(documentName, next);
      settings.set(next);
    }),
  };
}

function merge(old: Settings, change: { readonly [K in keyof Settings]?: Settings[K] | undefined }): Settings {
  return { ...old, ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) };
}
