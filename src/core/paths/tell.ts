import { abortError, isAbort, withDeadline } from '../../base/abort.ts';
import { type Cancel, type Clock } from '../../base/clock.ts';
import { asFailure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { SetPathInputsRequest } from '../../gen/webmesh/local/v1/local.ts';
import { pace } from '../pace.ts';
import type { NodeClient, TunnelClient } from '../ports.ts';
import type { PathsView } from './follow.ts';

export type Inputs = Omit<SetPathInputsRequest, 'retry'>;

/** Keeps the path finder informed: the newest whole value, again to each process that starts. */
export interface Telling {
  /** Null: nothing is connected, and nothing is told. */
  inputs(inputs: Inputs | null): void;
  /** Asks for a better path to a peer, once. */
  retry(id: string): void;
  close(): void;
}

/** Milliseconds. A new roster may be followed by the next; a machine that woke waits for nothing. */
const everyMs = 100;
const soonMs = 20;
const callMs = 3_000;
const again = { firstMs: 200, lastMs: 2_000 } as const;
const retriesMax = 64;

export function tellPaths({ helper, node, clock, log }: { helper: Pick<TunnelClient, 'report'>; node: NodeClient; clock: Clock; log: Log }, { stream }: Pick<PathsView, 'stream'>): Telling {
  const ending = new AbortController();
  const asked = new Set<string>();
  let newest: Inputs | null = null;
  let text = '';
  let sending = false;
  let stale = false;
  let waitMs: number = again.firstMs;
  let cancelRetry: Cancel = () => {};

  const sender = pace(clock, everyMs, () => void send());

  async function send(): Promise<void> {
    const { running, socketPath } = helper.report.get()?.node ?? { running: false, socketPath: '' };
    if (newest === null || !running || socketPath === '') return;
    if (sending) {
      stale = true;
      return;
    }
    sending = true;
    stale = false;
    cancelRetry();
    const retry = [...asked];
    try {
      const request: SetPathInputsRequest = { ...newest, retry };
      await withDeadline(clock, callMs, 'SetPathInputs', ending.signal, (signal) => node.setPathInputs(socketPath, request, signal));
      for (const id of retry) asked.delete(id);
      waitMs = again.firstMs;
    } catch (error) {
      if (isAbort(error) || ending.signal.aborted) return;
      log.debug('path-inputs-not-taken', { code: asFailure(error).code });
      cancelRetry = clock.after(waitMs, () => sender.soon(0));
      waitMs = Math.min(again.lastMs, waitMs * 2);
    } finally {
      sending = false;
    }
    if (stale) sender.soon(0);
  }

  // A process that starts is asked until it answers; a stream that begins may lead to another node in the same process.
  let present = '';
  const look = (): void => {
    const state = helper.report.get()?.node;
    const next = state?.running ? `${state.socketPath}#${state.pid}` : '';
    if (next === present) return;
    present = next;
    waitMs = again.firstMs;
    if (next !== '') sender.soon(soonMs);
  };
  const stops = [helper.report.subscribe(look), stream.subscribe((running) => running && sender.soon(soonMs))];
  look();
  return {
    inputs: (inputs) => {
      newest = inputs;
      const next = inputs === null ? '' : JSON.stringify(inputs, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
      if (next !== text && inputs !== null) sender.soon(soonMs);
      text = next;
      if (inputs === null) asked.clear();
    },
    retry: (id) => {
      if (asked.size < retriesMax) asked.add(id);
      sender.soon(0);
    },
    close: () => {
      ending.abort(abortError());
      for (const stop of stops) stop();
      cancelRetry();
      sender.close();
    },
  };
}
