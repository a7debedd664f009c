/** How long a mapping is asked for: it outlives a short sleep of the machine, and not its owner for long. */
export const mappingSeconds = 3_600;

/** A port that a router maps to ours. */
export interface Grant {
  /** Bare, of the router's outside. */
  readonly address: string;
  readonly port: number;
  /** As the router says; 0: for ever. */
  readonly lifetimeSeconds: number;
  renew(signal: AbortSignal): Promise<{ readonly address: string; readonly port: number; readonly lifetimeSeconds: number }>;
  release(signal: AbortSignal): Promise<void>;
}

/** Why a router maps nothing, in a few words that people may see. */
export class MappingRefused extends Error {
  override name = 'MappingRefused';
}
