import { splitHostPort } from '../../base/ip.ts';
import { type NameMachine } from '../ports.ts';
import { type NameSystem, type NameUndo } from './system.ts';
import { type WantedNames } from './spec.ts';

/**
 * macOS: one file a domain in /etc/resolver, see resolver(5). The first line says whose it is; a file without that line is never touched.
 * Untested on the real system: the text follows the manual page.
 */
export const resolverFiles: NameSystem = {
  keeper: '/etc/resolver',
  problem: () => '',
  taken: async (machine, own, domains) => new Map(domains.filter((domain) => isForeign(machine, domain, own)).map((domain) => [domain, `the file ${fileOf(domain)}`])),
  set: async (machine, device, names) => {
    for (const domain of names.domains) if (machine.readText(fileOf(domain)) !== textOf(device, names)) machine.writeText(fileOf(domain), textOf(device, names));
    await forgetAnswers(machine);
  },
  unset: async (machine, { device, domains }: NameUndo) => {
    for (const domain of domains) if (isOwn(machine.readText(fileOf(domain)), device)) machine.remove(fileOf(domain));
    await forgetAnswers(machine);
  },
  isSet: async (machine, device, names) => names.domains.every((domain) => machine.readText(fileOf(domain)) === textOf(device, names)),
  life: (machine) => machine.birthOf('/etc/resolver'),
};

const folder = '/etc/resolver';

/** Pure: a file has one port, so only servers at the first one's are named. */
export function textOf(device: string, { servers }: WantedNames): string {
  const ends = servers.flatMap((server) => splitHostPort(server) ?? []);
  const port = ends[0]?.port ?? 53;
  const hosts = ends.filter((end) => end.port === port).map(({ host }) => `nameserver ${host}\n`);
  return `${markOf(device)}\n${hosts.join('')}port ${port}\n`;
}

function markOf(device: string): string {
  return `# Webmesh ${device}: made while connected, removed after. Changes are lost.`;
}

/** The domain was parsed: letters, digits, hyphens and dots. */
function fileOf(domain: string): string {
  return `${folder}/${domain}`;
}

function isOwn(text: string | undefined, device: string): boolean {
  return text?.split('\n')[0] === markOf(device);
}

function isForeign(machine: NameMachine, domain: string, own: readonly string[]): boolean {
  const text = machine.readText(fileOf(domain));
  return machine.birthOf(fileOf(domain)) !== '' && !own.some((device) => isOwn(text, device));
}

/** The files are looked at by themselves; answers of before are what is forgotten here, so that it fails is no harm. */
async function forgetAnswers(machine: NameMachine): Promise<void> {
  await machine.run({ argv: ['dscacheutil', '-flushcache'] }).catch(() => {});
}
