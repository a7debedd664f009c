import { abortError } from '../../base/abort.ts';
import { assert } from '../../base/assert.ts';
import { type ReadCell } from '../../base/cell.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { refusals } from '../../base/refusals.ts';
import { type Call, type Handlers, type Method, RpcError, type ServerStream, type Service, status, type Unary } from '../../base/rpc.ts';
import { type Consensus } from '../ports.ts';
import { type TrustReads } from '../state/trust-reads.ts';
import { type Admitted, checkNames, decide, type TrustFacts } from './auth.ts';
import { originOf } from './origin.ts';
import { type Rule, ruleOf } from './policy.ts';
import { requireLeader } from './submit.ts';

export interface GuardPorts {
  /** False: a mesh in clear text. Fixed by how the node was told to be, not by what its replica holds so far. */
  readonly secure: boolean;
  readonly consensus: Pick<Consensus, 'view'>;
  readonly reads: { readonly trust: Pick<TrustReads, 'device' | 'certificate'>; readonly revision: ReadCell<number> };
  readonly clock: Clock;
  /** How long a caller that the replica does not know yet is waited for. 2 s when left out. */
  readonly callerPatienceMs?: number;
}

const patienceDefaultMs = 2_000;

export function factsOf({ secure, consensus, reads: { trust } }: Pick<GuardPorts, 'secure' | 'consensus' | 'reads'>): TrustFacts {
  return {
    secure,
    device: trust.device,
    certificate: trust.certificate,
    votes: (id) => consensus.view.get().configuration.servers.some((server) => server.id === id && server.voter),
  };
}

/**
 * Answers who is calling a method with this rule, or throws the refusal: unauthenticated, permissionDenied. A certificate that the replica
 * does not hold yet is waited for, because the caller may have enrolled a moment ago, elsewhere.
 */
export async function admit(rule: Rule, call: Pick<Call, 'caller' | 'metadata' | 'peer' | 'signal'>, ports: GuardPorts): Promise<Admitted> {
  const { clock, reads } = ports;
  const endsMs = clock.monotonicMs() + (ports.callerPatienceMs ?? patienceDefaultMs);
  for (;;) {
    const { caller, address, via, pretends } = originOf(call, factsOf(ports), clock.nowMs());
    const decision = decide(rule, caller, address, factsOf(ports), clock.nowMs());
    if (decision.kind === 'refused') throw decision.error;
    if (decision.kind === 'admitted') {
      // It would be let in by itself. But the call may be another's, and that one must not get the role of who passed it on.
      if (pretends) throw new RpcError(status.permissionDenied, refusals.onlyVoters);
      return { ...decision.principal, via };
    }
    const leftMs = endsMs - clock.monotonicMs();
    if (leftMs <= 0) throw new RpcError(status.unauthenticated, refusals.deviceUnknown);
    await changed(reads.revision, clock, leftMs, call.signal);
  }
}

/** Resolves after the next change of the cell, or when the time is over. */
async function changed(revision: ReadCell<number>, clock: Clock, waitMs: number, signal: AbortSignal): Promise<void> {
  const moved = new AbortController();
  const end = revision.subscribe(() => moved.abort(abortError('moved')));
  try {
    await sleep(clock, waitMs, AbortSignal.any([signal, moved.signal]));
  } catch (error) {
    if (!moved.signal.aborted || signal.aborted) throw error;
  } finally {
    end();
  }
}

/** Handlers that are told who is calling. Of a method whose requests stream, the first is read when the policy has let the caller in, and not before. */
export type GuardedHandlers<Definition> = { readonly [Name in keyof Definition]?: Guarded<NonNullable<Handlers<Definition>[Name]>> };
type Guarded<Handler> = Handler extends Unary<infer Request, infer Response> ? (request: Request, call: Call, who: Admitted) => Promise<Response>
  : Handler extends ServerStream<infer Request, infer Response> ? (request: Request, call: Call, who: Admitted) => AsyncIterable<Response> : never;

/** A service whose every method asks the policy first. Throws when a method that would be served has no row there: such a node does not start. */
export function guarded<Definition extends Readonly<Record<string, Method>>>(definition: Definition, handlers: GuardedHandlers<Definition>, ports: GuardPorts): Service {
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const method = definition[name];
    const rule = method && ruleOf(method.path);
    assert(rule !== undefined, `the policy has a row for ${method?.path ?? name}`);
    return [name, method?.responseStream ? streaming(rule, handler as StreamHandler, ports) : unary(rule, handler as UnaryHandler, ports)];
  });
  return { definition, handlers: Object.fromEntries(wrapped) as Service['handlers'] };
}

type UnaryHandler = (request: unknown, call: Call, who: Admitted) => Promise<unknown>;
type StreamHandler = (request: unknown, call: Call, who: Admitted) => AsyncIterable<unknown>;

function unary(rule: Rule, handler: UnaryHandler, ports: GuardPorts): Unary<unknown, unknown> {
  return async (request, call) => handler(request, call, await enter(rule, request, call, ports));
}

/** One wrapper for both kinds of streams: requests that stream are handed over unread, and name nobody that the policy could look at. */
function streaming(rule: Rule, handler: StreamHandler, ports: GuardPorts): ServerStream<unknown, unknown> {
  return async function* (request, call) {
    yield* handler(request, call, await enter(rule, request, call, ports));
  };
}

async function enter(rule: Rule, request: unknown, call: Call, ports: GuardPorts): Promise<Admitted> {
  const who = await admit(rule, call, ports);
  checkNames(rule, who, (request as { readonly id?: unknown }).id);
  if (rule.place === 'leader') requireLeader(ports.consensus);
  return who;
}
