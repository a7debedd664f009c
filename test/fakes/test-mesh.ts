import { type Identity } from '../../src/base/identity.ts';
import { pki } from '../../src/platform/pki.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A mesh's certificates for tests: a root, one authority, and devices by name. */
export interface TestMesh {
  readonly root: Uint8Array;
  readonly rootKey: Uint8Array;
  readonly authority: { readonly privateKey: Uint8Array; readonly chain: readonly Uint8Array[] };
  /** A device's identity; by default good from an hour ago for a day. */
  device(id: string, times?: { readonly fromMs?: number; readonly toMs?: number }): Promise<Identity>;
}

let serials = 0;

/** A serial number that no other certificate of this process has. */
export const nextSerial = (): Uint8Array => Uint8Array.from([1, ++serials >> 8, serials & 255]);

export async function testMesh(name = 'test', nowMs = Date.now()): Promise<TestMesh> {
  const validity = (fromMs: number, toMs: number): { notBeforeMs: number; notAfterMs: number; serial: Uint8Array } => ({ notBeforeMs: nowMs + fromMs, notAfterMs: nowMs + toMs, serial: nextSerial() });
  const rootKey = await pki.createKey();
  const root = await pki.createRoot({ privateKey: rootKey, name, ...validity(-300 * dayMs, 300 * dayMs) });
  const authorityKey = await pki.createKey();
  const certificate = await pki.issueAuthority({ root: { privateKey: rootKey, certificate: root }, request: await pki.createRequest(authorityKey, 'host'), ...validity(-200 * dayMs, 200 * dayMs) });
  const authority = { privateKey: authorityKey, chain: [certificate, root] };
  return {
    root, rootKey, authority,
    device: async (id, { fromMs = -hourMs, toMs = dayMs } = {}) => {
      const privateKey = await pki.createKey();
      const leaf = await pki.issueDevice({ authority, request: await pki.createRequest(privateKey, id), ...validity(fromMs, toMs) });
      return { privateKey, chain: [leaf, certificate, root], authority: null };
    },
  };
}
