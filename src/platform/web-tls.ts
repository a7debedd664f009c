import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { failure } from '../base/failure.ts';
import type { Secrets } from '../core/ports.ts';
import { parseLoopback, readPrivateKey, sha256, writeLoopback } from './pki-x509.ts';
import { pemOf, tlsOnly13 } from './tls.ts';

export interface WebTls {
  readonly options: TlsOptions;
  /** PEM of the authority of this device: whoever tells a browser to trust it sees no warning, on this device and for the loopback alone. */
  readonly authority: string;
  /** SHA-256 of the authority, pairs of hex digits joined by colons: what a person compares in the browser's warning. */
  readonly fingerprint: string;
}

interface Authority {
  readonly privateKey: KeyObject;
  readonly certificate: Uint8Array;
}

const secretName = 'web-authority';
const dayMs = 86_400_000;
const lives = { authorityMs: 730 * dayMs, leafMs: 30 * dayMs, backdateMs: 3_600_000 } as const;

/**
 * TLS for the page on the loopback, built like every other TLS of the product: 1.3 alone, nothing resumed. The authority is made once and kept
 * with the secrets, so that a browser is told once; it may speak for localhost, 127.0.0.1 and ::1 only (RFC 5280 §4.2.1.10) and is of no mesh.
 * The server's own key is made for this run and never leaves its memory. Throws internal.secrets when what is kept is no authority.
 */
export async function webServerTls(secrets: Secrets, nowMs: number): Promise<WebTls> {
  const { privateKey: issuer, certificate } = await authorityFrom(secrets, nowMs);
  const { privateKey, publicKey } = newKeys();
  const leaf = await writeLoopback({ publicKey, issuer, authority: false, ...validity(nowMs, lives.leafMs) });
  return {
    options: { ...tlsOnly13, key: pemOf(derOf(privateKey), 'PRIVATE KEY'), cert: `${pemOf(leaf)}${pemOf(certificate)}`, ALPNProtocols: ['http/1.1'] },
    authority: pemOf(certificate),
    fingerprint: (sha256(certificate).toString('hex').toUpperCase().match(/../g) ?? []).join(':'),
  };
}

async function authorityFrom(secrets: Secrets, nowMs: number): Promise<Authority> {
  const text = await secrets.load(secretName);
  if (text !== undefined) {
    const kept = read(text);
    // A leaf must not outlive it.
    if (parseLoopback(kept.certificate).notAfterMs >= nowMs + lives.leafMs) return kept;
  }
  const { privateKey, publicKey } = newKeys();
  const certificate = await writeLoopback({ publicKey, issuer: privateKey, authority: true, ...validity(nowMs, lives.authorityMs) });
  await secrets.save(secretName, `${derOf(privateKey).toString('base64')} ${Buffer.from(certificate).toString('base64')}`);
  return { privateKey, certificate };
}

function read(text: string): Authority {
  try {
    const [key = '', certificate = ''] = text.split(' ');
    const kept = { privateKey: readPrivateKey(Buffer.from(key, 'base64')), certificate: new Uint8Array(Buffer.from(certificate, 'base64')) };
    parseLoopback(kept.certificate);
    return kept;
  } catch (error) {
    throw failure('internal.secrets', { name: secretName, reason: 'it is no authority' }, error);
  }
}

function newKeys(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function derOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'pkcs8' });
}

function validity(nowMs: number, lifeMs: number): { readonly notBeforeMs: number; readonly notAfterMs: number; readonly serial: Uint8Array } {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40; // positive and never short: RFC 5280 §4.1.2.2
  return { notBeforeMs: nowMs - lives.backdateMs, notAfterMs: nowMs + lifeMs, serial };
}
