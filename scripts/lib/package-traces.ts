import { type CleanDebian } from './clean-debian.ts';

/** Logs, caches and databases that every package changes, people's own homes, and what a running system writes by itself. */
const notOurs = ['/var/log', '/var/cache', '/var/lib/dpkg', '/var/lib/systemd', '/home', '/run', '/tmp', '/var/tmp', '/dev', '/proc', '/sys', '/packages', '/root'];
/** The copies that useradd and its kin make of the files before; and the linker's cache. */
const copies = /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$|^\/etc\/ld\.so\.cache$/;

/** Every file and folder of the machine: its kind, mode, owner, and what is in it. */
export function filesOf(machine: CleanDebian): ReadonlyMap<string, string> {
  const prune = notOurs.map((path) => `-path ${path}`).join(' -o ');
  const lines = machine.run('sh', '-c', `find / \\( ${prune} \\) -prune -o -printf '%p\\t%y %m %U:%G %l\\n'; find / \\( ${prune} \\) -prune -o -type f -newermt 2026-01-01 -print0 | xargs -0 sha256sum`).out;
  const files = new Map<string, string>();
  for (const line of lines.split('\n')) {
    const [, hash = '', hashed = ''] = /^([0-9a-f]{64}) {2}(.*)$/.exec(line) ?? [];
    if (hash !== '') files.set(hashed, `${files.get(hashed) ?? ''} ${hash}`);
    else {
      const [path = '', facts = ''] = line.split('\t');
      files.set(path, facts);
    }
  }
  return new Map([...files].filter(([path]) => path !== '' && !copies.test(path)));
}

/** One line for each file that came, went or changed. */
export function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => (before.has(path) ? (after.has(path) ? `changed ${path}` : `missing ${path}`) : `new ${path}`));
}
