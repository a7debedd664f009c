/**
 * Packages from dist/, which `npm run build` makes first.
 *   npm run package -- single   the executable that holds helper, node process, web page and command line; proves that each starts
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { makeSingle, megabytes, type Target } from './lib/package-single.ts';
import { proveSingle } from './lib/package-proof.ts';

const root = join(import.meta.dirname, '..');
const commands: Readonly<Record<string, () => Promise<readonly string[]> | readonly string[]>> = { single };
const [name = ''] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`usage: npm run package -- ${Object.keys(commands).join(' | ')}`);
  process.exit(2);
}
const problems = await command();
for (const problem of problems) console.error(`✗ ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function build(): void {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'inherit' });
}

function single(): readonly string[] {
  build();
  const target = `${process.platform}-${process.arch}` as Target;
  const startMs = performance.now();
  const path = makeSingle(root, target);
  console.log(`single: ${path}, ${megabytes(path)}, in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  return proveSingle(path, console.log);
}
