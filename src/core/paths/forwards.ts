import { abortError, isAbort, withDeadline } from '../../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { asFailure, failure, type FailureData, toData } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import { type Random, shortId } from '../../base/random.ts';
import type { ForwardView } from '../../contract/state.ts';
import type { ForwardView as WireForward, OpenForwardRequest } from '../../gen/webmesh/local/v1/local.ts';
import type { NodeClient } from '../ports.ts';
import type { PathsView } from './follow.ts';
import { problemOf } from './view.ts';

export interface ForwardPorts {
  readonly node: NodeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly paths: Pick<PathsView, 'view' | 'stream'>;
  /** True while its network is connected. */
  readonly connected: () => boolean;
}

/**
 * The forwards of one network. They live as long as this core. The node process forgets them when it starts anew, so they are opened again there, on the same local
 * port: whoever uses it finds it again.
 */
export interface Forwards {
  readonly list: ReadCell<readonly ForwardView[]>;
  /** Rejects with the node's own Failure (a taken port, a refused address); nothing is kept then. */
  open(request: OpenForwardRequest, signal: AbortSignal): Promise<ForwardView>;
  /** Throws mesh.not-found for one that is not there. */
  close(id: string): Promise<void>;
  /** Looks whether the network was connected. */
  look(): void;
  end(): void;
}

interface Kept {
  readonly id: string;
  readonly request: OpenForwardRequest;
  /** As the node process calls it; null while it is not open there. */
  node: { readonly id: string; readonly stream: number; readonly openedMs: number; readonly view: WireForward } | null;
  opening: boolean;
  problem: FailureData | null;
  retryAtMs: number;
  waitMs: number;
  /** Carried by earlier lives of the node process. */
  readonly before: { sentBytes: number; receivedBytes: number };
}

export const forwardsMax = 32;
const callMs = 12_000;
const lookEveryMs = 1_000;
/** A view that was under way while a forward was opened does not know it yet. */
const graceMs = 1_500;
const again = { firstMs: 1_000, lastMs: 10_000 } as const;

export function keepForwards({ node, clock, random, log, paths, connected }: ForwardPorts): Forwards {
  const list: Cell<readonly ForwardView[]> = cell<readonly ForwardView[]>([]);
  const kept = new Map<string, Kept>();
  const ending = new AbortController();
  let cancelLook: Cancel | null = null;

  function publish(): void {
    const away = paths.view.get() === null;
    const next = [...kept.values()].map((forward) => viewOf(forward, away));
    if (JSON.stringify(next) !== JSON.stringify(list.get())) list.set(next);
  }

  /** Takes the node's word on each forward, and opens again what it does not know any more. */
  function look(): void {
    const seen = new Map((paths.view.get()?.forwards ?? []).map((view) => [view.id, view]));
    const running = paths.stream.get();
    for (const forward of kept.values()) {
      const known = forward.node && seen.get(forward.node.id);
      if (forward.node && known) forward.node = { ...forward.node, view: known };
      else if (forward.node && running && (running.number !== forward.node.stream || clock.monotonicMs() - forward.node.openedMs > graceMs)) lose(forward);
      if (running && !forward.node && !forward.opening && connected() && clock.monotonicMs() >= forward.retryAtMs) void reopen(forward);
    }
    publish();
    if (kept.size > 0) cancelLook ??= clock.after(lookEveryMs, () => {
      cancelLook = null;
      look();
    });
  }

  function lose(forward: Kept): void {
    const { sentBytes = 0n, receivedBytes = 0n } = forward.node?.view ?? {};
    forward.before.sentBytes += Number(sentBytes);
    forward.before.receivedBytes += Number(receivedBytes);
    forward.node = null;
    forward.problem = toData(failure('node.lost'));
    forward.retryAtMs = 0;
    forward.waitMs = again.firstMs;
  }

  async function reopen(forward: Kept): Promise<void> {
    const { number, socketPath } = paths.stream.get() ?? { number: 0, socketPath: '' };
    forward.opening = true;
    try {
      const view = await ask(socketPath, forward.request, ending.signal);
      if (kept.get(forward.id) !== forward) return void (await closeThere(view.id));
      forward.node = { id: view.id, stream: number, openedMs: clock.monotonicMs(), view };
      forward.problem = null;
      log.info('forward-restored');
    } catch (error) {
      if (isAbort(error) || ending.signal.aborted) return;
      forward.problem = toData(asFailure(error));
      forward.retryAtMs = clock.monotonicMs() + forward.waitMs;
      forward.waitMs = Math.min(again.lastMs, forward.waitMs * 2);
    } finally {
      forward.opening = false;
    }
    look();
  }

  function ask(socketPath: string, request: OpenForwardRequest, signal: AbortSignal): Promise<WireForward> {
    return withDeadline(clock, callMs, 'OpenForward', signal, (inner) => node.openForward(socketPath, request, inner));
  }

  /** Best effort: a node process that does not answer has no forwards to keep. */
  async function closeThere(id: string): Promise<void> {
    const { socketPath } = paths.stream.get() ?? {};
    if (socketPath === undefined) return;
    await withDeadline(clock, callMs, 'CloseForward', ending.signal, (inner) => node.closeForward(socketPath, id, inner))
      .catch((error: unknown) => log.debug('forward-not-closed', { code: asFailure(error).code }));
  }

  const stops = [paths.view.subscribe(look), paths.stream.subscribe(look)];
  return {
    list,
    open: async (request, signal) => {
      const { number = 0, socketPath } = paths.stream.get() ?? {};
      if (!connected()) throw failure('mesh.unreachable', { address: request.peer });
      if (socketPath === undefined) throw failure('node.lost');
      if (kept.size >= forwardsMax) throw failure('input.limit', { what: 'forwards', most: forwardsMax });
      const view = await ask(socketPath, request, signal);
      const forward: Kept = {
        id: shortId(random, 12), request: { ...request, localAddress: view.localAddress, localPort: view.localPort },
        node: { id: view.id, stream: number, openedMs: clock.monotonicMs(), view }, opening: false, problem: null, retryAtMs: 0, waitMs: again.firstMs, before: { sentBytes: 0, receivedBytes: 0 },
      };
      kept.set(forward.id, forward);
      look();
      return viewOf(forward, false);
    },
    close: async (id) => {
      const forward = kept.get(id);
      if (!forward) throw failure('mesh.not-found', { id });
      kept.delete(id);
      publish();
      if (forward.node) await closeThere(forward.node.id);
    },
    look,
    end: () => {
      ending.abort(abortError());
      for (const stop of stops) stop();
      cancelLook?.();
    },
  };
}

/** `away`: nothing was heard of the node process for a while. */
function viewOf({ id, request, node, problem, before }: Kept, away: boolean): ForwardView {
  const view = node?.view;
  return {
    id, peer: request.peer, protocol: request.protocol === 'udp' ? 'udp' : 'tcp',
    localAddress: request.localAddress, localPort: request.localPort, remoteAddress: request.remoteAddress || '127.0.0.1', remotePort: request.remotePort,
    connections: view?.connections ?? 0,
    sentBytes: before.sentBytes + Number(view?.sentBytes ?? 0n),
    receivedBytes: before.receivedBytes + Number(view?.receivedBytes ?? 0n),
    problem: away ? toData(failure('node.lost')) : view ? problemOf(view) : problem,
  };
}
