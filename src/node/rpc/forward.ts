import { abortError, isAbort } from '../../base/abort.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type Call, type Method, RpcError, type Service, status, type Unary } from '../../base/rpc.ts';
import { type Consensus, type RemoteCaller } from '../ports.ts';
import { type MeshReads, privateAddress, publicAddress } from '../state/reads.ts';
import { placeOf } from './policy.ts';

export interface ForwardPorts {
  readonly nodeId: string;
  readonly consensus: Pick<Consensus, 'view'>;
  readonly reads: Pick<MeshReads, 'node' | 'revision'>;
  readonly remote: RemoteCaller;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a call waits for a leader to be known: longer than an election takes. 2 s when left out. */
  readonly leaderPatienceMs?: number;
}

const patienceDefaultMs = 2_000;

/** Says that a node passed the call on, and which: such a call is passed on no further. */
export const proxiedFromKey = 'proxied-from';
export const preferLeaderKey = 'prefer-leader';

const deadlineDefaultMs = 20_000;
const metadataKeysMax = 32;
/** What belongs to one connection and is made anew for the next. */
const hopKeys = /^(:|grpc-|content-type$|te$|user-agent$|host$|connection$|accept-encoding$|webmesh-failure-bin$)/;

/**
 * The same service behind a leader proxy: every unary method that its policy gives to the leader is passed on when this node does not
 * lead, with the caller's metadata and deadline. One hop: what was passed on to us is answered here, also when the leader has changed.
 */
export function withForwarding({ definition, handlers }: Service, ports: ForwardPorts): Service {
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const method = definition[name];
    return [name, method && !method.requestStream && !method.responseStream ? forwarding(method, handler as Unary<never, unknown>, ports) : handler];
  });
  return { definition, handlers: Object.fromEntries(wrapped) as Service['handlers'] };
}

function forwarding(method: Method, handler: Unary<never, unknown>, ports: ForwardPorts): Unary<never, unknown> {
  return async (request, call) => {
    if (!goesToLeader(method.path, call, ports)) return handler(request, call);
    await leaderKnown(ports, call.signal);
    return goesToLeader(method.path, call, ports) ? forward(method, request, call, ports) : handler(request, call);
  };
}

/** Resolves once there is a leader whose address is known, which may be this node itself, or when patience ends. */
async function leaderKnown(ports: ForwardPorts, signal: AbortSignal): Promise<void> {
  const known = (): boolean => ports.consensus.view.get().role === 'leader' || leaderAddresses(ports).length > 0;
  const patienceMs = ports.leaderPatienceMs ?? patienceDefaultMs;
  if (known() || patienceMs === 0) return;
  const found = new AbortController();
  const look = (): void => {
    if (known()) found.abort(abortError('found'));
  };
  const ends = [ports.consensus.view.subscribe(look), ports.reads.revision.subscribe(look)];
  try {
    await sleep(ports.clock, patienceMs, AbortSignal.any([signal, found.signal]));
  } catch (error) {
    if (!found.signal.aborted) throw error;
  } finally {
    for (const end of ends) end();
  }
}

function goesToLeader(path: string, call: Call, { consensus }: ForwardPorts): boolean {
  if (consensus.view.get().role === 'leader' || call.metadata[proxiedFromKey] !== undefined) return false;
  const place = placeOf(path);
  return place === 'leader' || (place === 'here-unless-asked' && call.metadata[preferLeaderKey] === 'true');
}

async function forward(method: Method, request: never, call: Call, ports: ForwardPorts): Promise<unknown> {
  const addresses = leaderAddresses(ports);
  const bytes = method.requestSerialize(request);
  const options = { metadata: { ...passedOn(call.metadata), [proxiedFromKey]: ports.nodeId }, deadlineMs: call.deadlineMs ?? deadlineDefaultMs, signal: call.signal };
  let refusal = new RpcError(status.unavailable, 'no leader');
  for (const address of addresses) {
    try {
      const answer = await ports.remote.unary(address, method.path, bytes, options);
      return readAnswer(answer, method.responseDeserialize);
    } catch (error) {
      if (isAbort(error) || !(error instanceof RpcError)) throw error;
      // Only an address that cannot be reached makes the next one worth a try; anything else is the leader's answer.
      if (error.code !== status.unavailable) throw error;
      ports.log.debug('leader-unreachable', { address, message: error.message });
      refusal = error;
    }
  }
  throw refusal;
}

/** Another node's answer is not ours to trust: bytes that are no message are a refusal, not a fault of this node. */
export function readAnswer<T>(bytes: Uint8Array, decode: (bytes: Buffer) => T): T {
  try {
    return decode(Buffer.from(bytes));
  } catch (error) {
    throw new RpcError(status.internal, 'the other node answered what cannot be read', error);
  }
}

/** Inside the mesh first, then from outside. Empty when nobody is known to lead. */
function leaderAddresses({ nodeId, consensus, reads }: ForwardPorts): readonly string[] {
  const { leader } = consensus.view.get();
  const row = leader === null || leader === nodeId ? undefined : reads.node(leader);
  if (row === undefined) return [];
  return [privateAddress(row, row.grpcPort), publicAddress(row, row.grpcPort)].filter((address) => address !== undefined);
}

function passedOn(metadata: Call['metadata']): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !hopKeys.test(key)).slice(0, metadataKeysMax));
}
