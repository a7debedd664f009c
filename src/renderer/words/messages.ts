/** For tests: every message of a language with its place, such as `people.accept`. */
type Message = string | ((...given: readonly never[]) => unknown);

export function messagesOf(words: object, place = ''): readonly (readonly [place: string, message: Message])[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) => {
    const at = place === '' ? key : `${place}.${key}`;
    if (typeof value === 'string' || typeof value === 'function') return [[at, value as Message] as const];
    return typeof value === 'object' && value !== null ? messagesOf(value, at) : [];
  });
}

/**
 * Which of the things that a message is given it says, by their number: it is given marks, once as texts and once as numbers, large enough for the plural.
 * A message takes only texts, numbers and switches, or this could not be known.
 */
export function shownMarks(message: (...given: readonly never[]) => unknown): { readonly text: string; readonly marks: readonly number[] } {
  const texts = Array.from({ length: givenMost }, (_, i) => String.fromCharCode(0xe100 + i));
  const numbers = Array.from({ length: givenMost }, (_, i) => 711 + 11 * i);
  const [saidOfTexts = '', saidOfNumbers = ''] = [texts, numbers].map((given) => flat(message(...(given as never[]))));
  const marks = texts.flatMap((mark, i) => (saidOfTexts.includes(mark) || saidOfNumbers.includes(String(numbers[i])) ? [i] : []));
  return { text: saidOfNumbers, marks };
}

const givenMost = 8;

function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && value !== null ? Object.values(value).map(flat).join(' | ') : '';
}
