import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../base/failure.ts';
import type { Level, Log } from '../base/log.ts';
import type { CorePorts, Secrets, SystemEvents } from '../core/ports.ts';
import { systemClock } from './clock.ts';
import { createDocuments } from './documents.ts';
import { storageFailure } from './files.ts';
import { linkHelper } from './helper-link.ts';
import { createHostMetricsSource } from './host-metrics.ts';
import { newestLines } from './log-lines.ts';
import { meshClient, nodeClient, peerMetrics } from './mesh-client.ts';
import { watchNetwork, watchWakes } from './network.ts';
import { passphrases } from './passphrases.ts';
import { tcpProbe } from './peer-probe.ts';
import { portalProbe } from './portal-probe.ts';
import { pki } from './pki.ts';
import { systemRandom } from './random.ts';
import { createFileSecrets } from './secrets-file.ts';
import { shippedUpdates } from './update/shipped.ts';
import { assertTrustedSocket } from './trusted-socket.ts';

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
  /** Left out: wakes are told by the clocks. */
  readonly system?: SystemEvents;
  /** The system's keyring, where the shell has one. Left out: private files in `<home>/secrets`. */
  readonly secrets?: Secrets;
  /** Starts the helper with the system's permission. Left out: this shell cannot. */
  readonly startHelper?: () => Promise<void>;
  /** Ends the process; the shell's part of app.quit. */
  readonly quit?: () => void;
  /** Accept a helper that is not owned by root: only for tests that run one as the same user. */
  readonly trustAnyHelper?: boolean;
}

export type RealCorePorts = CorePorts & { close(): void };

/** The real world for createApp, in one line. Throws internal.storage when the home folder cannot be made. */
export async function createCorePorts(options: CorePortsOptions): Promise<RealCorePorts> {
  const { home, helperSocket, version, log, logFile = join(home, 'logs', 'app.log') } = options;
  await mkdir(home, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw storageFailure(error, home);
  });
  const network = watchNetwork(systemClock);
  const wakes = watchWakes(systemClock);
  const machine = createHostMetricsSource();
  const helper = linkHelper({ socketPath: helperSocket, version, clock: systemClock, log: log.scope('helper'), assertTrusted: options.trustAnyHelper ? () => {} : assertTrustedSocket });
  return {
    clock: systemClock,
    random: systemRandom,
    // Its rules for names know no port.
    ...(process.platform === 'win32' ? { namesPort: 53 } : {}),
    log,
    version,
    mesh: meshClient,
    helper,
    node: nodeClient,
    probe: tcpProbe,
    portal: portalProbe,
    peerMetrics,
    documents: createDocuments(join(home, 'documents'), join(home, 'reports')),
    secrets: options.secrets ?? createFileSecrets(join(home, 'secrets')),
    pki,
    passphrases,
    hostMetrics: { sample: () => machine.view() },
    network,
    system: options.system ?? wakes,
    logs: { newest: (linesMax) => newestLines(logFile, linesMax), setLevel: (level) => options.setLogLevel?.(level) },
    startHelper: options.startHelper ?? (() => Promise.reject(failure('helper.unreachable', { problem: 'this program cannot start it' }))),
    updates: shippedUpdates({ folder: join(home, 'updates'), current: version, clock: systemClock }),
    quit: () => options.quit?.(),
    close: () => {
      helper.close();
      network.close();
      wakes.close();
    },
  };
}
