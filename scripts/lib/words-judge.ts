import type { HardCoded } from './hard-coded.ts';

export interface Looked {
  readonly file: string;
  readonly hardCoded: readonly HardCoded[];
}

export interface Allowed {
  readonly text: RegExp;
  readonly file?: string;
}

/** One line for each text that is neither allowed nor in a file that waits for its turn, and for each such file that is clean already or gone. */
export function judgeWords(looked: readonly Looked[], allowed: readonly Allowed[], unconverted: readonly string[]): readonly string[] {
  const wrong = looked.map(({ file, hardCoded }) => ({
    file, hardCoded: hardCoded.filter(({ text }) => !allowed.some((one) => one.text.test(text) && (one.file === undefined || file.includes(one.file)))),
  }));
  const waiting = new Set(unconverted);
  const texts = wrong.filter(({ file }) => !waiting.has(file)).flatMap(({ file, hardCoded }) => hardCoded.map(({ line, text, where }) => `${file}:${line} (${where}) stands in the code: ${text}`));
  const done = unconverted.filter((file) => (wrong.find((one) => one.file === file)?.hardCoded.length ?? 0) === 0).map((file) => `${file} has no text of its own any more: take it off the list in scripts/lib/words-allowed.ts`);
  return [...texts, ...done];
}
