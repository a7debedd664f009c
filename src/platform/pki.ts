import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { failure, isFailure } from '../base/failure.ts';
import { deviceIdPattern } from '../base/identity.ts';
import type { CertificateFacts, Pki, RequestFacts, Validity } from '../base/pki.ts';
import { judge, type Kind, names, profiles } from './pki-profile.ts';
import { parseCertificate, type ParsedCertificate, parseRequest, readPrivateKey, sha256, spkiOf, writeCertificate, writeRequest } from './pki-x509.ts';

const serialBytesMax = 16;
const nameMax = 64;
const chainMax = 4;
const remembered = 256;
const signersMax = 4;

/** Certificates of a mesh over the system's cryptography. See base/pki for what it promises, pki-profile for what a certificate must be. */
export const pki: Pki = {
  createKey: async () => {
    const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
    return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
  },
  createRequest: async (privateKey, id) => {
    if (!deviceIdPattern.test(id)) throw failure('input.invalid', { field: 'id', problem: 'not a name of a device' });
    return writeRequest(readPrivateKey(privateKey), id);
  },
  readRequest: async (der) => (await requestFrom(der)).facts,
  createRoot: async ({ privateKey, name, ...validity }) => {
    if (name === '' || name.length > nameMax) throw failure('input.invalid', { field: 'name', problem: `1 to ${nameMax} characters` });
    const key = readPrivateKey(privateKey);
    return write('root', name, createPublicKey(key), { privateKey: key, subject: profiles.root.subject(name) }, validity);
  },
  issueAuthority: async ({ root, request, ...validity }) => {
    const issuer = issuerFrom(root.certificate, root.privateKey, 'root');
    const { facts, publicKey } = await requestFrom(request);
    return write('authority', facts.id, publicKey, issuer, within(validity, issuer.facts));
  },
  issueDevice: async ({ authority, request, ...validity }) => {
    const issuer = issuerFrom(authority.chain[0] ?? new Uint8Array(), authority.privateKey, 'authority');
    const { facts, publicKey } = await requestFrom(request);
    return write('device', facts.id, publicKey, issuer, within(validity, issuer.facts));
  },
  readCertificate: (der) => judged(der).facts,
  verifyChain,
  digest: (bytes) => new Uint8Array(sha256(bytes)),
};

type Problem = 'foreign' | 'expired' | 'not-yet-valid' | 'malformed';

interface Judged {
  readonly parsed: ParsedCertificate;
  readonly facts: CertificateFacts;
  /** Fingerprints of certificates that were found to have signed this one. */
  readonly signers: Set<string>;
}

/** Each kind is signed by the next: no other chain exists. */
const kinds: readonly Kind[] = ['device', 'authority', 'root'];

function verifyChain(chain: readonly Uint8Array[], root: Uint8Array, atMs: number, options: { readonly expiredOk?: boolean } = {}): CertificateFacts {
  if (chain.length === 0 || chain.length > chainMax) throw unauthenticated('malformed');
  const links = chain.map((der) => {
    try {
      return judged(der);
    } catch (error) {
      throw unauthenticated('malformed', error);
    }
  });
  const [first] = links;
  const expected = kinds.slice(-links.length);
  if (!first || links.length !== expected.length || links.some(({ facts }, at) => facts.kind !== expected[at])) throw unauthenticated('malformed');
  if (!Buffer.from(chain.at(-1) ?? []).equals(root)) throw unauthenticated('foreign');
  // The root signed itself: that it is the one that is pinned was compared above, byte for byte.
  for (const [at, link] of links.slice(0, -1).entries()) {
    const issuer = links[at + 1];
    if (!issuer || !signed(link, issuer)) throw unauthenticated('foreign');
  }
  for (const [at, { facts }] of links.entries()) {
    if (atMs < facts.notBeforeMs) throw unauthenticated('not-yet-valid');
    if (atMs > facts.notAfterMs && !(at === 0 && options.expiredOk)) throw unauthenticated('expired');
  }
  return first.facts;
}

const unauthenticated = (problem: Problem, cause?: unknown): Error => failure('auth.unauthenticated', { problem }, cause);

/**
 * What was taken apart and found signed stays so: the newest certificates are kept, by their fingerprint, so that a peer who comes again
 * costs three digests. Devices, which anybody can make up, never push out authorities.
 */
