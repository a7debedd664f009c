import type { FixName, Severity } from '../../contract/health.ts';
import type { WarningCode } from '../../contract/state.ts';

/** What is declared of a problem; whether it is there now is found in `findings`. */
export interface Problem {
  /** A finding may say otherwise. */
  readonly severity: Severity;
  /** Devices may not reach each other because of it. These come first. */
  readonly connectivity: boolean;
  /** How long it must be there before it shows. The time in which a parent explains it does not count. */
  readonly delayMs: number;
  /** How long it must be gone before it goes: more than nothing where it comes and goes. */
  readonly lingerMs: number;
  /** Problems that explain this one: while one of them is there, shown or not yet, this one is not shown. */
  readonly parents: readonly WarningCode[];
  /** A finding may say otherwise. */
  readonly fix: FixName | null;
  /** True of a connected session only: with it goes the problem, at once. */
  readonly connected: boolean;
}

const still: Problem = { severity: 'warning', connectivity: false, delayMs: 0, lingerMs: 0, parents: [], fix: null, connected: false };
/** Without the helper there is no tunnel, and nothing else is worth a word. */
const service = ['helper-missing', 'engine-missing'] as const satisfies readonly WarningCode[];

/** Every problem, in the order in which equals are shown. */
export const problems: Readonly<Record<WarningCode, Problem>> = {
  // Time for the helper's own retries.
  'helper-missing': { ...still, severity: 'error', connectivity: true, delayMs: 1_500, fix: 'start-helper' },
  'engine-missing': { ...still, severity: 'error', connectivity: true, parents: ['helper-missing'] },
  'offline': { ...still, connectivity: true, delayMs: 5_000 },
  'cannot-connect': { ...still, severity: 'error', connectivity: true, parents: service, fix: 'try-again' },
  // Most losses are over before anybody noticed.
  'sign-in-needed': { ...still, connectivity: true, parents: [...service, 'offline'], fix: 'sign-in' },
  'connection-lost': { ...still, connectivity: true, delayMs: 5_000, parents: [...service, 'offline', 'sign-in-needed'], fix: 'try-again' },
  // The helper starts it anew within a second or two; one that keeps ending shows without a break.
  'node-down': { ...still, connectivity: true, delayMs: 2_000, lingerMs: 2_000, parents: service, connected: true },
  'node-port-in-use': { ...still, connectivity: true, parents: [...service, 'node-down'], connected: true },
  'control-plane-lost': { ...still, connectivity: true, parents: ['offline', 'sign-in-needed', ...service], fix: 'check-network', connected: true },
  'not-replicating': { ...still, severity: 'info', connectivity: true, parents: ['offline', ...service, 'node-down', 'control-plane-lost'], connected: true },
  'certificate-expiring': { ...still, fix: 'renew-now' },
  'renewal-failing': { ...still, parents: ['offline', ...service], fix: 'renew-now', connected: true },
  'udp-blocked': { ...still, connectivity: true, delayMs: 2_000, lingerMs: 10_000, parents: ['offline', ...service, 'node-down'], fix: 'check-network', connected: true },
  // Time for a service to start, and for its feature to be told.
  'service-down': { ...still, delayMs: 10_000, parents: ['offline', ...service, 'node-down'], fix: 'open-offers', connected: true },
  // Everything works by address. Time for the resolver to be told.
  'dns-not-set': { ...still, severity: 'info', delayMs: 10_000, lingerMs: 2_000, parents: ['offline', ...service, 'node-down'], connected: true },
  // Time in which peers are still being reached.
  'peer-unreachable': { ...still, severity: 'info', connectivity: true, delayMs: 30_000, lingerMs: 5_000, parents: ['offline', ...service, 'node-down'], fix: 'see-peers', connected: true },
  'audit-broken': { ...still, severity: 'error', fix: 'open-audit' },
  'clear-text': { ...still, severity: 'error', fix: 'open-networks' },
  // An upgrade replaces the files first and starts the service anew then.
  'helper-old': { ...still, delayMs: 10_000, parents: ['helper-missing'] },
  // What is written and removed all the time passes the mark again and again.
  'disk-full': { ...still, lingerMs: 60_000 },
  'device-pending': { ...still, severity: 'info', fix: 'open-people' },
  'device-expiring': { ...still, fix: 'open-people' },
  'authority-pending': { ...still, fix: 'open-people' },
  'root-not-exported': { ...still, severity: 'info', fix: 'save-root-key' },
  'file-set-aside': { ...still },
  'secrets-in-file': { ...still, severity: 'info' },
};
