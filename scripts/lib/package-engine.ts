import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildEngine, engineName, enginePath, type EngineTarget, engineTargets, knownSums, layEngine, sha256 } from './engine-build.ts';
import { findGo, type Go } from './engine-go.ts';
import { proveEngine } from './engine-proof.ts';
import { formatOf } from './program-format.ts';
import { isWintun, layWintun, needsWintun } from './wintun.ts';

type Check = (what: string, right: boolean, seen?: string) => void;
type Say = (line: string) => void;

/**
 * Makes the engine of a system that is packed. Where it cannot be made the package has none, and it is said: true where there is one. Throws
 * when what was built is not what resources/engine/checksums says.
 */
export async function shipEngine(root: string, target: EngineTarget, say: Say): Promise<boolean> {
  const path = enginePath(root, target);
  const sum = knownSums(root).get(target);
  if (!existsSync(path) || sha256(path) !== sum) {
    rmSync(join(root, 'dist/engine', target), { recursive: true, force: true });
    const go = findGo(root);
    if ('problem' in go) {
      say(`· engine: none in the package for ${target}. ${go.problem}`);
      return false;
    }
    inFolder((folder) => {
      const made = join(folder, engineName(target));
      buildEngine(root, target, made);
      if (go.pinned && sha256(made) !== sum) throw new Error(otherBytes(target, sha256(made)));
      layEngine(root, target, made);
    });
  }
  const problem = needsWintun(target) ? await layWintun(root, target) : undefined;
  if (problem !== undefined) say(`· engine: no wintun.dll in the package for ${target}, so it makes no tunnel. ${problem}`);
  return true;
}

/** Looks at what is packed beside the helper. */
export function checkEngine(folder: string, target: EngineTarget, check: Check, say: Say): void {
  const path = join(folder, engineName(target));
  check(`${target}: the engine beside the helper is a program of that system and processor`, existsSync(path) && isProgramOf(target, path), path);
  check(`${target}: its terms are there`, existsSync(join(folder, 'wireguard-go.license.txt')));
  if (!needsWintun(target)) return check(`${target}: it may be run`, (statSync(path).mode & 0o755) === 0o755, path);
  const library = join(folder, 'wintun.dll');
  if (!existsSync(library)) return say(`· ${target}: no wintun.dll in it, so it makes no tunnel`);
  const terms = existsSync(join(folder, 'wintun.license.txt'));
  check(`${target}: wintun.dll is there unchanged, with its terms`, terms && isWintun(target, readFileSync(library)));
}

/**
 * Builds the engine of each system twice, the second time with nothing kept from before, and says whether the bytes are the same. As root on Linux it
 * is also used, beside upstream's own text, in network namespaces.
 */
export async function makeEngines(root: string, names: readonly string[], check: Check, say: Say): Promise<void> {
  const targets = names.length === 0 ? engineTargets : engineTargets.filter((target) => names.includes(target));
  if (targets.length < names.length) return check(`engine: of ${engineTargets.join(', ')}`, false, names.join(' '));
  const go = findGo(root);
  if ('problem' in go) return check('engine: there is a Go to build it with', false, go.problem);
  inFolder((folder) => {
    for (const target of targets) makeTwice(root, target, folder, go, check);
  });
  for (const target of targets.filter(needsWintun)) {
    const problem = await layWintun(root, target);
    // Who packs for Windows does it there.
    if (problem === undefined || process.platform === 'win32') check(`engine: ${target} has its wintun.dll, the signed one of WireGuard LLC`, problem === undefined, problem);
    else say(`· engine: ${target} has no wintun.dll. ${problem}`);
  }
  if (names.length === 0) await proveEngine(root, check, say);
}

function makeTwice(root: string, target: EngineTarget, folder: string, { version, pinned }: Go, check: Check): void {
  const [first = '', second = ''] = ['first', 'second'].map((name) => join(folder, `${name}-${target}`));
  buildEngine(root, target, first);
  buildEngine(root, target, second, { cache: join(folder, 'cache') });
  const sum = sha256(first);
  check(`engine: ${target} by Go ${version}, twice the same bytes: ${sum}`, sha256(second) === sum, sha256(second));
  check(`engine: ${target} is a program of that system and processor`, isProgramOf(target, first));
  // Another Go makes other bytes, and that is no fault.
  if (pinned) check(`engine: ${target} is what resources/engine/checksums says`, knownSums(root).get(target) === sum, otherBytes(target, sum));
  layEngine(root, target, first);
}

function isProgramOf(target: EngineTarget, path: string): boolean {
  return formatOf(readFileSync(path).subarray(0, 4096)) === target;
}

function otherBytes(target: EngineTarget, sum: string): string {
  return `the pinned Go made other bytes than resources/engine/checksums has for ${target}: ${sum}; after a wanted change write these there`;
}

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'webmesh-engines-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
