/**
 * Makes src/gen from proto: message modules, service definitions, and the descriptor set that gRPC reflection serves.
 * Runs offline in about a second, and does nothing when neither proto nor the settings changed. Only files that differ are
 * written, so a generate beside running tests does not pull modules away under them. `--force` makes all anew.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = join(root, 'src/gen');
const stampFile = join(target, '.stamp');
const buf = join(root, 'node_modules/.bin/buf');

const stamp = inputsHash();
if (!process.argv.includes('--force') && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
  console.log('generate: src/gen is fresh');
} else {
  const work = mkdtempSync(join(tmpdir(), 'webmesh-generate-'));
  try {
    generateInto(work);
    const written = replaceContent(join(work, 'src/gen'), target);
    writeFileSync(stampFile, stamp);
    console.log(`generate: ${written} files changed in src/gen`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function generateInto(work: string): void {
  execFileSync(buf, ['generate', '-o', work], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const image = join(work, 'image.binpb');
  execFileSync(buf, ['build', '--as-file-descriptor-set', '-o', image], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const base64 = readFileSync(image).toString('base64');
  writeFileSync(join(work, 'src/gen/image.ts'), `/** A google.protobuf.FileDescriptorSet of every API, imports included, in base64. */\nexport const imageBase64 = '${base64}';\n`);
}

/** Copies what differs, deletes what is no longer made, and returns how many files that were. */
function replaceContent(from: string, to: string): number {
  let changed = 0;
  const fresh = new Set(filesUnder(from));
  for (const file of fresh) {
    const bytes = readFileSync(join(from, file));
    if (existsSync(join(to, file)) && readFileSync(join(to, file)).equals(bytes)) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), bytes);
    changed++;
  }
  for (const file of existsSync(to) ? filesUnder(to) : []) {
    if (fresh.has(file) || file === '.stamp') continue;
    rmSync(join(to, file));
    changed++;
  }
  return changed;
}

function inputsHash(): string {
  const hash = createHash('sha256');
  const inputs = [...filesUnder(join(root, 'proto')).filter((f) => f.endsWith('.proto')).map((f) => join('proto', f)), 'buf.gen.yaml', 'package-lock.json', 'scripts/generate.ts'];
  for (const file of inputs.sort()) hash.update(file).update('\0').update(readFileSync(join(root, file))).update('\0');
  return hash.digest('hex');
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
