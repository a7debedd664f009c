import { type Clock, sleep } from '../../base/clock.ts';
import { failure } from '../../base/failure.ts';
import { type Call, type Service, service } from '../../base/rpc.ts';
import { type Generation as WireGeneration, HelloResponse, HelperService, type NetworkState, type NodeSpec, NodeState, type WatchResponse } from '../../gen/webmesh/helper/v1/helper.ts';
import { type Lane, type Lanes } from '../lanes.ts';
import { type Keys, type TunnelPlace } from '../ports.ts';
import { type Device } from '../tunnel/device.ts';
import { type Fences, type OrderKind } from '../tunnel/fence.ts';
import { parseTunnelSpec, tunnelIdPattern } from '../tunnel/spec.ts';
import { type Caller } from './callers.ts';
import { type Holder } from './holder.ts';

export interface HelperParts {
  readonly version: string;
  readonly clock: Clock;
  readonly lanes: Lanes;
  readonly fences: Fences;
  readonly keys: Pick<Keys, 'of' | 'next'>;
  readonly device: Pick<Device, 'choose'>;
  readonly deviceName: (tunnelId: string) => string;
  readonly holder: Holder;
  /** JSON text without secrets; with the state and the node's log of these networks, which belong to one user. */
  readonly diagnostics: (lanes: readonly Lane[] | null) => Promise<string>;
  /** Undoes everything; the process ends after the answer is sent. */
  readonly shutdown: () => Promise<void>;
}

/**
 * The seven calls as one caller has them: each connection is served with the user that the kernel named. Each call checks its input, asks
 * whose tunnels they are and the fence of the one that it names, and does one thing.
 */
export function helperService(parts: HelperParts, caller: Caller): Service {
  const { lanes, holder } = parts;
  return service(HelperService, {
    hello: async ({ tunnelId, nextKey }) => hello(parts, caller, tunnelId, nextKey),
    applyTunnel: async ({ generation, spec }) => {
      const wanted = parseTunnelSpec(spec, caller.uid, parts.deviceName);
      return { state: await holder.order(caller, () => lanes.order(wanted.place, ({ tunnel }) => tunnel.apply(generation, wanted))) };
    },
    clearTunnel: async ({ tunnelId, generation }) => {
      await end(parts, caller, placeOf(caller, tunnelId), 'tunnel', generation, ({ tunnel }) => tunnel.clear(generation));
      return {};
    },
    watch: (_request, call) => watch(parts, caller, call),
    setNode: async ({ tunnelId, generation, spec }) => ({ state: await setNode(parts, caller, placeOf(caller, tunnelId), generation, spec) }),
    exportDiagnostics: async () => ({ report: await parts.diagnostics(holder.maySee(caller) ? visible(parts, caller) : null) }),
    shutdown: async () => {
      if (!caller.privileged) throw failure('auth.not-permitted', { problem: 'only root, or who started the helper, may end it' });
      await parts.shutdown();
      return {};
    },
  });
}

async function setNode(parts: HelperParts, caller: Caller, place: TunnelPlace, generation: WireGeneration | undefined, spec: NodeSpec | undefined): Promise<NodeState> {
  const { holder, lanes } = parts;
  if (spec !== undefined) return holder.order(caller, () => lanes.order(place, ({ node }) => node.set(generation, spec)));
  const stopped = await end(parts, caller, place, 'node', generation, ({ node }) => node.set(generation, undefined));
  return stopped ?? NodeState.fromPartial({});
}

/**
 * An order to end something: where there is nothing, the fence still remembers it, because an older order for it may be on its way. Root and
 * the owner may end what another user has; they know nothing of that user's generations, so all of that network ends.
 */
async function end<T>(parts: HelperParts, caller: Caller, place: TunnelPlace, kind: OrderKind, generation: WireGeneration | undefined, work: (lane: Lane) => Promise<T>): Promise<T | undefined> {
  const { holder, lanes, fences } = parts;
  return holder.end(caller, async () => {
    const own = lanes.orderIn(place, work);
    if (own !== undefined) return own;
    await fences.of(place).pass(kind, generation);
    if (caller.privileged) await lanes.end((lane) => lane.place.tunnelId === place.tunnelId && lane.place.uid !== caller.uid);
    return undefined;
  });
}

function placeOf({ uid }: Caller, tunnelId: string): TunnelPlace {
  if (!tunnelIdPattern.test(tunnelId)) throw failure('input.invalid', { field: 'tunnel_id', reason: 'not 1 to 32 lower-case letters and digits' });
  return { uid, tunnelId };
}

async function hello(parts: HelperParts, caller: Caller, tunnelId: string, nextKey: boolean): Promise<HelloResponse> {
  const { version, fences, keys, device, lanes } = parts;
  const place = tunnelId === '' ? undefined : placeOf(caller, tunnelId);
  const key = place && (await keys.of(place));
  const next = place && (await keys.next(place, nextKey));
  const choice = await device.choose();
  const engine = 'engine' in choice ? { engine: choice.engine, engineVersion: choice.version } : { engineProblem: choice.problem };
  const { layers, missing } = lanes.confinement(tunnelId);
  return HelloResponse.fromPartial({
    version, generation: place ? fences.of(place).newest() : fences.newest(caller.uid), publicKey: key?.publicKey ?? '', nextPublicKey: next?.publicKey ?? '',
    keyMadeMs: BigInt(key?.madeMs ?? 0), ...engine, nodeLayers: [...layers], nodeLayersMissing: [...missing],
  });
}

/** What a user is told of: his own networks; root and the owner of all. */
function visible({ lanes }: HelperParts, { uid, privileged }: Caller): readonly Lane[] {
  return lanes.all().filter(({ place }) => privileged || place.uid === uid);
}

/** With several networks, whose engines are read at the same time, one event tells of all. */
const gatherMs = 10;

/** The present first, then whole values as they change. A slow reader misses values in between, never the newest. Another user hears an empty list once. */
async function* watch(parts: HelperParts, caller: Caller, call: Call): AsyncIterable<WatchResponse> {
  const { lanes, clock } = parts;
  let news = Promise.withResolvers<void>();
  const wake = (): void => news.resolve();
  const forget = lanes.changes.subscribe(wake);
  call.signal.addEventListener('abort', wake, { once: true });
  let told: readonly NetworkState[] | undefined;
  try {
    while (!call.signal.aborted) {
      const seen = lanes.statesOf(visible(parts, caller));
      if (told === undefined || seen.length + told.length > 0) yield { networks: seen };
      told = seen;
      await news.promise;
      if (lanes.all().length > 1) await sleep(clock, gatherMs, call.signal).catch(() => {}); // Aborted: the loop ends by itself.
      news = Promise.withResolvers<void>();
    }
  } finally {
    forget();
    call.signal.removeEventListener('abort', wake);
  }
}
