/**
 * Puts Debian's Prometheus and promtool into a cache folder of the project: `node scripts/fetch-prometheus.ts [FOLDER]`. The package is
 * unpacked, not installed: no service starts, no user is made, no root is needed. One line says what happened; the exit code is 1 when there is none.
 */
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exists, fetchPackage, reasonOf } from './lib/private-apt.ts';

const suite = 'bookworm';
const programs = ['promtool', 'prometheus'] as const;

async function fetchInto(folder: string): Promise<string> {
  const root = join(folder, 'apt');
  await mkdir(folder, { recursive: true });
  const packageFile = await fetchPackage(root, suite, async () => 'prometheus');
  for (const name of programs) {
    await copyFile(join(root, 'files/usr/bin', name), join(folder, `${name}.new`));
    await chmod(join(folder, `${name}.new`), 0o755);
    await rename(join(folder, `${name}.new`), join(folder, name));
  }
  const version = decodeURIComponent(packageFile.split('_')[1] ?? '');
  await writeFile(join(folder, 'version'), `${version}\n`);
  await rm(root, { recursive: true, force: true });
  return version;
}

async function main(folder: string): Promise<number> {
  if (await exists(join(folder, 'prometheus'))) {
    console.log(`prometheus: ${(await readFile(join(folder, 'version'), 'utf8').catch(() => 'unknown version')).trim()} is already in ${folder}`);
    return 0;
  }
  try {
    console.log(`prometheus: fetched ${await fetchInto(folder)} from ${suite} into ${folder}`);
    return 0;
  } catch (error) {
    await rm(join(folder, 'apt'), { recursive: true, force: true });
    console.log(`prometheus: it could not be fetched (${reasonOf(error)}); next: apt-get install prometheus`);
    return 1;
  }
}

process.exitCode = await main(resolve(process.argv[2] ?? '.cache/prometheus'));
