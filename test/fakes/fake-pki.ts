import { createHash } from 'node:crypto';
import { failure } from '../../src/base/failure.ts';
import type { CertificateFacts, Pki, Validity } from '../../src/base/pki.ts';
import { between, type Random } from '../../src/base/random.ts';

/** What stands in a certificate of this stand-in: JSON instead of DER, a name of the signer's key instead of a signature. */
interface Paper {
  readonly t: 'certificate' | 'request';
  readonly kind: CertificateFacts['kind'];
  readonly id: string;
  readonly keyHash: string;
  readonly signer: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly serial: string;
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function read(bytes: Uint8Array, t: Paper['t']): Paper {
  try {
    const paper: Paper = JSON.parse(new TextDecoder().decode(bytes));
    if (paper.t === t) return paper;
  } catch {
    // Not JSON: as malformed as the wrong kind.
  }
  throw failure('input.invalid', { field: t, problem: 'malformed' });
}

/** The rules of the mesh's certificates without their cryptography: fast, deterministic, and easy to read in a failing test. */
export function fakePki(random: Random): Pki {
  const keyHash = (key: Uint8Array): string => {
    if (!new TextDecoder().decode(key).startsWith('{"key"')) throw failure('input.invalid', { field: 'key', problem: 'malformed' });
    return sha256(key);
  };
  const certificate = (kind: Paper['kind'], id: string, subject: string, signer: string, { notBeforeMs, notAfterMs, serial }: Validity): Uint8Array =>
    bytesOf({ t: 'certificate', kind, id, keyHash: subject, signer, notBeforeMs, notAfterMs, serial: Buffer.from(serial).toString('hex') } satisfies Paper);
  const readCertificate = (der: Uint8Array): CertificateFacts => {
    const { kind, id, keyHash: hash, notBeforeMs, notAfterMs } = read(der, 'certificate');
    return { kind, id, keyHash: hash, notBeforeMs, notAfterMs, fingerprint: sha256(der) };
  };
  return {
    createKey: async () => bytesOf({ key: between(random, 0, 2 ** 40) }),
    createRequest: async (key, id) => bytesOf({ t: 'request', kind: 'device', id, keyHash: keyHash(key), signer: '', notBeforeMs: 0, notAfterMs: 0, serial: '' } satisfies Paper),
    readRequest: async (der) => {
      const { id, keyHash: hash } = read(der, 'request');
      return { id, keyHash: hash };
    },
    createRoot: async ({ privateKey, name, ...validity }) => certificate('root', name, keyHash(privateKey), keyHash(privateKey), validity),
    issueAuthority: async ({ root, request, ...validity }) => {
      const { id, keyHash: hash } = read(request, 'request');
      return certificate('authority', id, hash, keyHash(root.privateKey), validity);
    },
    issueDevice: async ({ authority, request, ...validity }) => {
      const { id, keyHash: hash } = read(request, 'request');
      const most = readCertificate(authority.chain[0] ?? new Uint8Array()).notAfterMs;
      return certificate('device', id, hash, keyHash(authority.privateKey), { ...validity, notAfterMs: Math.min(most, validity.notAfterMs) });
    },
    readCertificate,
    verifyChain: (chain, root, atMs, { expiredOk } = {}) => {
      const papers = chain.map((der) => read(der, 'certificate'));
      const refuse = (problem: string) => failure('auth.unauthenticated', { problem });
      if (papers.map(({ kind }) => kind).join() !== 'device,authority,root') throw refuse('malformed');
      if (Buffer.compare(Buffer.from(chain[2] ?? []), Buffer.from(root)) !== 0) throw refuse('foreign');
      for (const [at, paper] of papers.entries()) {
        if (paper.signer !== papers[Math.min(at + 1, 2)]?.keyHash) throw refuse('foreign');
        if (atMs < paper.notBeforeMs) throw refuse('not-yet-valid');
        if (atMs >= paper.notAfterMs && !(at === 0 && expiredOk)) throw refuse('expired');
      }
      return readCertificate(chain[0] ?? new Uint8Array());
    },
    digest: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  };
}
