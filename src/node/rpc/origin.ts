import { type Call, type Caller, RpcError, status } from '../../base/rpc.ts';
import { decide, type TrustFacts } from './auth.ts';

/** Says that a node passed the call on, and which: such a call is passed on no further. */
export const proxiedFromKey = 'proxied-from';
/** Whom the node that passed the call on took it from. Believed of voters only. */
export const callerKey = 'webmesh-caller';

/** Who really called. `via`: the node that passed the call on, or null. */
export interface Origin {
  readonly caller: Caller;
  /** The bare IP address from which the call entered the mesh. */
  readonly address: string;
  readonly via: string | null;
  /** A caller that may not speak for others said that it does. Honest ones do it too: a voter that does not know yet that it is none any more. */
  readonly pretends: boolean;
}

/**
 * The caller that a call is judged by. A voter of the present configuration may name another one, because it could write anything itself;
 * what anybody else says about its caller is not heard. In clear text everybody is equal, and whoever says so passed the call on.
 */
export function originOf(call: Pick<Call, 'caller' | 'metadata' | 'peer'>, facts: TrustFacts, nowMs: number): Origin {
  const from = call.metadata[proxiedFromKey];
  const named = call.metadata[callerKey];
  const direct: Origin = { caller: call.caller, address: hostOf(call.peer), via: null, pretends: false };
  if (!facts.secure) return from === undefined ? direct : { ...direct, via: from };
  if ((from === undefined && named === undefined) || call.caller.kind !== 'certified') return direct;
  if (decide({ place: 'here', who: 'voter', clearText: false }, call.caller, '', facts, nowMs).kind !== 'admitted') return { ...direct, pretends: true };
  const read = callerFrom(named ?? '');
  if (read === undefined) throw new RpcError(status.invalidArgument, `${callerKey} cannot be read`);
  return { ...read, via: call.caller.id, pretends: false };
}

/** What a node says to the leader about whom it took a call from. */
export function callerText({ caller, address }: Pick<Origin, 'caller' | 'address'>): string {
  return caller.kind === 'certified' ? `certified ${caller.id} ${caller.fingerprint} ${caller.expired ? 'expired' : 'valid'} ${address}` : `anonymous ${address}`;
}

const certifiedPattern = /^certified ([A-Za-z0-9._-]{1,63}) ([0-9a-f]{64}) (expired|valid) ([0-9a-zA-Z.:%]{0,64})$/;
const anonymousPattern = /^anonymous ([0-9a-zA-Z.:%]{0,64})$/;

function callerFrom(text: string): Pick<Origin, 'caller' | 'address'> | undefined {
  const [, id, fingerprint, life, from] = certifiedPattern.exec(text) ?? [];
  if (id !== undefined && fingerprint !== undefined) return { caller: { kind: 'certified', id, fingerprint, expired: life === 'expired' }, address: from ?? '' };
  const anonymous = anonymousPattern.exec(text);
  return anonymous ? { caller: { kind: 'anonymous' }, address: anonymous[1] ?? '' } : undefined;
}

/** `ip:port` without its port and brackets. */
function hostOf(peer: string): string {
  return (/^\[(.*)\](:\d+)?$/.exec(peer)?.[1] ?? /^([^:]*):\d+$/.exec(peer)?.[1] ?? peer).replace(/[^0-9a-zA-Z.:%]/g, '').slice(0, 64);
}
