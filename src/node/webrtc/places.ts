import { RpcError, status } from '../../base/rpc.ts';
import { type Call } from '../../base/rpc.ts';
import { splitHostPort } from '../../base/ip.ts';
import { type Admitted } from '../rpc/auth.ts';

/** A bounded number of something, in all and for one caller. */
export interface Places {
  /** Answers what gives the place back, which may be called more than once. Throws resourceExhausted. */
  take(caller: string): () => void;
  readonly taken: number;
}

export function createPlaces(max: number, perCallerMax: number, what: string): Places {
  const held = new Map<symbol, string>();
  return {
    take: (caller) => {
      const own = [...held.values()].filter((one) => one === caller).length;
      if (held.size >= max || own >= perCallerMax) throw new RpcError(status.resourceExhausted, `too many ${what}`);
      const place = Symbol(caller);
      held.set(place, caller);
      return () => void held.delete(place);
    },
    get taken() {
      return held.size;
    },
  };
}

/** By whom places are counted: a device, or the address that clear text comes from. */
export function callerOf(who: Admitted, { peer }: Pick<Call, 'peer'>): string {
  return who.kind === 'device' ? who.id : (splitHostPort(peer)?.host ?? peer);
}
