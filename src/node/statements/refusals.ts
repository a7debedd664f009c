/**
 * Why an entry about trust was refused when it was applied, equally on every replica. The leader looked before it proposed; this is the
 * answer when the world had changed until the entry's turn came.
 */
export const refusalReasons = [
  // invites
  'unknown', 'revoked', 'expired', 'used-up', 'needs-approval',
  // devices and their keys: this key enrolled with this invite already (its recorded chain is the answer); another device has the id, or the key
  'already-enrolled', 'id-taken', 'key-taken', 'not-pending', 'not-active', 'too-many-certificates',
  // who asks, and what must stay
  'not-admin', 'last-admin', 'no-request',
  // the guards: state/guards
  'raft-acl', 'guest-vote', 'no-device', 'revoked-for-ever', 'trust-fixed', 'unaudited', 'audit',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

const prefix = 'refused: ';

/** How a refusal is written in the error of an answer. */
export const refusalText = (reason: RefusalReason): string => `${prefix}${reason}`;

/** Constraints that say the same as a demand, in the words of SQLite. */
const constraints: Readonly<Record<string, RefusalReason>> = {
  'CHECK constraint failed: used-up': 'used-up',
  'UNIQUE constraint failed: devices.id': 'id-taken',
  'UNIQUE constraint failed: devices.key_hash': 'key-taken',
  'UNIQUE constraint failed: invites.id': 'id-taken',
  'UNIQUE constraint failed: certificates.fingerprint': 'already-enrolled',
};

/** The reason in an answer's error; undefined when it is another kind of trouble. */
export function refusalReason(error: string): RefusalReason | undefined {
  if (!error.startsWith(prefix)) return constraints[error];
  return refusalReasons.find((reason) => refusalText(reason) === error);
}
