import './reflect-shim.ts';
import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate as SystemCertificate, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { failure } from '../base/failure.ts';
import type { Validity } from '../base/pki.ts';
import { extensions as oid, type Kind, type Parsed, type ParsedExtension, type Profile } from './pki-profile.ts';

/**
 * The one file that knows the library of X.509 (RFC 5280) and PKCS#10 (RFC 2986). It writes and takes apart; pki-profile judges. Signatures
 * are the system's. The library's provider of cryptography is given with each call: its global one is never set.
 */
const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const crypto = webcrypto;
const derBytesMax = 4_096;

/** A certificate taken apart, not yet judged, with what verifies it and what it verifies. Throws whatever the libraries throw. */
export interface ParsedCertificate extends Parsed {
  readonly publicKey: KeyObject;
  /** True when `issuer` may have issued this certificate (names, key ids, usages) and its key made the signature: OpenSSL's own check. */
  issuedBy(issuer: ParsedCertificate): boolean;
  readonly system: SystemCertificate;
}

export function parseCertificate(der: Uint8Array): ParsedCertificate {
  assertSize(der);
  const certificate = new x509.X509Certificate(copyOf(der));
  const system = new SystemCertificate(der);
  // The system's reader stops at the end of the certificate: bytes behind it would be part of the fingerprint and of nothing else.
  if (!system.raw.equals(der)) throw new Error('not DER');
  const { publicKey } = system;
  return {
    subject: namesOf(certificate.subjectName), issuer: namesOf(certificate.issuerName),
    subjectDer: hex(certificate.subjectName.toArrayBuffer()), issuerDer: hex(certificate.issuerName.toArrayBuffer()),
    serialBytes: certificate.serialNumber.length / 2,
    notBeforeMs: certificate.notBefore.getTime(), notAfterMs: certificate.notAfter.getTime(),
    keyIsP256: isP256(publicKey, certificate.publicKey.rawData), signatureIsEcdsaSha256: isEcdsaSha256(certificate.signatureAlgorithm),
    fingerprint: sha256(der).toString('hex'), keyHash: keyHashOf(publicKey),
    extensions: certificate.extensions.map(readExtension),
    publicKey, system,
    issuedBy: (issuer) => system.checkIssued(issuer.system) && system.verify(issuer.publicKey),
  };
}

export interface ParsedRequest {
  readonly subject: readonly (readonly [string, string])[];
  readonly keyIsP256: boolean;
  readonly signatureHolds: boolean;
  readonly bare: boolean;
  readonly keyHash: string;
  readonly publicKey: KeyObject;
}

export async function parseRequest(der: Uint8Array): Promise<ParsedRequest> {
  assertSize(der);
  const request = new x509.Pkcs10CertificateRequest(copyOf(der));
  if (!Buffer.from(request.rawData).equals(der) || derLength(der) !== der.length) throw new Error('not DER');
  const publicKey = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  const keyIsP256 = isP256(publicKey, request.publicKey.rawData) && isEcdsaSha256(request.signatureAlgorithm);
  return {
    subject: namesOf(request.subjectName), keyIsP256, publicKey, keyHash: keyHashOf(publicKey),
    signatureHolds: keyIsP256 && (await request.verify(crypto)),
    bare: request.attributes.length === 0,
  };
}

/** PKCS#10 with the common name alone. */
export async function writeRequest(privateKey: KeyObject, id: string): Promise<Uint8Array> {
  const keys = { privateKey: await signer(privateKey), publicKey: await verifier(createPublicKey(privateKey)) };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: nameOf([['CN', id]]), keys, signingAlgorithm }, crypto);
  return new Uint8Array(request.rawData);
}

export interface CertificateInput extends Validity {
  readonly kind: Kind;
  readonly profile: Profile;
  readonly id: string;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly privateKey: KeyObject; readonly subject: readonly (readonly [string, string])[] };
}

/** Writes a certificate of a kind exactly as its profile wants it. */
export async function writeCertificate({ profile, id, publicKey, issuer, notBeforeMs, notAfterMs, serial }: CertificateInput): Promise<Uint8Array> {
  const key = await verifier(publicKey);
  const list: x509.Extension[] = [new x509.KeyUsagesExtension(profile.keyUsage, true), await x509.SubjectKeyIdentifierExtension.create(key, false, crypto)];
  if (profile.pathLength !== undefined) list.unshift(new x509.BasicConstraintsExtension(true, profile.pathLength, true));
  if (profile.named) list.push(new x509.ExtendedKeyUsageExtension([...profile.extendedKeyUsage]), new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: id }]));
  if (!profile.selfSigned) list.push(await x509.AuthorityKeyIdentifierExtension.create(await verifier(createPublicKey(issuer.privateKey)), false, crypto));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: hex(serial), subject: nameOf(profile.subject(id)), issuer: nameOf(issuer.subject),
    notBefore: new Date(notBeforeMs), notAfter: new Date(notAfterMs), signingAlgorithm, publicKey: key, signingKey: await signer(issuer.privateKey), extensions: list,
  }, crypto);
  return new Uint8Array(certificate.rawData);
}

export interface LoopbackInput extends Validity {
  readonly publicKey: KeyObject;
  readonly issuer: KeyObject;
  /** The authority itself, good for the loopback names alone; else the server that it signs. */
  readonly authority: boolean;
}

