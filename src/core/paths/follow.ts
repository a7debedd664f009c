import { abortError, isAbort } from '../../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { type Cancel, type Clock, sleep } from '../../base/clock.ts';
import { asFailure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { WatchPathsResponse } from '../../gen/webmesh/local/v1/local.ts';
import type { NodeClient, TunnelClient } from '../ports.ts';
import { countOverrides, type Overrides } from './overrides.ts';

export interface FollowPorts {
  readonly helper: Pick<TunnelClient, 'report'>;
  readonly node: NodeClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the path finder of the node process here says, through its restarts. */
export interface PathsView {
  /** Null while there is none, or none lately. */
  readonly view: ReadCell<WatchPathsResponse | null>;
  readonly overrides: ReadCell<Overrides>;
  /** The stream that runs, by number, and where; null between two. Whoever is on its other end knows nothing of what the one before was told. */
  readonly stream: ReadCell<{ readonly number: number; readonly socketPath: string } | null>;
  close(): void;
}

/** Milliseconds. Holding on to the last word bridges a node process that starts anew; after that, what peers advertise is the better guess. */
export const keepMs = 5_000;
/** A process that starts is asked closely, because everything waits for it; a node that does not know the call is asked rarely. */
const again = { firstMs: 50, lastMs: 2_000, closelyForMs: 3_000 } as const;

export function followPaths({ helper, node, clock, log }: FollowPorts): PathsView {
  const view: Cell<WatchPathsResponse | null> = cell<WatchPathsResponse | null>(null);
  const overrides: Cell<Overrides> = cell<Overrides>(new Map());
  const stream: Cell<{ readonly number: number; readonly socketPath: string } | null> = cell<{ readonly number: number; readonly socketPath: string } | null>(null);
  const counting = countOverrides();
  let present = '';
  let number = 0;
  let running = new AbortController();
  let forget: Cancel | null = null;

  const look = (): void => {
    const state = helper.report.get()?.node;
    const next = state?.running && state.socketPath !== '' ? `${state.socketPath}#${state.pid}` : '';
    if (next === present) return;
    const ended = present !== '';
    present = next;
    running.abort(abortError());
    running = new AbortController();
    if (ended) {
      silent();
      // Its carriers ended with it: nobody reads what is sent to their ports.
      overrides.set(withoutLoopback(overrides.get()));
      counting.anotherLife();
    }
    if (state && next !== '') void follow(state.socketPath, running.signal);
  };

  async function follow(socketPath: string, signal: AbortSignal): Promise<void> {
    const startedMs = clock.monotonicMs();
    let waitMs: number = again.firstMs;
    while (!signal.aborted) {
      try {
        let first = true;
        for await (const next of node.watchPaths(socketPath, signal)) {
          if (signal.aborted) return;
          hear(next);
          if (first) stream.set({ number: ++number, socketPath });
          first = false;
          waitMs = again.firstMs;
        }
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        log.debug('paths-stream-ended', { code: asFailure(error).code });
      }
      if (signal.aborted) return;
      silent();
      await sleep(clock, waitMs, signal).catch(() => {}); // Aborted: the loop ends by itself.
      if (clock.monotonicMs() - startedMs > again.closelyForMs) waitMs = Math.min(again.lastMs, waitMs * 2);
    }
  }

  function hear(next: WatchPathsResponse): void {
    forget?.();
    forget = null;
    view.set(next);
    put(counting.take(next.paths));
  }

  function silent(): void {
    stream.set(null);
    if (view.get() === null) return;
    forget ??= clock.after(keepMs, () => {
      forget = null;
      view.set(null);
      put(counting.take(null));
    });
  }

  function put(next: Overrides): void {
    if (!same(next, overrides.get())) overrides.set(next);
  }

  const stop = helper.report.subscribe(look);
  look();
  return {
    view,
    overrides,
    stream,
    close: () => {
      stop();
      running.abort(abortError());
      forget?.();
    },
  };
}

function withoutLoopback(overrides: Overrides): Overrides {
  return new Map([...overrides].map(([key, override]) => [key, /^(127\.|\[::1\])/.test(override.endpoint) ? { ...override, endpoint: '' } : override]));
}

function same(a: Overrides, b: Overrides): boolean {
  if (a.size !== b.size) return false;
  for (const [key, { endpoint, push, restart }] of a) {
    const other = b.get(key);
    if (!other || other.endpoint !== endpoint || other.push !== push || other.restart !== restart) return false;
  }
  return true;
}
