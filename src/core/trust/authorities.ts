import { lives } from '../../base/identity.ts';
import type { Pki } from '../../base/pki.ts';
import type { Random } from '../../base/random.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import { type Authority, DeviceState } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { equalBytes } from './bytes.ts';
import { validity } from './found.ts';
import type { NetworkSecrets } from './keyring.ts';
import { authorityIsDue } from './renewal.ts';

/**
 * What a voter must do for its authority: nothing, ask for one, or take the one that was granted. `ownKeyHash` is of its authority's key;
 * null while it has none.
 */
export type AuthorityStep = { readonly kind: 'none' } | { readonly kind: 'request' } | { readonly kind: 'adopt'; readonly certificate: Uint8Array };

export function authorityStep(view: WatchReplicaResponse, nodeId: string, { authority }: Pick<NetworkSecrets, 'authority'>, ownKeyHash: string | null, pki: Pick<Pki, 'readCertificate'>, nowMs: number): AuthorityStep {
  if (!view.trust?.secure || !isVoter(view, nodeId) || !isActive(view, nodeId)) return { kind: 'none' };
  if (authority === null || ownKeyHash === null) return { kind: 'request' };
  const row = view.trust.authorities.find((one) => one.nodeId === nodeId);
  if (!row) return { kind: 'request' };
  if (row.certificate.length === 0) return { kind: 'none' };
  const facts = pki.readCertificate(row.certificate);
  if (facts.keyHash !== ownKeyHash) return { kind: 'request' };
  if (!authority.chain[0] || !equalBytes(authority.chain[0], row.certificate)) return { kind: 'adopt', certificate: Uint8Array.from(row.certificate) };
  return authorityIsDue(facts, nowMs) ? { kind: 'request' } : { kind: 'none' };
}

/** Requests that the keeper of the root grants by itself: of active devices that vote. Everybody else's wait for ever. */
export function grantable(view: WatchReplicaResponse | null): readonly Authority[] {
  return (view?.trust?.authorities ?? []).filter(({ nodeId, certificate, certificateRequest }) =>
    certificate.length === 0 && certificateRequest.length > 0 && view !== null && isVoter(view, nodeId) && isActive(view, nodeId));
}

/** The certificate of a granted authority. Throws input.invalid when the request is not what it says it is. */
export async function grant({ nodeId, certificateRequest }: Authority, root: { readonly privateKey: Uint8Array; readonly certificate: Uint8Array }, { pki, random, nowMs }: { readonly pki: Pki; readonly random: Random; readonly nowMs: number }): Promise<Uint8Array | null> {
  const { id } = await pki.readRequest(certificateRequest);
  if (id !== nodeId) return null;
  return pki.issueAuthority({ root, request: certificateRequest, ...validity(nowMs, lives.authorityMs, random) });
}

export function isVoter({ raft }: WatchReplicaResponse, nodeId: string): boolean {
  return raft?.servers.some(({ id, voter }) => voter && id === nodeId) ?? false;
}

function isActive({ trust }: WatchReplicaResponse, nodeId: string): boolean {
  return trust?.devices.some(({ id, state }) => id === nodeId && state === DeviceState.DEVICE_STATE_ACTIVE) ?? false;
}
