import { randomBytes } from 'node:crypto';
import { type Identity, lives } from '../../src/base/identity.ts';
import { type Validity } from '../../src/base/pki.ts';
import { type NodeIdentity } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { pki } from '../../src/platform/pki.ts';

/** The keys of a mesh, as the cores of its machines would hold them. */
export interface MeshKeys {
  readonly root: Uint8Array;
  /** A founder: device, authority and root of its own mesh. */
  founder(id: string): Promise<Identity>;
  /** An identity that the root's first authority signed, recorded nowhere. */
  device(id: string, validity?: Partial<Validity>): Promise<Identity>;
  /** An authority's key and certificate, signed by the root. */
  authority(id: string): Promise<NonNullable<Identity['authority']>>;
  /** What the keeper of the root answers to a request. */
  authorityFor(request: Uint8Array): Promise<Uint8Array>;
}

export async function createMeshKeys(name = 'test'): Promise<MeshKeys> {
  const rootKey = await pki.createKey();
  const root = await pki.createRoot({ privateKey: rootKey, name, ...validity(lives.rootMs) });
  const authorityFor = (request: Uint8Array): Promise<Uint8Array> => pki.issueAuthority({ root: { privateKey: rootKey, certificate: root }, request, ...validity(lives.authorityMs) });
  const authority = async (id: string): Promise<NonNullable<Identity['authority']>> => {
    const privateKey = await pki.createKey();
    return { privateKey, chain: [await authorityFor(await pki.createRequest(privateKey, id)), root] };
  };
  let first: Promise<NonNullable<Identity['authority']>> | undefined;
  const device = async (id: string, part: Partial<Validity> = {}, own: Identity['authority'] = null): Promise<Identity> => {
    const signer = own ?? (await (first ??= authority('first')));
    const privateKey = await pki.createKey();
    const request = await pki.createRequest(privateKey, id);
    return { privateKey, chain: [await pki.issueDevice({ authority: signer, request, ...validity(lives.deviceMs), ...part }), ...signer.chain], authority: own };
  };
  return {
    root,
    authority,
    authorityFor,
    device,
    founder: async (id) => device(id, {}, await (first ??= authority(id))),
  };
}

export function validity(lifeMs: number, nowMs = Date.now()): Validity {
  const serial = new Uint8Array(randomBytes(16));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return { notBeforeMs: nowMs - lives.backdateMs, notAfterMs: nowMs + lifeMs, serial };
}

/** As NodeSpec carries it. */
export function toWire({ privateKey, chain, authority }: Identity): NodeIdentity {
  return {
    privateKey: Buffer.from(privateKey), chain: chain.map((each) => Buffer.from(each)),
    authorityKey: Buffer.from(authority?.privateKey ?? []), authorityChain: (authority?.chain ?? []).map((each) => Buffer.from(each)),
  };
}