const known: Readonly<Record<'device' | 'above', Map<string, Judged>>> = { device: new Map(), above: new Map() };

function judged(der: Uint8Array): Judged {
  const fingerprint = sha256(der).toString('hex');
  const held = known.above.get(fingerprint) ?? known.device.get(fingerprint);
  if (held) return held;
  const parsed = readable('certificate', () => parseCertificate(der));
  const facts = judge(parsed);
  if (typeof facts === 'string') throw failure('input.invalid', { field: 'certificate', problem: facts });
  const fresh = { parsed, facts, signers: new Set<string>() };
  const memory = facts.kind === 'device' ? known.device : known.above;
  memory.set(fingerprint, fresh);
  const [oldest] = memory.keys();
  if (memory.size > remembered && oldest !== undefined) memory.delete(oldest);
  return fresh;
}

/** True when `issuer` signed `child`, by name, by key and by signature. */
function signed(child: Judged, issuer: Judged): boolean {
  const by = issuer.facts.fingerprint;
  if (child.signers.has(by)) return true;
  const holds = names(child.parsed, issuer.parsed) && child.parsed.issuedBy(issuer.parsed);
  if (holds && child.signers.size < signersMax) child.signers.add(by);
  return holds;
}

async function requestFrom(der: Uint8Array): Promise<{ facts: RequestFacts; publicKey: KeyObject }> {
  const problem = (text: string): Error => failure('input.invalid', { field: 'certificateRequest', problem: text });
  const parsed = await parseRequest(der).catch((error: unknown) => {
    throw failure('input.invalid', { field: 'certificateRequest', problem: 'unreadable' }, error);
  });
  const [[type, id] = ['', '']] = parsed.subject;
  if (!parsed.keyIsP256) throw problem('not a key on P-256');
  if (!parsed.signatureHolds) throw problem('the signature does not hold');
  if (parsed.subject.length !== 1 || type !== 'CN' || !deviceIdPattern.test(id)) throw problem('not a name of a device');
  if (!parsed.bare) throw problem('asks for more than a name');
  return { facts: { id, keyHash: parsed.keyHash }, publicKey: parsed.publicKey };
}

interface Issuer {
  readonly privateKey: KeyObject;
  readonly subject: readonly (readonly [string, string])[];
}

function issuerFrom(certificate: Uint8Array, privateKey: Uint8Array, kind: Kind): Issuer & { readonly facts: CertificateFacts } {
  const { parsed, facts } = judged(certificate);
  const key = readPrivateKey(privateKey);
  if (facts.kind !== kind) throw failure('input.invalid', { field: 'certificate', problem: `not of kind ${kind}` });
  if (!spkiOf(createPublicKey(key)).equals(spkiOf(parsed.publicKey))) throw failure('input.invalid', { field: 'privateKey', problem: 'belongs to another certificate' });
  return { privateKey: key, subject: profiles[kind].subject(facts.id), facts };
}

/** Nothing outlives, or is older than, what signed it. */
function within(validity: Validity, issuer: CertificateFacts): Validity {
  return { ...validity, notBeforeMs: Math.max(validity.notBeforeMs, issuer.notBeforeMs), notAfterMs: Math.min(validity.notAfterMs, issuer.notAfterMs) };
}

function write(kind: Kind, id: string, publicKey: KeyObject, issuer: Issuer, { notBeforeMs, notAfterMs, serial }: Validity): Promise<Uint8Array> {
  if (serial.length === 0 || serial.length > serialBytesMax || serial.every((byte) => byte === 0)) throw failure('input.invalid', { field: 'serial', problem: `1 to ${serialBytesMax} bytes, not zero` });
  const times = { notBeforeMs: wholeSeconds(notBeforeMs), notAfterMs: wholeSeconds(notAfterMs) };
  if (!(times.notBeforeMs < times.notAfterMs)) throw failure('input.invalid', { field: 'notAfterMs', problem: 'ends before it begins' });
  return writeCertificate({ kind, profile: profiles[kind], id, publicKey, issuer, ...times, serial });
}

/** X.509 counts in seconds. */
const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

function readable<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isFailure(error) ? error : failure('input.invalid', { field, problem: 'unreadable' }, error);
  }
}
