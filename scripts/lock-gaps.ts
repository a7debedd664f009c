/**
 * Checks that package-lock.json is whole: every package that another one names, optional ones for other platforms included, has its
 * entry. A registry that lacks a platform package lets `npm install` succeed and write a lock with a gap, and then every `npm ci` fails.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface LockEntry {
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** `package → what it lacks` for each gap of a lock file of version 2 or 3. */
export function lockGaps(packages: Readonly<Record<string, LockEntry>>): readonly string[] {
  return Object.entries(packages).flatMap(([path, entry]) =>
    wantedBy(entry)
      .filter((name) => !resolves(packages, path, name))
      .map((name) => `${path || 'this package'} → ${name}`),
  );
}

function wantedBy({ dependencies, devDependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }: LockEntry): readonly string[] {
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional);
  return [...Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }), ...peers];
}

/** Looks from the package's own folder upwards, as Node.js resolves. */
function resolves(packages: Readonly<Record<string, LockEntry>>, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.includes('/node_modules/') ? folder.slice(0, folder.lastIndexOf('/node_modules/')) : '') {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2] ?? join(import.meta.dirname, '../package-lock.json');
  const { packages = {} } = JSON.parse(readFileSync(file, 'utf8')) as { packages?: Record<string, LockEntry> };
  const gaps = lockGaps(packages);
  for (const gap of gaps) console.log(gap);
  console.log(`gaps: ${gaps.length} in ${Object.keys(packages).length} packages`);
  process.exitCode = gaps.length === 0 ? 0 : 1;
}
