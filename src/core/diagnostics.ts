import { isAbort } from '../base/abort.ts';
import { asFailure, toData } from '../base/failure.ts';
import type { AppState } from '../contract/state.ts';
import type { NetworksHealth } from './networks/health.ts';
import type { CorePorts } from './ports.ts';

const logLinesMax = 2_000;

/** Everything that helps whoever helps, as JSON text. Holds no secret: keys are public ones, and nothing here can join a network. */
export async function report(ports: Pick<CorePorts, 'clock' | 'helper' | 'logs' | 'version'>, state: AppState, problems: ReturnType<NetworksHealth['explain']>, signal: AbortSignal): Promise<string> {
  const [helper, log] = await Promise.all([tell(() => ports.helper.exportDiagnostics(signal)), tell(() => ports.logs.newest(logLinesMax))]);
  const parsed = typeof helper === 'string' ? parse(helper) : helper;
  return JSON.stringify({ format: 1, version: ports.version, atMs: ports.clock.nowMs(), state, problems, helper: parsed, log }, null, 2);
}

/** A part of the report, or why it is missing: a broken helper is the very thing a report is written about. */
async function tell<T>(work: () => Promise<T>): Promise<T | { readonly failure: unknown }> {
  try {
    return await work();
  } catch (error) {
    if (isAbort(error)) throw error;
    return { failure: toData(asFailure(error)) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // Not JSON after all: a person can read it all the same.
  }
}
