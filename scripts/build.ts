/**
 * Builds dist/: every process as one bundle, and the page.
 *   --only NAME   one part: main, preload, web, cli, helper, confine, confined, node, single, renderer
 *   --to FOLDER   somewhere else than dist/
 *   --readable    bundles with their blanks and their words, for who changes them to see whether a test notices
 * What is not written yet is skipped with a message. Prints one line.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build as bundle, type BuildOptions } from 'esbuild';
import { licencesOf } from './lib/licences.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, to: { type: 'string' }, readable: { type: 'boolean' } } });
const dist = values.to ?? join(root, 'dist');

interface Part {
  readonly name: string;
  readonly entry: string;
  readonly out: string;
  readonly options: BuildOptions;
}

/** ESM bundles of CommonJS packages need a `require`; __dirname and __filename are for the few that look beside themselves. */
const esmBanner = [
  "import { createRequire as webmeshRequire } from 'node:module';",
  'const require = webmeshRequire(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;',
].join(' ');
/**
 * Blanks and comments of a bundle are megabytes that each process keeps in memory. Names stay, so that a stack reads like the source, and lines
 * stay short, because Node prints the line in which a process broke.
 */
const lean: BuildOptions = values.readable ? {} : { minifyWhitespace: true, minifySyntax: true, lineLimit: 160 };
const esm: BuildOptions = { format: 'esm', platform: 'node', banner: { js: esmBanner }, ...lean };
const command: BuildOptions = { ...esm, banner: { js: `#!/usr/bin/env node\n${esmBanner}` } };
const commonJs: BuildOptions = { format: 'cjs', platform: 'node', external: ['electron'], define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' }, ...lean };

const parts: readonly Part[] = [
  { name: 'main', entry: 'src/main/main.ts', out: 'main/main.cjs', options: commonJs },
  // Electron checks a sandboxed preload for the one file that it is; a map beside it could not be loaded anyway.
  { name: 'preload', entry: 'src/main/preload.ts', out: 'main/preload.cjs', options: { ...commonJs, platform: 'browser', sourcemap: false } },
  { name: 'web', entry: 'src/web/server.ts', out: 'web/server.mjs', options: esm },
  { name: 'cli', entry: 'src/cli/cli.ts', out: 'cli/cli.mjs', options: command },
  { name: 'helper', entry: 'src/helper/helper.ts', out: 'helper/helper.mjs', options: esm },
  // What gives the node process's rights up before, and as, it starts.
  { name: 'confine', entry: 'src/helper/confine.ts', out: 'helper/confine.mjs', options: esm },
  { name: 'confined', entry: 'src/helper/confined.ts', out: 'helper/confined.mjs', options: esm },
  { name: 'node', entry: 'src/node/child.ts', out: 'node/child.mjs', options: esm },
  // The first lines of the executable that holds the others; `npm run package` makes it.
  { name: 'single', entry: 'src/single/single.ts', out: 'single/single.cjs', options: { format: 'cjs', platform: 'node', sourcemap: false } },
];

const wanted = (name: string): boolean => values.only === undefined || values.only.includes(name);

/** The sources of all bundles, below the root or absolute. */
const sources: string[] = [];
const startedMs = performance.now();
execFileSync(process.execPath, [join(root, 'scripts/generate.ts')], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
const known = { ...versionDefines() };
const [chosen, missing] = split(parts.filter(({ name }) => wanted(name)), ({ entry }) => existsSync(join(root, entry)));
for (const { name, entry } of missing) console.log(`build: ${name} is skipped, there is no ${entry}`);
const jobs = [...chosen.map((part) => ({ name: part.name, done: buildPart(part) })), ...(wanted('renderer') ? [{ name: 'renderer', done: buildPage() }] : [])];
const results = await Promise.allSettled(jobs.map(({ done }) => done));
const [built, failed] = split(jobs, (job) => results[jobs.indexOf(job)]?.status === 'fulfilled');
if (failed.length > 0) {
  // esbuild has printed its own errors with file and line; Vite leaves that to us.
  for (const result of results) if (result.status === 'rejected' && !('errors' in result.reason)) console.error(String(result.reason));
  console.error(`build: ${failed.map(({ name }) => name).join(', ')} failed`);
  process.exitCode = 1;
}
// What is shipped of others, with their licences; a part alone does not know them all.
if (failed.length === 0 && missing.length === 0 && values.only === undefined) writeFileSync(join(dist, 'licences.txt'), `${licencesOf(root, sources)}\n`);
console.log(`build: ${built.map(({ name }) => name).join(', ') || 'nothing'} into dist in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);

async function buildPart({ entry, out, options }: Part): Promise<void> {
  const outfile = join(dist, out);
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    target: 'node24',
    sourcemap: 'linked',
    legalComments: 'none',
    alias: { '@grpc/proto-loader': join(root, 'scripts/lib/no-proto-loader.cjs') },
    logLevel: 'warning',
    ...options,
    metafile: true,
    define: { ...known, ...options.define },
    // Optional speed-ups of ws and systeminformation's platform parts, which are not installed here; koffi and node-datachannel find their binaries beside themselves.
    external: [...(options.external ?? []), 'bufferutil', 'utf-8-validate', 'osx-temperature-sensor', 'koffi', 'node-datachannel'],
  });
  sources.push(...Object.keys(metafile.inputs));
  writeFileSync(outfile, plain(readFileSync(outfile, 'utf8')));
  if (entry.endsWith('cli.ts')) chmodSync(outfile, 0o755);
}

/**
 * One character beyond Latin in a whole bundle makes the engine keep two bytes for each of its characters, megabytes in each process. esbuild escapes
 * texts but not regular expressions, where the escape means the same. What has a backslash already needs no other one.
 */
function plain(code: string): string {
  return code.replace(/(\\*)([^\0-\x7f])/g, (_, slashes: string, unit: string) => `${slashes}${slashes.length % 2 === 0 ? '\\' : ''}u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The page's own configuration is beside its source; Vite is loaded only here because it is slow to load. */
async function buildPage(): Promise<void> {
  const configFile = join(root, 'src/renderer/vite.config.ts');
  if (!existsSync(configFile)) return console.log('build: renderer is skipped, there is no src/renderer/vite.config.ts');
  const { build } = await import('vite');
  const made = await build({ root: join(root, 'src/renderer'), configFile, logLevel: 'error', build: { outDir: join(dist, 'renderer'), emptyOutDir: true } });
  for (const { output } of [made].flat().filter((result) => 'output' in result)) for (const file of output) if (file.type === 'chunk') sources.push(...file.moduleIds);
}

function versionDefines(): Record<string, string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    WEBMESH_VERSION: JSON.stringify(version),
    WEBMESH_COMMIT: JSON.stringify(git('rev-parse', '--short=12', 'HEAD') ?? 'unknown'),
    WEBMESH_BUILT_AT: JSON.stringify(new Date(Number(process.env.SOURCE_DATE_EPOCH ?? Math.floor(Date.now() / 1000)) * 1000).toISOString()),
  };
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined; // a source archive has no history
  }
}

function split<T>(list: readonly T[], take: (item: T) => boolean): [T[], T[]] {
  return [list.filter(take), list.filter((item) => !take(item))];
}
