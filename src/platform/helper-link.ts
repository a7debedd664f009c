import { abortError, isAbort } from '../base/abort.ts';
import { type Cell, cell } from '../base/cell.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { asFailure, Failure, failure, toData } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { HelperClient, HelperLink } from '../core/ports.ts';
import { HelperService, type WatchResponse } from '../gen/webmesh/helper/v1/helper.ts';
import { type Channel, openChannel } from './grpc-client.ts';
import { localName } from './local-name.ts';

export interface HelperLinkOptions {
  readonly socketPath: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Throws helper.unreachable or helper.not-trusted. Asked before every connection. */
  readonly assertTrusted: (path: string) => void;
}

const retryMs = { first: 500, last: 3_000 } as const;
const deadlineMs = { hello: 3_000, order: 30_000, export: 10_000 } as const;

/** Connects to the helper's socket and stays connected: says hello, follows its Watch, and starts again when either ends. */
export function linkHelper({ socketPath, version, clock, log, assertTrusted }: HelperLinkOptions): HelperClient {
  const link: Cell<HelperLink> = cell<HelperLink>({ state: 'down', failure: toData(failure('helper.unreachable', { path: socketPath })) });
  const report: Cell<WatchResponse | null> = cell<WatchResponse | null>(null);
  const ending = new AbortController();
  let channel: Channel | null = null;

  async function run(): Promise<void> {
    let waitMs: number = retryMs.first;
    while (!ending.signal.aborted) {
      try {
        await once(() => {
          waitMs = retryMs.first;
        });
      } catch (error) {
        if (isAbort(error) && ending.signal.aborted) return;
        const problem = troubleOf(error, socketPath);
        const before = link.get();
        if (before.state === 'up' || before.failure.code !== problem.code) {
          log.warn('helper-away', { code: problem.code });
          link.set({ state: 'down', failure: toData(problem) });
        }
      }
      await sleep(clock, waitMs, ending.signal).catch(() => {}); // Aborted: the loop ends by itself.
      waitMs = Math.min(retryMs.last, waitMs * 1.5);
    }
  }

  /** One connection, from hello to its end. */
  async function once(up: () => void): Promise<never> {
    assertTrusted(socketPath);
    const opened = openChannel(`unix:${localName(socketPath)}`, { away: 'helper.unreachable', name: socketPath });
    try {
      const hello = await opened.unary(HelperService.hello, { clientVersion: version, tunnelId: '', nextKey: false }, { signal: ending.signal, deadlineMs: deadlineMs.hello });
      channel = opened;
      let first = true;
      for await (const event of opened.stream(HelperService.watch, {}, ending.signal)) {
        report.set(event);
        if (first) link.set({ state: 'up', hello });
        if (first) log.info('helper-here', { version: hello.version, engine: hello.engine });
        first = false;
        up();
      }
      throw failure('helper.lost', { path: socketPath });
    } finally {
      if (channel === opened) channel = null;
      opened.close();
      if (link.get().state === 'up') link.set({ state: 'down', failure: toData(failure('helper.lost', { path: socketPath })) });
      report.set(null);
    }
  }

  /** The channel of the present connection. Orders never travel on one that was opened behind the link's back. */
  function present(): Channel {
    if (channel) return channel;
    const now = link.get();
    throw now.state === 'down' && now.failure.code === 'auth.not-permitted' ? new Failure(now.failure) : failure('helper.unreachable', { path: socketPath });
  }

  void run();
  return {
    link,
    report,
    hello: async (tunnelId, signal, { nextKey = false } = {}) => present().unary(HelperService.hello, { clientVersion: version, tunnelId, nextKey }, { signal, deadlineMs: deadlineMs.hello }),
    applyTunnel: async (generation, spec, signal) => {
      const { state } = await present().unary(HelperService.applyTunnel, { generation, spec }, { signal, deadlineMs: deadlineMs.order });
      if (!state) throw failure('helper.version', { problem: 'no state in the answer' });
      return state;
    },
    clearTunnel: async (tunnelId, generation, signal) => void (await present().unary(HelperService.clearTunnel, { tunnelId, generation }, { signal, deadlineMs: deadlineMs.order })),
    setNode: async (tunnelId, generation, spec, signal) => {
      const { state } = await present().unary(HelperService.setNode, { tunnelId, generation, spec: spec ?? undefined }, { signal, deadlineMs: deadlineMs.order });
      if (!state) throw failure('helper.version', { problem: 'no state in the answer' });
      return state;
    },
    exportDiagnostics: async (signal) => (await present().unary(HelperService.exportDiagnostics, {}, { signal, deadlineMs: deadlineMs.export })).report,
    shutdown: async (signal) => void (await present().unary(HelperService.shutdown, {}, { signal, deadlineMs: deadlineMs.order })),
    close: () => ending.abort(abortError('the helper link was closed')),
  };
}

/**
 * A socket that the kernel keeps from us is not an absent helper. It is tried again all the same: a helper that starts opens its socket
 * to others a moment after it was made.
 */
function troubleOf(error: unknown, path: string): Failure {
  const problem = asFailure(error);
  const denied = (problem.code === 'helper.unreachable' || problem.code === 'internal.unexpected') && /\b(EACCES|EPERM)\b/.test(String(problem.detail.message));
  return denied ? new Failure({ code: 'auth.not-permitted', retry: 'later', detail: { path, problem: 'this user may not use the system service that makes the tunnel' } }, error) : problem;
}
