import type { Caller } from '../base/rpc.ts';

/** Whom a chain proved the other end to be. */
export interface Proven {
  readonly id: string;
  readonly fingerprint: string;
  readonly notAfterMs: number;
}

/** The caller that a proof makes, now: a connection may outlive its certificate. Apart from tls.ts, so that who speaks no TLS does not load what reads certificates. */
export function callerOf(proven: Proven | undefined): Caller {
  if (!proven) return { kind: 'anonymous' };
  return { kind: 'certified', id: proven.id, fingerprint: proven.fingerprint, expired: Date.now() > proven.notAfterMs };
}
