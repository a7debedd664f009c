import { directionOf, localeOf, type Spoken } from '../../contract/language.ts';
import type { PageWords } from './en/index.ts';

/** The language of the page. Everything on it reads `t`, so it changes in place when another language is spoken; what was typed stays. */
let now = $state.raw<{ readonly spoken: Spoken; readonly words: PageWords } | null>(null);

/** The words of the page by area: `t.people.accept`. Read it where the text is drawn, never once for all when a module loads. */
export const t = new Proxy({} as PageWords, { get: (_, area: keyof PageWords) => words()[area] });

function words(): PageWords {
  if (now === null) throw new Error('no language is spoken yet');
  return now.words;
}

/** From now on. */
export function speak(spoken: Spoken, next: PageWords): void {
  now = { spoken, words: next };
}

export function spokenNow(): Spoken {
  return now?.spoken ?? 'en';
}

/** For Intl. */
export function locale(): string {
  return localeOf[spokenNow()];
}

export function direction(): 'ltr' | 'rtl' {
  return directionOf(spokenNow());
}
