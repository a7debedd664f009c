import { createHash } from 'node:crypto';

/** Who may change what the system itself relies on: the system, its administrators, its own installer of parts. */
export const systemAccounts: readonly string[] = ['S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'];

/** S-1-5-4: whoever is logged on at the machine, or at its screen from afar; not who only reached it over the network. */
export const interactiveSid = Buffer.from([1, 1, 0, 0, 0, 0, 0, 5, 4, 0, 0, 0]);
/** S-1-5-32-544 */
export const administratorsSid = Buffer.from([1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0]);
/** The number of the people at the machine, where other systems have the number of our group. */
export const interactiveNumber = 4;

/** A security identifier as text ([MS-DTYP] 2.4.2.1), from its bytes. Undefined when they are not one. */
export function sidText(bytes: Uint8Array): string | undefined {
  const view = Buffer.from(bytes);
  const parts = view[1] ?? 0;
  if (view[0] !== 1 || parts === 0 || parts > 15 || view.length < 8 + 4 * parts) return undefined;
  return ['S-1', view.readUIntBE(2, 6), ...Array.from({ length: parts }, (_, i) => view.readUInt32LE(8 + 4 * i))].join('-');
}

/**
 * A user's number, since the rest of us counts users: 0 for the system and for an administrator with all rights, else 48 bits of a hash.
 * Windows gives identifiers out by itself, so nobody can look for two with the same number.
 */
export function accountNumber(sid: string, isAdministrator: boolean): number {
  if (isAdministrator || sid === 'S-1-5-18') return 0;
  return createHash('sha256').update(sid).digest().readUIntBE(0, 6);
}
