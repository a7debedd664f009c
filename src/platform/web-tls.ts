import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { writeLoopbackCertificate } from './pki-x509.ts';
import { pemOf, tlsOnly13 } from './tls.ts';

export interface WebServerTls {
  readonly options: TlsOptions;
  /** SHA-256 of the certificate, pairs of hex digits joined by colons: what a person compares in the browser's warning. */
  readonly fingerprint: string;
}

/** How long one run of a web shell can last before its certificate ends. */
const lifeMs = 365 * 86_400_000;
const backdateMs = 3_600_000;

/**
 * TLS for the page on 127.0.0.1, built like every other TLS of the product: 1.3 alone, nothing resumed. Its certificate is made for this run and
 * signs itself, since nobody vouches for loopback addresses; the key never leaves the memory of this process.
 */
export async function webServerTls(nowMs: number): Promise<WebServerTls> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = await writeLoopbackCertificate({ privateKey, publicKey, notBeforeMs: nowMs - backdateMs, notAfterMs: nowMs + lifeMs, serial: serial() });
  return {
    options: { ...tlsOnly13, key: keyPem(privateKey), cert: pemOf(der.certificate), ALPNProtocols: ['http/1.1'] },
    fingerprint: (der.fingerprint.toUpperCase().match(/../g) ?? []).join(':'),
  };
}

function keyPem(key: KeyObject): string {
  return pemOf(key.export({ format: 'der', type: 'pkcs8' }), 'PRIVATE KEY');
}

/** Positive and never short: RFC 5280 §4.1.2.2. */
function serial(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}
