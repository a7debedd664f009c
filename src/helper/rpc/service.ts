import { type ReadCell } from '../../base/cell.ts';
import { failure } from '../../base/failure.ts';
import { type Call, type Service, service } from '../../base/rpc.ts';
import { HelloResponse, HelperService, type NodeState, type TunnelState, type WatchResponse } from '../../gen/webmesh/helper/v1/helper.ts';
import { type HostNode } from '../host-node.ts';
import { type Keys } from '../ports.ts';
import { type Device } from '../tunnel/device.ts';
import { type Fence } from '../tunnel/fence.ts';
import { parseTunnelSpec, tunnelIdPattern } from '../tunnel/spec.ts';
import { type Tunnel } from '../tunnel/tunnel.ts';

export interface HelperParts {
  readonly version: string;
  readonly tunnel: Tunnel;
  readonly node: HostNode;
  readonly fence: Fence;
  readonly keys: Pick<Keys, 'of'>;
  readonly device: Pick<Device, 'choose'>;
  readonly deviceName: (tunnelId: string) => string;
  /** JSON text without secrets. */
  readonly diagnostics: () => Promise<string>;
  /** Undoes everything; the process ends after the answer is sent. */
  readonly shutdown: () => Promise<void>;
}

/** The seven calls. Each checks its input, asks the fence through tunnel or node, and does one thing. */
export function helperService(parts: HelperParts): Service {
  const { tunnel, node } = parts;
  return service(HelperService, {
    hello: async ({ tunnelId }) => hello(parts, tunnelId),
    applyTunnel: async ({ generation, spec }) => ({ state: await tunnel.apply(generation, parseTunnelSpec(spec, parts.deviceName)) }),
    clearTunnel: async ({ generation }) => {
      await tunnel.clear(generation);
      return {};
    },
    watch: (_request, call) => watch(tunnel.state, node.state, call),
    setNode: async ({ generation, spec }) => ({ state: await node.set(generation, spec) }),
    exportDiagnostics: async () => ({ report: await parts.diagnostics() }),
    shutdown: async () => {
      await parts.shutdown();
      return {};
    },
  });
}

async function hello({ version, fence, keys, device }: HelperParts, tunnelId: string): Promise<HelloResponse> {
  if (tunnelId !== '' && !tunnelIdPattern.test(tunnelId)) throw failure('input.invalid', { field: 'tunnel_id', reason: 'not 1 to 32 lower-case letters and digits' });
  const publicKey = tunnelId === '' ? '' : (await keys.of(tunnelId)).publicKey;
  const choice = await device.choose();
  const engine = 'engine' in choice ? { engine: choice.engine, engineVersion: choice.version } : { engineProblem: choice.problem };
  return HelloResponse.fromPartial({ version, generation: fence.newest(), publicKey, ...engine });
}

/** The present first, then whole values as they change. A slow reader misses values in between, never the newest. */
async function* watch(tunnel: ReadCell<TunnelState>, node: ReadCell<NodeState>, call: Call): AsyncIterable<WatchResponse> {
  let news = Promise.withResolvers<void>();
  const wake = (): void => news.resolve();
  const forget = [tunnel.subscribe(wake), node.subscribe(wake)];
  call.signal.addEventListener('abort', wake, { once: true });
  try {
    while (!call.signal.aborted) {
      yield { tunnel: tunnel.get(), node: node.get() };
      await news.promise;
      news = Promise.withResolvers<void>();
    }
  } finally {
    for (const end of forget) end();
    call.signal.removeEventListener('abort', wake);
  }
}
