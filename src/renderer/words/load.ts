import type { Spoken } from '../../contract/language.ts';
import type { PageWords } from './en/index.ts';

/** Each language is a file of its own, so that a page loads the one that it speaks. */
const loaders: Readonly<Record<Spoken, () => Promise<PageWords>>> = {
  en: async () => (await import('./en/index.ts')).en,
  de: async () => (await import('./de/index.ts')).de,
  fr: async () => (await import('./fr/index.ts')).fr,
  es: async () => (await import('./es/index.ts')).es,
  zh: async () => (await import('./zh/index.ts')).zh,
  'ar-XB': async () => (await import('./pseudo.ts')).turned((await import('./en/index.ts')).en),
};

/** Rejects when the file cannot be read, as when the shell behind the page is gone. */
export function loadWords(spoken: Spoken): Promise<PageWords> {
  return loaders[spoken]();
}
