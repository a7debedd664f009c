import type { Level, Log } from '../base/log.ts';
import type { CorePorts, SystemEvents } from '../core/ports.ts';
import { failure } from '../base/failure.ts';

export interface CorePortsOptions {
  /** The user's folder: documents, logs, reports. Made when missing. */
  readonly home: string;
  /** Path of the helper's socket. */
  readonly helperSocket: string;
  readonly version: string;
  readonly log: Log;
  /** Where log lines can be read back, and how their level is changed. Defaults: `<home>/logs/app.log`, and not at all. */
  readonly logFile?: string;
  readonly setLogLevel?: (level: Level) => void;
  readonly system?: SystemEvents;
  /** Ends the process; the shell's part of app.quit. */
  readonly quit?: () => void;
  /** Accept a helper that is not owned by root: only for tests that run one as the same user. */
  readonly trustAnyHelper?: boolean;
}

export type RealCorePorts = CorePorts & { close(): void };

/** The real world for createApp, in one line. */
export async function createCorePorts(options: CorePortsOptions): Promise<RealCorePorts> {
  throw failure('internal.unexpected', { message: `not built yet: ${options.home}` });
}
