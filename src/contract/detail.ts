import { failureCodes, type Detail, type FailureCode } from '../base/failure.ts';
import { plainDetail as shown } from './plain-text.ts';
import type { Reason } from './reasons.ts';

/** What happened and, where it matters, whether traffic is safe; and what to do, or that nothing needs doing. */
export interface Words {
  readonly what: string;
  readonly next: string;
}

/** How a language puts what is known beside a sentence; each begins as it must to stand behind a word. */
export interface Phrases {
  /** ` at X`, of an address or a file. */
  readonly at: (value: string) => string;
  /** `: X`, of an explanation that came along. */
  readonly because: (value: string) => string;
  /** ` “X”`, of a name behind what it names. */
  readonly named: (value: string) => string;
  /** `“X”`. */
  readonly quote: (value: string) => string;
  /** ` (X)`. */
  readonly aside: (value: string) => string;
  /** Explanations that came along, in this language. */
  readonly reasons: Readonly<Record<Reason, string>>;
  /** What people call the fields of commands, as the beginning of a sentence; another field is called by its own name. */
  readonly fields: Readonly<Record<string, string>>;
  /** A field without a name. */
  readonly entered: string;
}

/** The detail of a failure as a language's sentences read it. What is missing leaves a sentence that still reads. */
export interface Reader {
  at(...keys: string[]): string;
  because(): string;
  named(...keys: string[]): string;
  aside(...keys: string[]): string;
  /** What `say` makes of the value; nothing without one. */
  with(keys: readonly string[], say: (value: string) => string): string;
  or(keys: readonly string[], otherwise: string): string;
  quote(keys: readonly string[], otherwise: string): string;
  capital(keys: readonly string[], otherwise: string): string;
  field(...keys: string[]): string;
  /** A hint that came along, as a sentence of its own. */
  given(key: string): string;
  is(key: string, value: string): boolean;
  number(key: string): number | null;
  /** Seconds of a detail in milliseconds, to a tenth. */
  seconds(key: string, say: (seconds: number) => string): string;
  /** How many, where it is more than one; otherwise 0: a single one is named. */
  many(key: string): number;
  /** The code of a failure that came along. */
  failure(): FailureCode | undefined;
}

export function readDetail(detail: Detail, phrases: Phrases): Reader {
  const inWords = (key: string, text: string): string => (explanations.includes(key) ? reasonIn(phrases, text) : text);
  const value = (keys: readonly string[]): string | undefined => keys.map((key) => inWords(key, shown(detail[key]))).find((text) => text !== '');
  const put = (keys: readonly string[], say: (value: string) => string): string => {
    const text = value(keys);
    return text === undefined ? '' : say(text);
  };
  const number = (key: string): number | null => (typeof detail[key] === 'number' ? detail[key] : null);
  return {
    at: (...keys) => put(keys, phrases.at),
    because: () => put(explanations, (text) => (bare(text) === '' ? '' : phrases.because(bare(text)))),
    named: (...keys) => put(keys, phrases.named),
    aside: (...keys) => put(keys, phrases.aside),
    with: put,
    or: (keys, otherwise) => value(keys) ?? otherwise,
    quote: (keys, otherwise) => put(keys, phrases.quote) || otherwise,
    capital: (keys, otherwise) => capital(value(keys) ?? otherwise),
    field: (...keys) => capital(phrases.fields[value(keys) ?? ''] ?? value(keys) ?? phrases.entered),
    given: (key) => put([key], (text) => `${bare(capital(text))}.`),
    is: (key, wanted) => detail[key] === wanted,
    number,
    seconds: (key, say) => (number(key) === null ? '' : say(Math.round((number(key) ?? 0) / 100) / 10)),
    many: (key) => ((number(key) ?? 0) > 1 ? (number(key) ?? 0) : 0),
    failure: () => failureCodes.find((known) => known === detail['failure']),
  };
}

/** An explanation in the words of a language; one that no language knows as it came. */
export function reasonIn({ reasons }: Phrases, text: string): string {
  return Object.hasOwn(reasons, text) ? reasons[text as Reason] : text;
}

/** Where parts of the app put what they know of a cause. */
const explanations: readonly string[] = ['problem', 'reason', 'message'];

/** Without the full stop that a sentence around it sets. */
function bare(text: string): string {
  return text.replace(/[.\s]+$/, '');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
