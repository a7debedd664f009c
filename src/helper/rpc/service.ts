import { type ReadCell } from '../../base/cell.ts';
import { failure } from '../../base/failure.ts';
import { type Call, type Service, service } from '../../base/rpc.ts';
import { HelloResponse, HelperService, NodeState, TunnelPhase, TunnelState, type WatchResponse } from '../../gen/webmesh/helper/v1/helper.ts';
import { type HostNode } from '../host-node.ts';
import { type Keys } from '../ports.ts';
import { type Device } from '../tunnel/device.ts';
import { type Fence } from '../tunnel/fence.ts';
import { parseTunnelSpec, tunnelIdPattern } from '../tunnel/spec.ts';
import { type Tunnel } from '../tunnel/tunnel.ts';
import { type Caller } from './callers.ts';
import { type Holder } from './holder.ts';

export interface HelperParts {
  readonly version: string;
  readonly tunnel: Tunnel;
  readonly node: HostNode;
  readonly fence: Fence;
  readonly keys: Pick<Keys, 'of' | 'next'>;
  readonly device: Pick<Device, 'choose'>;
  readonly deviceName: (tunnelId: string) => string;
  readonly holder: Holder;
  /** What keeps the node process in, and what is missing of it. */
  readonly confinement: () => { readonly layers: readonly string[]; readonly missing: readonly string[] };
  /** JSON text without secrets; `whole` with the tunnel's state and the node's log, which belong to one user. */
  readonly diagnostics: (whole: boolean) => Promise<string>;
  /** Undoes everything; the process ends after the answer is sent. */
  readonly shutdown: () => Promise<void>;
}

/**
 * The seven calls as one caller has them: each connection is served with the user that the kernel named. Each call checks its input, asks
 * whose tunnel it is and the fence, and does one thing.
 */
export function helperService(parts: HelperParts, caller: Caller): Service {
  const { tunnel, node, holder } = parts;
  return service(HelperService, {
    hello: async ({ tunnelId, nextKey }) => hello(parts, caller, tunnelId, nextKey),
    applyTunnel: async ({ generation, spec }) => {
      const wanted = parseTunnelSpec(spec, caller.uid, parts.deviceName);
      return { state: await holder.order(caller, () => tunnel.apply(generation, wanted)) };
    },
    clearTunnel: async ({ generation }) => {
      await holder.order(caller, () => tunnel.clear(generation));
      return {};
    },
    watch: (_request, call) => watch(parts, caller, call),
    setNode: async ({ generation, spec }) => ({ state: await holder.order(caller, () => node.set(generation, caller.uid, spec)) }),
    exportDiagnostics: async () => ({ report: await parts.diagnostics(holder.maySee(caller)) }),
    shutdown: async () => {
      if (!caller.privileged) throw failure('auth.not-permitted', { problem: 'only root, or who started the helper, may end it' });
      await parts.shutdown();
      return {};
    },
  });
}

async function hello(parts: HelperParts, { uid }: Caller, tunnelId: string, nextKey: boolean): Promise<HelloResponse> {
  const { version, fence, keys, device, confinement } = parts;
  if (tunnelId !== '' && !tunnelIdPattern.test(tunnelId)) throw failure('input.invalid', { field: 'tunnel_id', reason: 'not 1 to 32 lower-case letters and digits' });
  const place = { uid, tunnelId };
  const key = tunnelId === '' ? undefined : await keys.of(place);
  const next = key === undefined ? undefined : await keys.next(place, nextKey);
  const choice = await device.choose();
  const engine = 'engine' in choice ? { engine: choice.engine, engineVersion: choice.version } : { engineProblem: choice.problem };
  const { layers, missing } = confinement();
  return HelloResponse.fromPartial({
    version, generation: fence.newest(), publicKey: key?.publicKey ?? '', nextPublicKey: next?.publicKey ?? '', keyMadeMs: BigInt(key?.madeMs ?? 0), ...engine,
    nodeLayers: [...layers], nodeLayersMissing: [...missing],
  });
}

/** What another user sees: that this machine has a helper, and nothing of whose tunnel it carries. */
const hidden: WatchResponse = { tunnel: TunnelState.fromPartial({ phase: TunnelPhase.TUNNEL_PHASE_NONE }), node: NodeState.fromPartial({}) };

/** The present first, then whole values as they change. A slow reader misses values in between, never the newest. */
async function* watch({ tunnel, node, holder }: HelperParts, caller: Caller, call: Call): AsyncIterable<WatchResponse> {
  let news = Promise.withResolvers<void>();
  const wake = (): void => news.resolve();
  const cells: readonly ReadCell<unknown>[] = [tunnel.state, node.state];
  const forget = cells.map((cell) => cell.subscribe(wake));
  call.signal.addEventListener('abort', wake, { once: true });
  let told: WatchResponse | undefined;
  try {
    while (!call.signal.aborted) {
      const seen = holder.maySee(caller) ? { tunnel: tunnel.state.get(), node: node.state.get() } : hidden;
      if (seen !== hidden || told !== hidden) yield seen;
      told = seen;
      await news.promise;
      news = Promise.withResolvers<void>();
    }
  } finally {
    for (const end of forget) end();
    call.signal.removeEventListener('abort', wake);
  }
}
