/**
 * Who a device is in a mesh. The private key and the chain travel together, newest wins: a renewal replaces the whole value.
 * All keys are PKCS#8 DER, all certificates DER (RFC 5280).
 */
export interface Identity {
  readonly privateKey: Uint8Array;
  /** The device's certificate, the authority that signed it, the mesh's root. At least two, at most four. */
  readonly chain: readonly Uint8Array[];
  /** On voters: an intermediate CA of this node's own; null elsewhere. */
  readonly authority: AuthorityIdentity | null;
}

/** An intermediate CA: it signs the certificates of devices. */
export interface AuthorityIdentity {
  readonly privateKey: Uint8Array;
  /** The authority's certificate, then the root. */
  readonly chain: readonly Uint8Array[];
}

/** What a node may do in the mesh. The replicated state knows it; certificates do not. */
export const roles = ['guest', 'member', 'admin'] as const;
export type Role = (typeof roles)[number];

/** True when `role` may do what `needed` may. */
export function atLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** Lives of certificates, in milliseconds. A machine that sleeps for less than a device's life and the grace together is never locked out. */
export const lives = {
  rootMs: 20 * 365 * 86_400_000,
  authorityMs: 2 * 365 * 86_400_000,
  deviceMs: 90 * 86_400_000,
  /** From this age on a device's certificate is renewed. */
  renewAfterMs: 30 * 86_400_000,
  /** For this long after its end a recorded certificate is good for one thing: its own renewal. */
  graceMs: 90 * 86_400_000,
  /** Certificates begin this long before now: clocks differ. */
  backdateMs: 3_600_000,
  /** The owner and the admins are warned this long before a certificate ends. */
  warnMs: 14 * 86_400_000,
  /** From this age on the tunnel's WireGuard key is replaced. */
  wireguardKeyMs: 7 * 86_400_000,
} as const;

/** The id of a device as certificates may carry it: also a common name (at most 64 characters) and a host name's characters. */
export const deviceIdPattern = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
