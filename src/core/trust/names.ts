/**
 * Names that people gave to networks and devices. They are shown beside what was proved, so they hold no character that hides,
 * turns around or breaks what stands next to it: no controls, no formats (bidi overrides, zero-width), no line separators, no lone surrogates.
 */
export const nameMax = 64;

const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** True for 1 to 64 characters without hidden ones and without space around them. */
export function isPlainName(text: string): boolean {
  return text.length >= 1 && text.length <= nameMax && text.trim() === text && !hidden.test(text);
}

/** The text without hidden characters and cut to length; `otherwise` when nothing is left. */
export function plainName(text: string, otherwise: string): string {
  const clean = text.replace(new RegExp(hidden, 'gu'), '').trim().slice(0, nameMax).trim();
  return isPlainName(clean) ? clean : otherwise;
}

/** A part of a file name that says which network it is about. */
export function slugOf(name: string): string {
  return name.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'network';
}
