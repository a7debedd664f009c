import { isAbort, withDeadline } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure } from '../../base/failure.ts';
import { lives } from '../../base/identity.ts';
import type { CertificateFacts, Pki } from '../../base/pki.ts';
import { atLeader } from '../mesh/join.ts';
import type { Door } from '../mesh/door.ts';
import type { MeshClient, NodeClient } from '../ports.ts';
import { checkChain } from './enroll.ts';

type Span = Pick<CertificateFacts, 'notBeforeMs' | 'notAfterMs'>;

/** good: leave it. due: renew it when there is time. ended: good for its own renewal and nothing else. lost: ended longer ago than the grace. */
export type Standing = 'good' | 'due' | 'ended' | 'lost';

/** Where a device's certificate is in its life. One that could not get its whole life, because its authority ends, is due after a third. */
export function standing({ notBeforeMs, notAfterMs }: Span, nowMs: number): Standing {
  if (nowMs >= notAfterMs + lives.graceMs) return 'lost';
  if (nowMs >= notAfterMs) return 'ended';
  const issuedMs = notBeforeMs + lives.backdateMs;
  return nowMs - issuedMs >= Math.min(lives.renewAfterMs, (notAfterMs - issuedMs) / 3) ? 'due' : 'good';
}

/** True when the tunnel's key is old enough to be replaced. 0: nobody knows its age. */
export function keyIsDue(madeMs: number, nowMs: number): boolean {
  return madeMs > 0 && nowMs - madeMs >= lives.wireguardKeyMs;
}

/** An authority is asked for again this long before its end, so that no device's certificate gets a short life because of it. */
const authorityAheadMs = 180 * 86_400_000;

export function authorityIsDue({ notAfterMs }: Pick<Span, 'notAfterMs'>, nowMs: number): boolean {
  return nowMs >= notAfterMs - authorityAheadMs;
}

export interface RenewInput {
  readonly key: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly nodeId: string;
  /** The node process of this machine, or null while there is none. */
  readonly socketPath: string | null;
  readonly door: Door;
}

export interface RenewPorts {
  readonly clock: Clock;
  readonly mesh: MeshClient;
  readonly node: NodeClient;
  readonly pki: Pki;
}

const localMs = 15_000;

/**
 * A fresh chain for the same key: asked of the node here, which knows its leader, else of the mesh itself, which takes a certificate that
 * ended within the grace for this one call. The key stays, so there is nothing to lose between the answer and its being stored.
 */
export async function renewCertificate({ key, chain, nodeId, socketPath, door }: RenewInput, { clock, mesh, node, pki }: RenewPorts, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const request = await pki.createRequest(key, nodeId);
  const root = chain.at(-1) ?? new Uint8Array();
  const check = async (answer: readonly Uint8Array[]): Promise<readonly Uint8Array[]> => {
    const bytes = answer.map((der) => Uint8Array.from(der));
    await checkChain(bytes, { root, request, nodeId, nowMs: clock.nowMs() }, pki);
    return bytes;
  };
  if (socketPath !== null) {
    try {
      return await check(await withDeadline(clock, localMs, 'renew', signal, (inner) => node.renew(socketPath, request, inner)));
    } catch (error) {
      if (isAbort(error) || asFailure(error).code === 'auth.revoked') throw error;
      // Its way to the leader may be what the old certificate closed; others can be asked directly.
    }
  }
  return check(await atLeader(door, { mesh, clock }, 'renew', (connection, inner) => connection.renew(request, inner), signal));
}
