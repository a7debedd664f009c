import '../../src/platform/reflect-shim.ts';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Certificates that no code of ours would write, for tests of what reads them. What is left out is as our profiles want it. */
export interface Forgery {
  readonly subject?: readonly (readonly [string, string])[];
  readonly issuer?: readonly (readonly [string, string])[];
  readonly names?: readonly { readonly type: 'dns' | 'ip' | 'email'; readonly value: string }[];
  readonly ca?: boolean | number | undefined;
  readonly keyUsage?: number;
  readonly extendedKeyUsage?: readonly string[];
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly more?: readonly x509.Extension[];
  readonly hash?: 'SHA-256' | 'SHA-384' | 'SHA-1';
}

export interface Keys {
  readonly pair: webcrypto.CryptoKeyPair;
  readonly privateKey: Uint8Array;
}

const { subtle } = webcrypto;
export const server = '1.3.6.1.5.5.7.3.1';
export const client = '1.3.6.1.5.5.7.3.2';

export async function keysOf(kind: 'P-256' | 'P-384' | 'RSA' = 'P-256'): Promise<Keys> {
  const algorithm = kind === 'RSA' ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) } : { name: 'ECDSA', namedCurve: kind };
  const pair = (await subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  return { pair, privateKey: new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey)) };
}

/** The key pair of a private key on P-256. */
export async function keysFrom(privateKey: Uint8Array): Promise<Keys> {
  const key = await subtle.importKey('pkcs8', Uint8Array.from(privateKey), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
  const { d: _, key_ops: __, ...jwk } = await subtle.exportKey('jwk', key);
  return { pair: { privateKey: key, publicKey: await subtle.importKey('jwk', { ...jwk, key_ops: ['verify'] }, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']) }, privateKey };
}

/** A device's certificate for `id`, changed by the forgery, signed by `issuer` as if that were the authority of `issuerId`. */
export async function forge(id: string, own: Keys, issuer: Keys, issuerId: string, forgery: Forgery = {}): Promise<Uint8Array> {
  const { subject = [['CN', id]], issuer: issuerName = [['CN', issuerId], ['OU', 'authority']], names = [{ type: 'dns', value: id }], ca, keyUsage = 1, extendedKeyUsage = [server, client] } = forgery;
  const key = await x509.PublicKey.create(own.pair.publicKey, webcrypto);
  const list: x509.Extension[] = [new x509.KeyUsagesExtension(keyUsage, true), await x509.SubjectKeyIdentifierExtension.create(key, false, webcrypto), await x509.AuthorityKeyIdentifierExtension.create(issuer.pair.publicKey, false, webcrypto)];
  if (ca !== undefined) list.push(new x509.BasicConstraintsExtension(ca !== false, typeof ca === 'number' ? ca : undefined, true));
  if (names.length > 0) list.push(new x509.SubjectAlternativeNameExtension([...names]));
  if (extendedKeyUsage.length > 0) list.push(new x509.ExtendedKeyUsageExtension([...extendedKeyUsage]));
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '0badf00d', subject: nameOf(subject), issuer: nameOf(issuerName), notBefore: new Date(now + (forgery.fromMs ?? -3_600_000)), notAfter: new Date(now + (forgery.toMs ?? 86_400_000)),
    signingAlgorithm: { ...issuer.pair.privateKey.algorithm, hash: forgery.hash ?? 'SHA-256' }, publicKey: own.pair.publicKey, signingKey: issuer.pair.privateKey, extensions: [...list, ...(forgery.more ?? [])],
  }, webcrypto);
  return new Uint8Array(certificate.rawData);
}

/** A certificate signing request with any name and extensions. */
export async function forgeRequest(own: Keys, subject: readonly (readonly [string, string])[], extensions: readonly x509.Extension[] = []): Promise<Uint8Array> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: nameOf(subject), keys: own.pair, signingAlgorithm: { ...own.pair.privateKey.algorithm, hash: 'SHA-256' }, extensions: [...extensions] }, webcrypto);
  return new Uint8Array(request.rawData);
}

export const sanExtension = (value: string): x509.Extension => new x509.SubjectAlternativeNameExtension([{ type: 'dns', value }]);

const nameOf = (names: readonly (readonly [string, string])[]): x509.JsonName => names.map(([type, value]) => ({ [type]: [{ utf8String: value }] })) as unknown as x509.JsonName;
