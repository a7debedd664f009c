/**
 * How networks of one machine are told apart: a colour that a person may choose, beside which its first letter always stands,
 * and the suffix of its names.
 */
export const networkColours = ['blue', 'green', 'orange', 'violet', 'teal', 'red', 'pink', 'brown'] as const;
export type NetworkColour = (typeof networkColours)[number];

/** As many networks as may be connected at once. */
export const networksAtOnceMax = 8;

/** Names under which a mesh's devices are found: two labels or more, so that nobody takes a whole top-level domain from the machine. */
export const suffixPattern = /^(?=.{3,100}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;

/** The mark that stands beside the colour, so that the colour alone says nothing. */
export function initialOf(name: string): string {
  return [...name.trim()].find((letter) => /[\p{L}\p{N}]/u.test(letter))?.toLocaleUpperCase() ?? '#';
}
