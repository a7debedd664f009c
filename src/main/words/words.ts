import { type Language, spokenLanguage } from '../../contract/language.ts';
import { shared as sharedDe } from '../../contract/words/de/index.ts';
import { shared as sharedEn } from '../../contract/words/en/index.ts';
import { shared as sharedEs } from '../../contract/words/es/index.ts';
import { shared as sharedFr } from '../../contract/words/fr/index.ts';
import type { SharedWords } from '../../contract/words/type.ts';
import { shared as sharedZh } from '../../contract/words/zh/index.ts';
import { de } from './de.ts';
import { en, type ShellWords } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { zh } from './zh.ts';

/** All that the tray, dialogs and notifications say, in one language. */
export interface TrayWords extends ShellWords {
  readonly shared: SharedWords;
}

const words: Readonly<Record<Language, TrayWords>> = {
  en: { ...en, shared: sharedEn }, de: { ...de, shared: sharedDe }, fr: { ...fr, shared: sharedFr }, es: { ...es, shared: sharedEs }, zh: { ...zh, shared: sharedZh },
};

export const english: TrayWords = words.en;

/** The words of the language that was chosen in the settings, or that the system prefers. */
export function trayWords(choice: string, preferred: readonly string[]): TrayWords {
  const spoken = spokenLanguage(choice, preferred);
  return spoken === 'ar-XB' ? english : words[spoken];
}
