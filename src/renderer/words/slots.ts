/** Places in a message where a component stands, such as a name that must not turn the text around it, or a link. Drawn by components/Rich.svelte. */
const first = 0xe000;
const slotsMax = 16;

/** Given to a message in place of a text; the part of the same number is drawn there. */
export function slot(number: number): string {
  return String.fromCharCode(first + number);
}

/** A message cut at its slots: texts, and numbers of parts. */
export function pieces(text: string): readonly (string | number)[] {
  return text.split(/([\ue000-\ue00f])/).filter((piece) => piece !== '').map((piece) => {
    const number = piece.charCodeAt(0) - first;
    return piece.length === 1 && number >= 0 && number < slotsMax ? number : piece;
  });
}
