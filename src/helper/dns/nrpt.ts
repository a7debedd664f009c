import { splitHostPort } from '../../base/ip.ts';
import { type NameMachine } from '../ports.ts';
import { type NameSystem, complaint } from './system.ts';

/**
 * Windows: rules of the Name Resolution Policy Table, whose comment says whose they are. They outlive a reboot, so does the journal.
 * A rule knows no port: only servers at 53 are named. Rules of a domain's policy make Windows leave these out.
 * Untested on the real system: the commands follow the documentation of Add-DnsClientNrptRule. What stands in quotes was parsed: letters,
 * digits, hyphens, dots and colons.
 */
export const nrpt: NameSystem = {
  keeper: 'NRPT',
  problem: () => '',
  taken: async (machine, own) => {
    const comments = own.map((device) => `'${commentOf(device)}'`).join(', ') || `''`;
    const said = await powershell(machine, `Get-DnsClientNrptRule | Where-Object { @(${comments}) -notcontains $_.Comment } | ForEach-Object { $_.Namespace }`);
    return new Map(said.split(/\s+/).flatMap((name) => (name.startsWith('.') ? [[name.slice(1).toLowerCase(), 'another rule of Windows'] as const] : [])));
  },
  set: async (machine, device, { servers, domains }) => {
    const hosts = servers.flatMap((server) => splitHostPort(server) ?? []).filter(({ port }) => port === 53).map(({ host }) => `'${host}'`);
    if (hosts.length === 0) throw new Error('Windows asks for names at port 53 alone, where this network does not answer');
    const adds = domains.map((domain) => `Add-DnsClientNrptRule -Namespace '.${domain}' -NameServers ${hosts.join(',')} -Comment '${commentOf(device)}'`);
    await powershell(machine, [removal(device), ...adds, 'Clear-DnsClientCache'].join('; '));
  },
  unset: async (machine, { device }) => {
    await powershell(machine, `${removal(device)}; Clear-DnsClientCache`);
  },
  isSet: async (machine, device, { domains }) => {
    const said = await powershell(machine, `Get-DnsClientNrptRule | Where-Object { $_.Comment -eq '${commentOf(device)}' } | ForEach-Object { $_.Namespace }`);
    const known = said.split(/\s+/);
    return domains.every((domain) => known.includes(`.${domain}`));
  },
  life: () => '',
};

function removal(device: string): string {
  return `Get-DnsClientNrptRule | Where-Object { $_.Comment -eq '${commentOf(device)}' } | Remove-DnsClientNrptRule -Force`;
}

function commentOf(device: string): string {
  return `Webmesh ${device}`;
}

async function powershell(machine: NameMachine, script: string): Promise<string> {
  const answer = await machine.run({ argv: ['powershell', '-NoProfile', '-NonInteractive', '-Command', `$ErrorActionPreference = 'Stop'; ${script}`] });
  if (answer.code !== 0) throw new Error(`Windows says: ${complaint(answer)}`);
  return answer.stdout;
}
