import type { Words } from '../detail.ts';

/** The sentences about another network of this machine, by its quoted name; null where none is named, and something else was in the way. */
export function beside(other: string, say: (other: string) => Words): Words | null {
  return other === '' ? null : say(other);
}
