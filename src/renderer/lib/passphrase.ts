import { t } from '../words/spoken.svelte.ts';

/** How hard a passphrase is to guess, roughly: length counts most, then variety. A hint, never a gate above the least length. */
export interface Strength {
  readonly level: 0 | 1 | 2 | 3;
  readonly word: string;
}

/** The core takes none that is shorter. */
export const passphraseCharsMin = 10;

export function strengthOf(passphrase: string): Strength {
  const words = t.keys.strength;
  if (passphrase.length < passphraseCharsMin) return { level: 0, word: words.short(passphraseCharsMin) };
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(passphrase)).length;
  const different = new Set(passphrase).size;
  if (different < 6) return { level: 1, word: words.few };
  const score = passphrase.length + 2 * kinds + (different > 12 ? 4 : 0);
  if (score < 18) return { level: 1, word: words.weak };
  return score < 28 ? { level: 2, word: words.fair } : { level: 3, word: words.strong };
}
