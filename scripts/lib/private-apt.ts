import { execFile } from 'node:child_process';
import { access, constants, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const aptDeadlineMs = 120_000;

/**
 * Downloads one Debian package and unpacks it into `root`/files, without root rights and without touching the machine's own package
 * sources: apt runs on a root of its own, made from the mirror that the machine already uses, and checks signatures with the system's
 * keyring. Answers the package's file name.
 */
export async function fetchPackage(root: string, suite: string, choose: (apt: (...args: readonly string[]) => Promise<string>) => Promise<string>): Promise<string> {
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  const options = { env: await makeAptRoot(root, suite), cwd: root, timeout: aptDeadlineMs, maxBuffer: 64 << 20 };
  await run('apt-get', ['-q', '-y', '--error-on=any', 'update'], options);
  const name = await choose(async (...args) => (await run('apt-cache', [...args], options)).stdout);
  await run('apt-get', ['-q', '-y', 'download', name], options);
  const file = (await readdir(root)).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith('.deb'));
  if (file === undefined) throw new Error('apt downloaded no package');
  await run('dpkg', ['-x', join(root, file), join(root, 'files')]);
  return file;
}

/** What apt itself complained about, else the error's first line. */
export function reasonOf(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  return stderr.split('\n').find((line) => line.startsWith('E:'))?.slice(3) ?? (error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error));
}

export async function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(() => true, () => false);
}

/** Of the machine's apt settings only `Acquire` (proxies, time-outs) is kept: no hooks, no other sources. */
async function makeAptRoot(root: string, suite: string): Promise<NodeJS.ProcessEnv> {
  const [uri, settings] = await Promise.all([mirrorUri(), run('apt-config', ['dump'])]);
  await Promise.all(['lists/partial', 'archives/partial'].map((folder) => mkdir(join(root, folder), { recursive: true })));
  const signedBy = (await exists(keyring)) ? ` [signed-by=${keyring}]` : '';
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

/** The repository that serves the `bookworm main` this machine was installed from. */
export async function mirrorUri(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages']);
  const rows = stdout.split('\n').map((line) => line.split(' '));
  const uri = rows.find(([, release, component]) => release === 'bookworm' && component === 'main')?.[0];
  if (uri === undefined) throw new Error('no Debian 12 package source is configured');
  return uri;
}
