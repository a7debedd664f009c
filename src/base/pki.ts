import type { AuthorityIdentity } from './identity.ts';

/**
 * X.509 as the mesh uses it: ECDSA on P-256 with SHA-256. Three kinds of certificates: the root (self-signed, may sign authorities),
 * authorities (path length 0, sign devices), devices (subject CN and one dNSName are the node id; server and client use).
 * Implemented by platform/pki over a library and the system's cryptography. Times and serials are given: it has no clock and no dice
 * but for keys and signatures. Whatever cannot be read or verified is a Failure input.invalid {field, problem} or auth.unauthenticated {problem}.
 */
export interface Pki {
  /** A new private key, PKCS#8 DER. */
  createKey(): Promise<Uint8Array>;
  /** PKCS#10 with the common name `id`, signed by the key. */
  createRequest(privateKey: Uint8Array, id: string): Promise<Uint8Array>;
  /** Checks the request's own signature, its key type and its name. */
  readRequest(der: Uint8Array): Promise<RequestFacts>;
  createRoot(input: { readonly privateKey: Uint8Array; readonly name: string } & Validity): Promise<Uint8Array>;
  /** Signed by the root. */
  issueAuthority(input: { readonly root: { readonly privateKey: Uint8Array; readonly certificate: Uint8Array }; readonly request: Uint8Array } & Validity): Promise<Uint8Array>;
  /** Signed by an authority; never outlives it. Answers the device's certificate alone. */
  issueDevice(input: { readonly authority: AuthorityIdentity; readonly request: Uint8Array } & Validity): Promise<Uint8Array>;
  readCertificate(der: Uint8Array): CertificateFacts;
  /**
   * The facts of chain[0] when every link is signed by the next, kinds and path lengths fit, the last is byte for byte `root`, and all
   * are good at `atMs`; `expiredOk` leaves out the end of chain[0] alone. Else auth.unauthenticated with the problem: foreign, expired, not-yet-valid, malformed.
   */
  verifyChain(chain: readonly Uint8Array[], root: Uint8Array, atMs: number, options?: { readonly expiredOk?: boolean }): CertificateFacts;
  /** SHA-256 of any bytes. */
  digest(bytes: Uint8Array): Uint8Array;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Positive, at most 16 bytes. */
  readonly serial: Uint8Array;
}

export interface RequestFacts {
  readonly id: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keyHash: string;
}

export interface CertificateFacts {
  readonly kind: 'root' | 'authority' | 'device';
  /** Node id of a device or an authority; the mesh's name of a root. */
  readonly id: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  readonly keyHash: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}
