import type { Clock } from '../../base/clock.ts';
import { directionOf, type Spoken, spokenLanguage } from '../../contract/language.ts';
import type { Settings } from '../../contract/state.ts';
import { loadWords } from './load.ts';
import { speak } from './spoken.svelte.ts';

/** Where the page notes the language that it spoke last, so that the next start reads the right file before it knows the settings. */
const noteKey = 'webmesh.language';
/** A page that hears no settings for so long speaks as the browser prefers, to say at least that nobody answers. */
const patienceMs = 1_000;
const againMs = 1_000;

export interface Following {
  readonly topics: { readonly settings: Settings | null };
}

/** Speaks the language of the settings and follows them. Resolves when the first one is spoken; nothing can be drawn before. */
export function followLanguage(app: Following, clock: Clock, page: Pick<Window, 'document' | 'navigator' | 'localStorage'>): Promise<void> {
  const preferred = page.navigator.languages;
  const guess = spokenLanguage(noted(page) ?? 'system', preferred);
  void loadWords(guess).catch(() => {}); // whoever needs it asks again and hears why
  let wanted: Spoken | undefined;
  return new Promise((ready) => {
    const turnTo = async (spoken: Spoken): Promise<void> => {
      wanted = spoken;
      try {
        const words = await loadWords(spoken);
        if (wanted !== spoken) return;
        speak(spoken, words);
        tell(page, spoken);
        ready();
      } catch {
        // The shell behind the page may be gone for a moment.
        clock.after(againMs, () => wanted === spoken && void turnTo(spoken));
      }
    };
    // An effect because what follows is a file that is read, and the document's own attributes.
    $effect.root(() => {
      $effect(() => {
        const choice = app.topics.settings?.language;
        if (choice === undefined) return;
        const spoken = spokenLanguage(choice, preferred);
        if (spoken !== wanted) void turnTo(spoken);
      });
    });
    clock.after(patienceMs, () => wanted === undefined && void turnTo(guess));
  });
}

function tell({ document, localStorage }: Pick<Window, 'document' | 'localStorage'>, spoken: Spoken): void {
  document.documentElement.lang = spoken === 'zh' ? 'zh-Hans' : spoken;
  document.documentElement.dir = directionOf(spoken);
  try {
    localStorage.setItem(noteKey, spoken);
  } catch {
    // A browser may refuse to keep anything; the next start then reads a file more.
  }
}

function noted({ localStorage }: Pick<Window, 'localStorage'>): string | null {
  try {
    return localStorage.getItem(noteKey);
  } catch {
    return null;
  }
}
