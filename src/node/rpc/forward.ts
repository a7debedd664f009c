import { abortError, isAbort } from '../../base/abort.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type Call, type Method, RpcError, type Service, status, type Unary } from '../../base/rpc.ts';
import { type Consensus, type RemoteCaller } from '../ports.ts';
import { type MeshReads, privateAddress, publicAddress } from '../state/reads.ts';
import { decide } from './auth.ts';
import { factsOf, type GuardPorts } from './guard.ts';
import { callerKey, callerText, originOf, proxiedFromKey } from './origin.ts';
import { type Rule, ruleOf } from './policy.ts';

export interface ForwardPorts extends Pick<GuardPorts, 'secure'> {
  readonly nodeId: string;
  readonly consensus: Pick<Consensus, 'view'>;
  readonly reads: Pick<MeshReads, 'node' | 'revision' | 'trust'>;
  readonly remote: RemoteCaller;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a call waits for a leader to be known: longer than an election takes. 2 s when left out. */
  readonly leaderPatienceMs?: number;
}

const patienceDefaultMs = 2_000;

export const preferLeaderKey = 'prefer-leader';

const deadlineDefaultMs = 20_000;
const metadataKeysMax = 32;
/** What belongs to one connection and is made anew for the next. */
const hopKeys = /^(:|grpc-|content-type$|te$|user-agent$|host$|connection$|accept-encoding$|webmesh-failure-bin$|webmesh-caller$|proxied-from$)/;

/**
 * The same service behind a leader proxy: every unary method that its policy gives to the leader is passed on when this node does not
 * lead, with the caller's metadata and deadline, and in the caller's name. One hop: what was passed on to us is answered here, also when
 * the leader has changed. In a secured mesh only voters pass on, because the leader would believe nobody else.
 */
export function withForwarding({ definition, handlers }: Service, ports: ForwardPorts): Service {
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const method = definition[name];
    const rule = method && ruleOf(method.path);
    return [name, method && rule && !method.requestStream && !method.responseStream ? forwarding(method, rule, handler as Unary<never, unknown>, ports) : handler];
  });
  return { definition, handlers: Object.fromEntries(wrapped) as Service['handlers'] };
}

function forwarding(method: Method, rule: Rule, handler: Unary<never, unknown>, ports: ForwardPorts): Unary<never, unknown> {
  return async (request, call) => {
    if (!goesToLeader(rule, call, ports)) return handler(request, call);
    refuseHopeless(rule, call, ports);
    await leaderKnown(ports, call.signal);
    return goesToLeader(rule, call, ports) ? forward(method, request, call, ports) : handler(request, call);
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

function goesToLeader({ place }: Rule, call: Call, ports: ForwardPorts): boolean {
  const { nodeId, consensus, clock } = ports;
  const facts = factsOf(ports);
  if (consensus.view.get().role === 'leader' || (facts.secure && !facts.votes(nodeId))) return false;
  const wanted = place === 'leader' || (place === 'here-unless-asked' && call.metadata[preferLeaderKey] === 'true');
  return wanted && originOf(call, facts, clock.nowMs()).via === null;
}

/** What no leader could answer otherwise need not go there: the leader alone knows roles, but a certificate is there or not. */
export function refuseHopeless(rule: Rule, call: Pick<Call, 'caller' | 'metadata' | 'peer'>, ports: Pick<ForwardPorts, 'secure' | 'consensus' | 'reads' | 'clock'>): void {
  const { caller, address } = originOf(call, factsOf(ports), ports.clock.nowMs());
  const least = rule.who === 'anybody' || rule.who === 'renewing' ? rule.who : 'certified';
  const decision = decide({ ...rule, who: least }, caller, address, factsOf(ports), ports.clock.nowMs());
  if (decision.kind === 'refused') throw decision.error;
}

async function forward(method: Method, request: never, call: Call, ports: ForwardPorts): Promise<unknown> {
  const origin = originOf(call, factsOf(ports), ports.clock.nowMs());
  const metadata = { ...passedOn(call.metadata), [proxiedFromKey]: ports.nodeId, ...(ports.secure ? { [callerKey]: callerText(origin) } : {}) };
  return readAnswer(await askLeader(method.path, method.requestSerialize(request), metadata, call, ports), method.responseDeserialize);
}

/** Calls a method of the leader, as this node, once a leader is known. Throws what it answers, or unavailable. */
export async function askLeader(path: string, request: Uint8Array, metadata: Readonly<Record<string, string>>, call: Pick<Call, 'signal' | 'deadlineMs'>, ports: ForwardPorts): Promise<Uint8Array> {
  await leaderKnown(ports, call.signal);
  const options = { metadata, deadlineMs: call.deadlineMs ?? deadlineDefaultMs, signal: call.signal };
  let refusal = new RpcError(status.unavailable, 'no leader');
  for (const { address, expectId } of leaderAddresses(ports)) {
    try {
      return await ports.remote.unary(address, path, request, { ...options, expectId });
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
function leaderAddresses({ nodeId, consensus, reads }: ForwardPorts): readonly { readonly address: string; readonly expectId: string }[] {
  const { leader } = consensus.view.get();
  const row = leader === null || leader === nodeId ? undefined : reads.node(leader);
  if (row === undefined) return [];
  return [privateAddress(row, row.grpcPort), publicAddress(row, row.grpcPort)].filter((address) => address !== undefined).map((address) => ({ address, expectId: row.id }));
}

function passedOn(metadata: Call['metadata']): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !hopKeys.test(key)).slice(0, metadataKeysMax));
}
