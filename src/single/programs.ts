/** The bundles that the single executable holds, by the words that start them, with the places they have in a built tree. */
export const programs = {
  '@helper': 'helper/helper.mjs',
  '@confine': 'helper/confine.mjs',
  '@confined': 'helper/confined.mjs',
  '@child': 'node/child.mjs',
  '@server': 'web/server.mjs',
  '@cli': 'cli/cli.mjs',
} as const;

type Word = keyof typeof programs;

/**
 * Which bundles to run, in this order, and what is left for the last of them: names first, the command line when there are none.
 * Undefined when a name is not ours.
 */
export function choose(words: readonly string[]): { readonly run: readonly Word[]; readonly args: readonly string[] } | undefined {
  const end = words.findIndex((word) => !word.startsWith('@'));
  const names = end === -1 ? words : words.slice(0, end);
  if (!names.every(isOurs)) return undefined;
  return { run: names.length === 0 ? ['@cli'] : names, args: words.slice(names.length) };
}

function isOurs(word: string): word is Word {
  return Object.hasOwn(programs, word);
}
