import { abortError } from '../base/abort.ts';
import { type ReadCell } from '../base/cell.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { type Call, type Service } from '../base/rpc.ts';
import { type MeshNode } from '../gen/v1/mesh_messages.ts';
import { type Status } from '../gen/v1/node_messages.ts';
import { type NodeMetrics } from '../gen/v1/node_metrics.ts';
import { type ListAuditRequest, type ListAuditResponse, type TrustView } from '../gen/webmesh/trust/v1/trust_messages.ts';
import { LocalNodeService, type RaftView as WireRaftView, type WatchReplicaResponse } from '../gen/webmesh/local/v1/local.ts';
import { type LocalPathsPorts, watchPaths } from './local-paths.ts';
import { guarded, type GuardPorts } from './rpc/guard.ts';
import { type Index, type RaftView } from '../raft/types.ts';

export interface LocalPorts extends GuardPorts {
  readonly view: ReadCell<RaftView>;
  readonly appliedIndex: ReadCell<Index>;
  readonly tickMs: number;
  /** Aborts when the node ends: watches then end too, instead of holding it up. */
  readonly closing: AbortSignal;
  readonly status: () => Status;
  readonly nodes: () => readonly MeshNode[];
  readonly mesh: () => { readonly networkName: string; readonly ipv4Network: string; readonly ulaPrefix: string };
  readonly metrics: () => Promise<NodeMetrics>;
  readonly paths: LocalPathsPorts;
  readonly trust: () => TrustView;
  readonly audit: (query: ListAuditRequest) => ListAuditResponse;
  /** A fresh chain for this node, recorded by the mesh. */
  readonly renewOwn: (request: Uint8Array, call: Call) => Promise<readonly Uint8Array[]>;
}

const betweenMs = 100;
const anywayMs = 2_000;

/** What the app's core asks of the node process on its own machine, over the private socket. Nobody else is answered. */
export function localService(ports: LocalPorts): Service {
  return guarded(LocalNodeService, {
    watchReplica: (_request, { signal }) => watch(ports, AbortSignal.any([signal, ports.closing])),
    getMetrics: async () => ({ metrics: await ports.metrics() }),
    renew: async ({ certificateRequest }, call) => ({ chain: (await ports.renewOwn(certificateRequest, call)).map((each) => Buffer.from(each)) }),
    setPathInputs: async (inputs) => {
      ports.paths.paths.setInputs(inputs);
      return {};
    },
    watchPaths: (_request, { signal }) => watchPaths(ports.paths, signal),
    netcheck: (_request, { signal }) => ports.paths.netcheck(signal),
    pingPeer: (request, { signal }) => ports.paths.paths.ping(request, signal),
    openForward: async (request, { signal }) => ({ forward: await ports.paths.forwards.open(request, signal) }),
    closeForward: async ({ id }) => {
      ports.paths.forwards.close(id);
      return {};
    },
    listAudit: async ({ query }) => ({ page: ports.audit(query ?? { search: '', before: 0n, limit: 0 }) }),
  }, ports);
}

/** The whole view at once, then after each change but not more often than every 100 ms, and every two seconds anyway. */
async function* watch(ports: LocalPorts, signal: AbortSignal): AsyncGenerator<WatchReplicaResponse> {
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  let seen = visible(ports.view.get());
  const ends = [
    ports.appliedIndex.subscribe(wake),
    ports.view.subscribe((view) => {
      const now = visible(view);
      if (now !== seen) wake();
      seen = now;
    }),
  ];
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      yield replica(ports);
      await sleep(ports.clock, betweenMs, signal);
      await changedOrLater(ports.clock, changed.promise, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const end of ends) end();
  }
}

async function changedOrLater(clock: Clock, changed: Promise<void>, signal: AbortSignal): Promise<void> {
  const given = new AbortController();
  const late = sleep(clock, anywayMs - betweenMs, AbortSignal.any([signal, given.signal]));
  try {
    await Promise.race([changed, late]);
  } finally {
    given.abort(abortError('no longer waited for'));
    await late.catch(() => {});
  }
}

/** What of the view is worth telling at once. How long ago the leader was heard is told with the next view anyway. */
function visible({ role, term, leader, commitIndex, configuration, quorumActive }: RaftView): string {
  return JSON.stringify([role, term, leader, commitIndex, configuration, quorumActive]);
}

function replica({ view, appliedIndex, tickMs, status, nodes, mesh, trust }: LocalPorts): WatchReplicaResponse {
  return { status: status(), nodes: [...nodes()], raft: raftView(view.get(), appliedIndex.get(), tickMs), ...mesh(), trust: trust() };
}

function raftView(view: RaftView, appliedIndex: Index, tickMs: number): WireRaftView {
  return {
    role: view.role,
    term: BigInt(view.term),
    leaderId: view.leader ?? '',
    lastIndex: BigInt(view.lastIndex),
    commitIndex: BigInt(view.commitIndex),
    appliedIndex: BigInt(appliedIndex),
    servers: view.configuration.servers.map(({ id, address, voter }) => ({ id, address, voter, matchIndex: BigInt(id === view.id ? view.lastIndex : (view.progress.get(id)?.match ?? 0)) })),
    leaderContactAgeMs: BigInt(view.leaderContactTicks === null ? -1 : view.leaderContactTicks * tickMs),
    quorum: view.quorumActive,
  };
}
