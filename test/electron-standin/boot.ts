import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What the executable runs: makes `electron` resolve to the stand-in, loads Playwright's loader when asked to with -r, then the app's own
 * main bundle as package.json names it, then starts Chromium and tells the app that it is ready. The order is Electron's. Run from its sources, or bundled
 * where time and memory are measured: what compiles TypeScript is no part of the app.
 */
const fromSources = import.meta.url.endsWith('.ts');
const standIn = new URL(fromSources ? './electron.ts' : './electron.mjs', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' || specifier === 'electron/main' ? { url: standIn, format: fromSources ? 'module-typescript' : 'module', shortCircuit: true } : next(specifier, context),
});

const { switches, modules, rest } = split(process.argv.slice(2));
const appFolder = resolve(rest[0] ?? '.');
const manifest = JSON.parse(readFileSync(join(appFolder, 'package.json'), 'utf8')) as { main?: string; version: string; productName?: string; name: string };
const require = createRequire(join(appFolder, 'package.json'));
const { version } = require('electron/package.json') as { version: string };
Object.defineProperty(process, 'type', { value: 'browser' });
Object.defineProperty(process.versions, 'electron', { value: `${version}-standin`, enumerable: true });

// The shape that the app has on another system: only what it decides by the name of the platform, nothing of that system itself.
if (process.env.STANDIN_PLATFORM !== undefined) Object.defineProperty(process, 'platform', { value: process.env.STANDIN_PLATFORM, enumerable: true });

const { boot } = (await import(standIn)) as typeof import('./electron.ts');
// Playwright's loader cuts everything up to the last of these switches from argv.
const executable = process.argv[0] ?? 'electron';
process.argv = [executable, ...modules.flatMap((module) => ['-r', module]), ...switches, ...rest];
for (const module of modules) require(module);
if (modules.length === 0) process.argv = [executable, ...rest];
await boot({ appFolder, manifest, switches, runMain: () => runMain(resolve(appFolder, manifest.main ?? 'index.js')) });

async function runMain(file: string): Promise<void> {
  if (file.endsWith('.cjs')) require(file);
  else await import(pathToFileURL(file).href);
}

/** Electron reads its own switches up to the app's path; what follows is the app's. */
function split(argv: readonly string[]): { switches: string[]; modules: string[]; rest: string[] } {
  const switches: string[] = [];
  const modules: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    if (argument === '-r' || argument === '--require') modules.push(argv[++i] ?? '');
    else if (argument.startsWith('-')) switches.push(argument);
    else return { switches, modules, rest: argv.slice(i) };
  }
  return { switches, modules, rest: [] };
}
