/**
 * Packages from dist/, which each of these makes first.
 *   npm run package -- single   the executable that holds helper, node process, web page and command line; proves that each starts
 *   npm run package -- deb      the .deb for this machine's architecture: with the stand-in for a window where npm has no Electron
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { makeDeb } from './lib/package-build.ts';
import { proveSingle } from './lib/package-proof.ts';
import { makeSingle, megabytes, type Target } from './lib/package-single.ts';

const root = join(import.meta.dirname, '..');
const commands: Readonly<Record<string, () => Promise<readonly string[]> | readonly string[]>> = { single, deb };
const [name = ''] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`usage: npm run package -- ${Object.keys(commands).join(' | ')}`);
  process.exit(2);
}
const problems = await command();
for (const problem of problems) console.error(`✗ ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function single(): readonly string[] {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'inherit' });
  const target = `${process.platform}-${process.arch}` as Target;
  const path = timed('single', () => makeSingle(root, target));
  return proveSingle(path, console.log);
}

function deb(): readonly string[] {
  const problems = single();
  if (problems.length === 0) timed('deb', () => makeDeb(root));
  return problems;
}

function timed(what: string, make: () => string): string {
  const startMs = performance.now();
  const path = make();
  console.log(`${what}: ${path}, ${megabytes(path)}, in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  return path;
}
