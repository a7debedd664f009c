/**
 * English in Arabic letters, for tests and pictures: what is still plain English on such a page is no message, and what stands on the wrong side
 * does not follow the direction of the text. Each letter becomes one letter; figures, and what came into a message from outside, stay.
 */
export function turned<T>(words: T): T {
  return turn(words) as T;
}

function turn(value: unknown): unknown {
  if (typeof value === 'string') return letters(value);
  if (typeof value === 'function') return (...given: readonly unknown[]) => turnAround(value(...given), given);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(turn);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, turn(inner)]));
}

/** What was given to a message is somebody's name or an address: it stays as it is, and turns nothing around it. */
function turnAround(value: unknown, given: readonly unknown[]): unknown {
  if (typeof value !== 'string') return turn(value);
  const kept = given.filter((one): one is string => typeof one === 'string' && /[\p{L}\p{N}]/u.test(one) && !/[\u0620-\u064a]/.test(one)).sort((a, b) => b.length - a.length);
  if (kept.length === 0) return letters(value);
  return value.split(new RegExp(`(${kept.map((text) => text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)).join('|')})`)).map((part, at) => (at % 2 === 1 ? `\u2068${part}\u2069` : letters(part))).join('');
}

const arabic = 'ابتدهفجحيكقلمنوپرستعڤوخيز';

/** A letter for a letter, so that a text keeps about its length. What stands apart already was given. Names of protocols and units are the same in every script. */
function letters(text: string): string {
  return text.replace(/\u2068[^\u2069]*\u2069|[A-Za-z]+/g, (word) => (word.startsWith('\u2068') || isName(word) ? word : [...word.toLowerCase()].map((letter) => arabic[letter.charCodeAt(0) - 97] ?? 'ي').join('')));
}

function isName(word: string): boolean {
  return /^(IPv|[A-Z]{2,}|[kMGTP]?B|ms|Webmesh|WireGuard|WebRTC|Prometheus)$/.test(word);
}
