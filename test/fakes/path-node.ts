import { failure } from '../../src/base/failure.ts';
import type { NodeClient } from '../../src/core/ports.ts';
import { type ForwardView, NetcheckResponse, PathView, PingPeerResponse, type SetPathInputsRequest, WatchPathsResponse } from '../../src/gen/webmesh/local/v1/local.ts';

type Calls = Pick<NodeClient, 'setPathInputs' | 'watchPaths' | 'netcheck' | 'pingPeer' | 'openForward' | 'closeForward'>;

/** The path finder and the forwards of the node process, as the core sees them: what it says is put there by the test. */
export interface PathNode {
  readonly calls: Calls;
  /** Everything that the core told it, oldest first, over all lives. */
  readonly told: SetPathInputsRequest[];
  readonly forwards: Map<string, ForwardView>;
  /** Ports that another program has. */
  readonly portsTaken: Set<number>;
  /** Does not answer at all, as a process that starts. */
  away: boolean;
  /** Streams that run now. */
  streams(): number;
  /** The present word, and a new one. */
  paths: PathView[];
  nat: WatchPathsResponse['nat'];
  say(paths: readonly Partial<PathView>[]): void;
  /** Streams end, and everything that it knew is gone: a process that ended, or a node that started anew inside of it. */
  forget(): void;
  pings: PingPeerResponse[];
}

export function pathNode(): PathNode {
  let watchers: { push(view: WatchPathsResponse): void; end(): void }[] = [];
  let opened = 0;

  const view = (): WatchPathsResponse => WatchPathsResponse.fromPartial({ nat: node.nat, paths: node.paths, forwards: [...node.forwards.values()] });
  const publish = (): void => {
    for (const { push } of watchers) push(view());
  };
  const present = (): void => {
    if (node.away) throw failure('node.lost');
  };

  async function* watchPaths(_path: string, signal: AbortSignal): AsyncIterable<WatchPathsResponse> {
    present();
    const waiting: WatchPathsResponse[] = [view()];
    let ended = false;
    let wake = (): void => {};
    const watcher = {
      push: (next: WatchPathsResponse): void => {
        waiting.push(next);
        wake();
      },
      end: (): void => {
        ended = true;
        wake();
      },
    };
    watchers = [...watchers, watcher];
    signal.addEventListener('abort', watcher.end);
    try {
      while (!ended) {
        const next = waiting.shift();
        if (next) yield next;
        else await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      watchers = watchers.filter((each) => each !== watcher);
    }
    if (!signal.aborted) throw failure('node.lost');
  }

  const node: PathNode = {
    told: [], forwards: new Map(), portsTaken: new Set(), away: false, paths: [], nat: undefined, pings: [],
    streams: () => watchers.length,
    say: (paths) => {
      node.paths = paths.map((path) => PathView.fromPartial({ latencyMs: -1, ...path }));
      publish();
    },
    forget: () => {
      node.forwards.clear();
      node.paths = [];
      for (const { end } of watchers) end();
    },
    calls: {
      watchPaths,
      setPathInputs: async (_path, inputs) => {
        present();
        node.told.push(inputs);
      },
      netcheck: async () => NetcheckResponse.fromPartial({ nat: { mapping: 2, publicIpv4: '198.51.100.7', portMapping: 'upnp' }, ipv4: true, udp: true, portMapping: { upnp: 'mapped' }, findings: [{ code: 'best' }], servers: [{ nodeId: 'leader', kind: 'stun', address: '192.0.2.1:3478', latencyMs: 4.5 }, { nodeId: 'leader', kind: 'turn-tcp', address: '192.0.2.1:3478', latencyMs: -1, problem: 'no answer' }] }),
      pingPeer: async function* (_path, { count }) {
        present();
        for (const ping of node.pings.slice(0, count * 10)) yield ping;
      },
      openForward: async (_path, request) => {
        present();
        const port = request.localPort || 40_000 + opened;
        if (node.portsTaken.has(port)) throw failure('node.port-in-use', { port });
        const id = `there${++opened}`;
        const forward: ForwardView = { ...request, localPort: port, id, connections: 0, sentBytes: 0n, receivedBytes: 0n, problemCode: '', problem: '' };
        node.forwards.set(id, forward);
        publish();
        return forward;
      },
      closeForward: async (_path, id) => {
        present();
        node.forwards.delete(id);
        publish();
      },
    },
  };
  return node;
}
