import { formatIp, networkOf, parseIp } from '../../base/ip.ts';
import { type Clock } from '../../base/clock.ts';
import { refusals } from '../../base/refusals.ts';
import { type Call, RpcError, type Service, status, type Unary } from '../../base/rpc.ts';

export const enrollLimits = { windowMs: 60_000, perAddressMax: 10, allMax: 100, ipv6Bits: 64 } as const;

/** How often strangers may guess, at the node that they call. */
export interface EnrollLimits {
  /** Throws resourceExhausted when this address, or all together, failed too often within the last minute. Answers what takes the try back. */
  enter(address: string): () => void;
}

interface Try {
  readonly atMs: number;
  readonly from: string;
}

/** A try counts as failed from its beginning until it is known not to be: guesses that run at once are counted like those one after another. */
export function createEnrollLimits(clock: Clock): EnrollLimits {
  let tries: Try[] = [];
  return {
    enter: (address) => {
      const nowMs = clock.monotonicMs();
      const from = networkText(address);
      tries = tries.filter(({ atMs }) => nowMs - atMs < enrollLimits.windowMs);
      const own = tries.filter((each) => each.from === from).length;
      if (tries.length >= enrollLimits.allMax || own >= enrollLimits.perAddressMax) throw new RpcError(status.resourceExhausted, refusals.tooManyTries);
      const entered: Try = { atMs: nowMs, from };
      tries.push(entered);
      return () => {
        tries = tries.filter((each) => each !== entered);
      };
    },
  };
}

/** The service with its tries counted: the outermost layer, so that what another node answers counts as well. Calls without an address
 * were counted where they entered the mesh. */
export function limited({ definition, handlers }: Service, limits: EnrollLimits, addressOf: (call: Call) => string | null): Service {
  const wrapped = Object.entries(handlers).map(([name, handler]) => [name, counting(handler as Unary<never, unknown>, limits, addressOf)]);
  return { definition, handlers: Object.fromEntries(wrapped) as Service['handlers'] };
}

function counting(handler: Unary<never, unknown>, limits: EnrollLimits, addressOf: (call: Call) => string | null): Unary<never, unknown> {
  return async (request, call) => {
    const address = addressOf(call);
    if (address === null) return handler(request, call);
    const takeBack = limits.enter(address);
    try {
      const answer = await handler(request, call);
      takeBack();
      return answer;
    } catch (error) {
      if (!isGuess(error)) takeBack();
      throw error;
    }
  };
}

/** What whoever guesses gets for an answer. A mesh without a leader, or an invite that is used up, is no guess. */
function isGuess(error: unknown): boolean {
  return !(error instanceof RpcError) || error.code === status.unauthenticated || error.code === status.invalidArgument;
}

/** One customer has one IPv4 address, and a whole /64 of IPv6. */
function networkText(address: string): string {
  const ip = parseIp(address);
  if (!ip) return 'unknown';
  const mapped = ip.family === 6 && ip.value >> 32n === 0xffffn ? ({ family: 4, value: ip.value & 0xffff_ffffn } as const) : ip;
  return formatIp(mapped.family === 6 ? networkOf({ ip: mapped, bits: enrollLimits.ipv6Bits }).ip : mapped);
}
