/** Finds texts for people that stand in the window's or the tray's code and not in the words of a language. `node scripts/words.ts` */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { hardCodedInScript, hardCodedInSvelte } from './lib/hard-coded.ts';
import { judgeWords } from './lib/words-judge.ts';
import { allowedTexts, unconverted } from './lib/words-allowed.ts';

const root = join(import.meta.dirname, '..');
const files = globSync(['src/renderer/**/*.{svelte,ts}', 'src/main/**/*.ts'], { cwd: root })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => !/\.test\.ts$|\/words\/|vite\.config\.ts$/.test(file))
  .sort();
const found = files.map((file) => {
  const source = readFileSync(join(root, file), 'utf8');
  return { file, hardCoded: file.endsWith('.svelte') ? hardCodedInSvelte(source) : hardCodedInScript(source) };
});
const complaints = judgeWords(found, allowedTexts, unconverted);
for (const line of complaints) console.error(line);
console.log(`${files.length} files looked through, ${unconverted.length} not converted yet`);
process.exitCode = complaints.length === 0 ? 0 : 1;
