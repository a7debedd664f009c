/**
 * Puts Debian's backports build of wireguard-go into a cache folder of the project: `node scripts/fetch-wireguard-go.ts [FOLDER]`.
 * The build in Debian 12 itself is 3.3 times slower, and the machine's own package sources stay as they are: apt runs on a
 * private root made from the mirror that the machine already uses, checks signatures with the system's keyring, and needs no root.
 * Where that cannot work, the wireguard-go on PATH is named instead. One line says what happened; the exit code is 1 when there is none.
 */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, readdir, readFile, rename, rm, writeFile, copyFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const suite = 'bookworm-backports';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const aptDeadlineMs = 120_000;

/** What the machine has as a Debian mirror: the repository that serves the `bookworm main` it was installed from. */
async function mirrorUri(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages']);
  const rows = stdout.split('\n').map((line) => line.split(' '));
  const uri = rows.find(([, release, component]) => release === 'bookworm' && component === 'main')?.[0];
  if (uri === undefined) throw new Error('no Debian 12 package source is configured');
  return uri;
}

/** A private apt root. Of the machine's apt settings only `Acquire` (proxies, time-outs) is kept: no hooks, no other sources. */
async function makeAptRoot(root: string): Promise<NodeJS.ProcessEnv> {
  const [uri, settings] = await Promise.all([mirrorUri(), run('apt-config', ['dump'])]);
  await Promise.all(['lists/partial', 'archives/partial'].map((folder) => mkdir(join(root, folder), { recursive: true })));
  const signedBy = await exists(keyring) ? ` [signed-by=${keyring}]` : '';
  const conf = [
    ...settings.stdout.split('\n').filter((line) => line.startsWith('Acquire::')),
    'Dir::Etc::parts "/dev/null";', 'Dir::Etc::main "/dev/null";', 'Dir::Etc::sourceparts "/dev/null";', 'Dir::Etc::preferencesparts "/dev/null";',
    `Dir::Etc::sourcelist "${join(root, 'sources.list')}";`,
    `Dir::State "${root}";`, `Dir::State::lists "${join(root, 'lists')}";`, `Dir::State::status "${join(root, 'status')}";`,
    `Dir::Cache "${root}";`, `Dir::Cache::archives "${join(root, 'archives')}";`, 'Dir::Cache::pkgcache "";', 'Dir::Cache::srcpkgcache "";',
    // apt's own download user may not be able to enter this folder; what it fetches is verified all the same.
    'APT::Sandbox::User "root";', 'Acquire::Languages "none";',
  ];
  await Promise.all([
    writeFile(join(root, 'sources.list'), `deb${signedBy} ${uri} ${suite} main\n`),
    writeFile(join(root, 'status'), ''),
    writeFile(join(root, 'apt.conf'), `${conf.join('\n')}\n`),
  ]);
  return { ...process.env, APT_CONFIG: join(root, 'apt.conf'), LC_ALL: 'C' };
}

async function fetchInto(folder: string): Promise<string> {
  const root = join(folder, 'apt');
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  // Root runs the engine only from a folder that nobody else can write.
  await chmod(folder, 0o755);
  const options = { env: await makeAptRoot(root), cwd: root, timeout: aptDeadlineMs };
  await run('apt-get', ['-q', '-y', '--error-on=any', 'update'], options);
  await run('apt-get', ['-q', '-y', 'download', 'wireguard-go'], options);
  const packageFile = (await readdir(root)).find((name) => /^wireguard-go_.*\.deb$/.test(name));
  if (packageFile === undefined) throw new Error('apt downloaded no package');
  await run('dpkg', ['-x', join(root, packageFile), join(root, 'files')]);
  await copyFile(join(root, 'files/usr/bin/wireguard-go'), join(folder, 'wireguard-go.new'));
  await chmod(join(folder, 'wireguard-go.new'), 0o755);
  await rename(join(folder, 'wireguard-go.new'), join(folder, 'wireguard-go'));
  const version = decodeURIComponent(packageFile.split('_')[1] ?? '');
  await writeFile(join(folder, 'version'), `${version}\n`);
  await rm(root, { recursive: true, force: true });
  return version;
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(() => true, () => false);
}

async function onPath(): Promise<string | undefined> {
  const candidates = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin'].filter((folder) => folder !== '').map((folder) => join(folder, 'wireguard-go'));
  for (const path of candidates) if (await exists(path)) return path;
  return undefined;
}

function reasonOf(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  return stderr.split('\n').find((line) => line.startsWith('E:'))?.slice(3) ?? (error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error));
}

async function main(folder: string): Promise<number> {
  const binary = join(folder, 'wireguard-go');
  if (await exists(binary)) {
    console.log(`wireguard-go: ${(await readFile(join(folder, 'version'), 'utf8').catch(() => 'unknown version')).trim()} is already in ${folder}`);
    return 0;
  }
  try {
    await mkdir(folder, { recursive: true });
    console.log(`wireguard-go: fetched ${await fetchInto(folder)} from ${suite} into ${folder}`);
    return 0;
  } catch (error) {
    await rm(join(folder, 'apt'), { recursive: true, force: true });
    const path = await onPath();
    if (path === undefined) console.log(`wireguard-go: none could be fetched (${reasonOf(error)}) and none is on PATH; next: apt-get install wireguard-go`);
    else console.log(`wireguard-go: using ${path} from PATH, which may be slower; the backports build could not be fetched (${reasonOf(error)})`);
    return path === undefined ? 1 : 0;
  }
}

process.exitCode = await main(resolve(process.argv[2] ?? '.cache/wireguard-go'));
