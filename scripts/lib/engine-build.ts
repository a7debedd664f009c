import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { corrected, correctedFile } from './engine-correction.ts';
import { engineFolder } from './engine-go.ts';

/** In Go's words. */
const targets = {
  'win-x64': ['windows', 'amd64'],
  'win-arm64': ['windows', 'arm64'],
  'mac-x64': ['darwin', 'amd64'],
  'mac-arm64': ['darwin', 'arm64'],
  'linux-x64': ['linux', 'amd64'],
  'linux-arm64': ['linux', 'arm64'],
} as const;
export type EngineTarget = keyof typeof targets;
export const engineTargets = Object.keys(targets) as readonly EngineTarget[];

export const engineModule = 'golang.zx2c4.com/wireguard';
/** Nothing of who builds gets into the file: no paths, no history, no symbols, no id of the build, no C compiler, no taste in processors. */
const buildFlags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w -buildid='];
const fixed = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off', GOEXPERIMENT: '', GOAMD64: 'v1', GOARM64: 'v8.0', GO111MODULE: 'on' };

export interface BuildOptions {
  /** False for upstream's own text, to compare with. */
  readonly correct?: boolean;
  /** A folder for what is compiled on the way; without one Go's own. */
  readonly cache?: string;
}

export function engineName(target: EngineTarget): string {
  return target.startsWith('win') ? 'wireguard-go.exe' : 'wireguard-go';
}

/** Where packages take a system's engine from. */
export function enginePath(root: string, target: EngineTarget): string {
  return join(root, 'dist/engine', target, engineName(target));
}

/** Builds wireguard-go of resources/engine for a system, corrected, to a file. Throws what Go said, or that the correction does not fit. */
export function buildEngine(root: string, target: EngineTarget, out: string, { correct = true, cache }: BuildOptions = {}): void {
  const [GOOS, GOARCH] = targets[target];
  const work = mkdtempSync(join(tmpdir(), 'webmesh-engine-'));
  try {
    laySource(root, work, correct);
    go(work, ['build', ...buildFlags, '-o', out, engineModule], { GOOS, GOARCH, ...(cache === undefined ? {} : { GOCACHE: cache }) });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Lays the engine, and the terms that come with it, where packages take them from. */
export function layEngine(root: string, target: EngineTarget, made: string): void {
  const folder = join(root, 'dist/engine', target);
  mkdirSync(folder, { recursive: true });
  copyFileSync(made, enginePath(root, target));
  copyFileSync(join(engineFolder(root), 'wireguard-go.license.txt'), join(folder, 'wireguard-go.license.txt'));
}

export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** What the pinned Go makes of the pinned text, by system. */
export function knownSums(root: string): ReadonlyMap<string, string> {
  const lines = readFileSync(join(engineFolder(root), 'checksums'), 'utf8').trim().split('\n');
  return new Map(lines.map((line) => [line.split(/\s+/)[1] ?? '', line.split(/\s+/)[0] ?? ''] as const));
}

/**
 * A copy of the pinned source in a folder that says so to Go: what was fetched and compared with go.sum stays as it is, and may not be overlaid. The place
 * is relative, so that it is the same in every build.
 */
function laySource(root: string, work: string, correct: boolean): void {
  for (const name of ['go.mod', 'go.sum']) copyFileSync(join(engineFolder(root), name), join(work, name));
  go(work, ['mod', 'download', engineModule]);
  const source = go(work, ['list', '-m', '-f', '{{.Dir}}', engineModule]).trim();
  const copy = join(work, 'wireguard');
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const folder = join(copy, relative(source, entry.parentPath));
    mkdirSync(folder, { recursive: true });
    // Without the modes of the original, which nobody may change.
    writeFileSync(join(folder, entry.name), readFileSync(join(entry.parentPath, entry.name)));
  }
  const file = join(copy, correctedFile);
  if (correct) writeFileSync(file, corrected(readFileSync(file, 'utf8')));
  go(work, ['mod', 'edit', `-replace=${engineModule}=./wireguard`]);
}

function go(folder: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  return execFileSync('go', [...words], { cwd: folder, env: { ...process.env, ...fixed, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
