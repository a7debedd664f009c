import type { FailureData } from '../base/failure.ts';
import type { Release } from '../base/update.ts';

/** Newer versions of this app: what is known of them, and what is being done. `checkedAtMs`: when somebody last answered. */
export type UpdateTopic = { readonly current: string; readonly checkedAtMs: number | null } & UpdatePhase;

export type UpdatePhase =
  /** This build knows no address to ask. */
  | { readonly phase: 'off' }
  | { readonly phase: 'idle' }
  | { readonly phase: 'checking' }
  | { readonly phase: 'available'; readonly release: Release }
  | { readonly phase: 'downloading'; readonly release: Release; readonly bytes: number }
  /** Verified, and never run by the app: who installs it is a person. */
  | { readonly phase: 'ready'; readonly release: Release; readonly path: string }
  | { readonly phase: 'refused'; readonly failure: FailureData };
