import { RpcError, status } from '../../base/rpc.ts';
import { type GetTrustResponse, type ListAuditRequest, type ListAuditResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { type TrustReads } from '../state/trust-reads.ts';

const searchCharactersMax = 200;
const eventsMax = 1_000;
const eventsDefault = 100;

/** From the local replica. */
export function getTrust(trust: Pick<TrustReads, 'view'>): GetTrustResponse {
  return { trust: trust.view() };
}

/** From the local replica, newest first. The chain of hashes is computed again for every answer at a new state. */
export function listAudit({ search, before, limit }: ListAuditRequest, trust: Pick<TrustReads, 'audit' | 'auditIntact'>): ListAuditResponse {
  if (search.length > searchCharactersMax) throw new RpcError(status.invalidArgument, `search is too long: at most ${searchCharactersMax} characters`);
  if (limit > eventsMax) throw new RpcError(status.invalidArgument, `limit is invalid: 1 to ${eventsMax}`);
  // The field holds more than a number of SQLite, and than one of ours.
  if (before > BigInt(Number.MAX_SAFE_INTEGER)) throw new RpcError(status.invalidArgument, 'before is no number of an event');
  const { events, total } = trust.audit({ search, before: Number(before), limit: limit === 0 ? eventsDefault : limit });
  return {
    events: events.map(({ sequence, atMs, hash, ...texts }) => ({ ...texts, sequence: BigInt(sequence), atMs: BigInt(atMs), hash: Buffer.from(hash) })),
    intact: trust.auditIntact(),
    total: BigInt(total),
  };
}
