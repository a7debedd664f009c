/**
 * Puts Debian's backports build of wireguard-go into a cache folder of the project: `node scripts/fetch-wireguard-go.ts [FOLDER [SUITE]]`.
 * The build in Debian 12 itself (suite bookworm) is 3.3 times slower, but sends to the right IPv6 addresses (docs/decisions/0013). The machine's package sources stay as they are, and no root is needed.
 * Where it cannot be fetched, the wireguard-go on PATH is named instead. One line says what happened; the exit code is 1 when there is none.
 */
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { exists, fetchPackage, reasonOf } from './lib/private-apt.ts';

const suite = process.argv[3] ?? 'bookworm-backports';

async function fetchInto(folder: string): Promise<string> {
  const root = join(folder, 'apt');
  await mkdir(folder, { recursive: true });
  // Root runs the engine only from a folder that nobody else can write.
  await chmod(folder, 0o755);
  const packageFile = await fetchPackage(root, suite, async () => 'wireguard-go');
  await copyFile(join(root, 'files/usr/bin/wireguard-go'), join(folder, 'wireguard-go.new'));
  await chmod(join(folder, 'wireguard-go.new'), 0o755);
  await rename(join(folder, 'wireguard-go.new'), join(folder, 'wireguard-go'));
  const version = decodeURIComponent(packageFile.split('_')[1] ?? '');
  await writeFile(join(folder, 'version'), `${version}\n`);
  await rm(root, { recursive: true, force: true });
  return version;
}

async function onPath(): Promise<string | undefined> {
  const candidates = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin'].filter((folder) => folder !== '').map((folder) => join(folder, 'wireguard-go'));
  for (const path of candidates) if (await exists(path)) return path;
  return undefined;
}

async function main(folder: string): Promise<number> {
  const binary = join(folder, 'wireguard-go');
  if (await exists(binary)) {
    console.log(`wireguard-go: ${(await readFile(join(folder, 'version'), 'utf8').catch(() => 'unknown version')).trim()} is already in ${folder}`);
    return 0;
  }
  try {
    console.log(`wireguard-go: fetched ${await fetchInto(folder)} from ${suite} into ${folder}`);
    return 0;
  } catch (error) {
    await rm(join(folder, 'apt'), { recursive: true, force: true });
    const path = await onPath();
    if (path === undefined) console.log(`wireguard-go: none could be fetched (${reasonOf(error)}) and none is on PATH; next: apt-get install wireguard-go`);
    else console.log(`wireguard-go: using ${path} from PATH, which may be another one; the build of ${suite} could not be fetched (${reasonOf(error)})`);
    return path === undefined ? 1 : 0;
  }
}

process.exitCode = await main(resolve(process.argv[2] ?? '.cache/wireguard-go'));
