/**
 * Text that somebody else wrote, made inert: one line, without control characters and without the invisible ones that turn, hide or
 * reorder what stands around them (Unicode TR36, bidirectional controls), and without those of private use that mark a place in the window's own
 * sentences (renderer/words/slots). Emoji, with their joiner, and every script stay.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/(?!\u200d)[\p{Cf}\p{Cs}\ue000-\ue00f]/gu, '').trim();
}

/** The same of a detail that may come from another machine: its first line, of a bounded length. */
export function plainDetail(value: string | number | boolean | undefined): string {
  const line = String(value ?? '').split('\n', 1)[0] ?? '';
  const text = plainText(line);
  return text.length > detailCharsMax ? `${text.slice(0, detailCharsMax - 1)}…` : text;
}

const detailCharsMax = 160;
