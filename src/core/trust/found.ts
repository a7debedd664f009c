import { lives } from '../../base/identity.ts';
import type { Pki, Validity } from '../../base/pki.ts';
import type { Random } from '../../base/random.ts';
import { type NetworkSecrets, withKey } from './keyring.ts';

export interface FoundInput {
  /** The mesh's name, as its root certificate carries it. */
  readonly name: string;
  readonly nodeId: string;
  readonly nowMs: number;
}

/** A new mesh's root, its first authority and its founder's certificate. Nothing is stored and nobody is asked. */
export async function found({ name, nodeId, nowMs }: FoundInput, { pki, random }: { readonly pki: Pki; readonly random: Random }): Promise<NetworkSecrets> {
  const [rootKey, authorityKey, key] = await Promise.all([pki.createKey(), pki.createKey(), pki.createKey()]);
  const root = await pki.createRoot({ privateKey: rootKey, name, ...validity(nowMs, lives.rootMs, random) });
  const authority = await pki.issueAuthority({
    root: { privateKey: rootKey, certificate: root }, request: await pki.createRequest(authorityKey, nodeId), ...validity(nowMs, lives.authorityMs, random),
  });
  const signer = { privateKey: authorityKey, chain: [authority, root] };
  const device = await pki.issueDevice({ authority: signer, request: await pki.createRequest(key, nodeId), ...validity(nowMs, lives.deviceMs, random) });
  return { ...withKey(key), chain: [device, authority, root], role: 'admin', authority: { key: authorityKey, chain: signer.chain }, rootKey };
}

/** From a little before now, because clocks differ, with a serial of 16 random bytes that reads as a positive number. */
export function validity(nowMs: number, lifeMs: number, random: Random): Validity {
  const serial = random.bytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return { notBeforeMs: nowMs - lives.backdateMs, notAfterMs: nowMs + lifeMs, serial };
}