/** Certificates of the page on this machine; see web-tls. No part of any mesh: pki-profile takes none of them. */
export async function writeLoopback({ publicKey, issuer, authority, notBeforeMs, notAfterMs, serial }: LoopbackInput): Promise<Uint8Array> {
  const key = await verifier(publicKey);
  const issuerName = nameOf([['CN', 'Webmesh on this device'], ['OU', hex(sha256(spkiOf(createPublicKey(issuer)))).slice(0, 16)]]);
  const kind = authority
    ? [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true), new x509.Extension('2.5.29.30', true, loopbackOnly)]
    : [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, { type: 'ip', value: '127.0.0.1' }, { type: 'ip', value: '::1' }])];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: hex(serial), subject: authority ? issuerName : nameOf([['CN', 'localhost']]), issuer: issuerName, notBefore: new Date(notBeforeMs), notAfter: new Date(notAfterMs),
    signingAlgorithm, publicKey: key, signingKey: await signer(issuer),
    extensions: [...kind, await x509.SubjectKeyIdentifierExtension.create(key, false, crypto), await x509.AuthorityKeyIdentifierExtension.create(await verifier(createPublicKey(issuer)), false, crypto)],
  }, crypto);
  return new Uint8Array(certificate.rawData);
}

export const parseLoopback = (der: Uint8Array): { readonly notAfterMs: number } => ({ notAfterMs: Date.parse(new SystemCertificate(der).validTo) });

/** NameConstraints, DER: permitted are dNSName localhost, 127.0.0.1/32 and ::1/128. */
const loopbackOnly = Uint8Array.from(Buffer.from(
  '303fa03d' + '300b82096c6f63616c686f7374' + '300a87087f000001ffffffff' + '30228720' + '00000000000000000000000000000001' + 'ffffffffffffffffffffffffffffffff', 'hex',
));

/** A private key of ours. Throws input.invalid when it is none on P-256. */
export function readPrivateKey(der: Uint8Array): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // Nothing of what the system says about a private key is repeated.
  }
  throw failure('input.invalid', { field: 'privateKey', problem: 'not a key on P-256' });
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
export const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });
const keyHashOf = (key: KeyObject): string => sha256(spkiOf(key)).toString('hex');

const signer = (key: KeyObject): Promise<webcrypto.CryptoKey> => crypto.subtle.importKey('pkcs8', copyOf(key.export({ format: 'der', type: 'pkcs8' })), keyAlgorithm, false, ['sign']);
const verifier = (key: KeyObject): Promise<webcrypto.CryptoKey> => crypto.subtle.importKey('spki', copyOf(spkiOf(key)), keyAlgorithm, true, ['verify']);

/** One spelling of a key: the named curve and the whole point. */
function isP256(key: KeyObject, spki: ArrayBuffer): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' && spkiOf(key).equals(Buffer.from(spki));
}

/** The library's type names a type of browsers. */
function isEcdsaSha256(algorithm: unknown): boolean {
  const { name, hash } = algorithm as { readonly name?: string; readonly hash?: { readonly name?: string } };
  return name === 'ECDSA' && hash?.name === 'SHA-256';
}

function readExtension(extension: x509.Extension): ParsedExtension {
  const { type, critical } = extension;
  if (extension instanceof x509.BasicConstraintsExtension) return { type, critical, value: extension.ca ? `ca ${extension.pathLength ?? 'any'}` : 'leaf' };
  if (extension instanceof x509.KeyUsagesExtension) return { type, critical, value: String(extension.usages) };
  if (extension instanceof x509.ExtendedKeyUsageExtension) return { type, critical, value: extension.usages.map(String).sort().join(' ') };
  if (extension instanceof x509.SubjectAlternativeNameExtension) return { type, critical, value: extension.names.items.map(({ type: kind, value }) => `${kind}:${value}`).join(' ') };
  if (extension instanceof x509.SubjectKeyIdentifierExtension) return { type, critical, value: extension.keyId };
  if (extension instanceof x509.AuthorityKeyIdentifierExtension) return { type, critical, value: extension.keyId ?? '' };
  return { type: oid.unknown, critical, value: type };
}

const namesOf = (name: x509.Name): (readonly [string, string])[] => name.toJSON().flatMap((part) => {
  const pairs = Object.entries(part).flatMap(([type, values]) => values.map((value) => [type, value] as const));
  // Several names in one place have no order: nothing of ours has them.
  return pairs.length === 1 ? pairs : [['?', '']];
});
const nameOf = (names: readonly (readonly [string, string])[]): x509.JsonName => names.map(([type, value]) => ({ [type]: [{ utf8String: value }] })) as unknown as x509.JsonName;

function assertSize({ length }: Uint8Array): void {
  if (length === 0 || length > derBytesMax) throw new Error(`${length} bytes`);
}

/** Length of the outermost DER element with its header, for the short and the two-byte forms that fit the limit. */
function derLength(der: Uint8Array): number {
  const [, first = 0, second = 0, third = 0] = der;
  return first < 0x80 ? 2 + first : first === 0x81 ? 3 + second : first === 0x82 ? 4 + second * 256 + third : 0;
}

/** The library takes strings for text encodings and keeps what it is given: it gets bytes of its own. */
const copyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
const hex = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toString('hex');
