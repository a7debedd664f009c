import { splitHostPort } from '../../base/ip.ts';
import { type NameMachine } from '../ports.ts';
import { type NameSystem, complaint } from './system.ts';

/**
 * Linux with systemd-resolved: the names belong to the tunnel's link, so they go with it. resolved keeps them over a restart of its own
 * (seen with 252). A plain /etc/resolv.conf knows no split, so where nothing asks resolved, nothing is changed.
 */
export const resolved: NameSystem = {
  keeper: 'systemd-resolved',
  problem: (machine) => whyNot(machine.readText('/etc/resolv.conf') ?? '', machine.readText('/etc/nsswitch.conf') ?? '', machine.birthOf(socket) !== ''),
  taken: async (machine, own) => {
    const answer = await machine.run({ argv: ['resolvectl', '--no-pager', 'domain'] });
    if (answer.code !== 0) throw new Error(complaint(answer));
    return new Map(parseDomains(answer.stdout).filter(({ link }) => !own.includes(link)).flatMap(({ link, domains }) => domains.map((domain) => [domain, link] as const)));
  },
  set: async (machine, device, { servers, domains }) => {
    const steps = [
      // Before there is a server, so that it is never one for all names.
      ['default-route', device, 'no'],
      ['domain', device, ...domains.map((domain) => `~${domain}`)],
      // Our own answers are not signed, and no TLS is spoken inside of the tunnel; both settings are of this link alone.
      ['dnssec', device, 'no'],
      ['dnsovertls', device, 'no'],
      ['dns', device, ...servers],
    ];
    for (const words of steps) await ask(machine, words);
  },
  unset: async (machine, { device }) => {
    const answer = await machine.run({ argv: ['resolvectl', 'revert', device] }).catch((error: unknown) => ({ code: 1, stdout: '', stderr: programMissing(error) }));
    // A link that is gone took its settings with it; a resolver that does not run has none, and the link goes next.
    if (answer.code !== 0 && !gone.test(complaint(answer))) throw new Error(complaint(answer));
  },
  isSet: async (machine, device, { servers, domains }) => {
    const [has, asks] = [await machine.run({ argv: ['resolvectl', '--no-pager', 'domain', device] }), await machine.run({ argv: ['resolvectl', '--no-pager', 'dns', device] })];
    const known = parseDomains(has.stdout)[0]?.domains ?? [];
    return has.code === 0 && asks.code === 0 && domains.every((domain) => known.includes(domain)) && servers.every((server) => spellings(server).some((word) => asks.stdout.split(/\s+/).includes(word)));
  },
  life: (machine) => machine.birthOf(socket),
};

/** The ordinary port is not always said. */
function spellings(server: string): readonly string[] {
  const end = splitHostPort(server);
  return end?.port === 53 ? [server, end.host] : [server];
}

/** Made anew at each start of the resolver, and readable by all. */
const socket = '/run/systemd/resolve/io.systemd.Resolve';
const gone = /no such device|link \d+ not known|program is missing|not found|could not activate|failed to load|not provided|connection refused|no such file|failed to connect/i;
const tooOld = /failed to parse dns server address/i;

async function ask(machine: NameMachine, words: readonly string[]): Promise<void> {
  const answer = await machine.run({ argv: ['resolvectl', ...words] });
  if (answer.code === 0) return;
  const said = complaint(answer);
  throw new Error(tooOld.test(said) ? 'systemd-resolved is older than version 246 and takes no port; next: update the system' : `systemd-resolved says: ${said}`);
}

function programMissing(error: unknown): string {
  return `program is missing: ${error instanceof Error ? error.message : String(error)}`;
}

/** Pure: why setting names at resolved would not help this machine's programs. */
export function whyNot(resolvConf: string, nsswitch: string, runs: boolean): string {
  const servers = [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server ?? '');
  const hosts = (/^\s*hosts:(.*)$/m.exec(nsswitch)?.[1] ?? '').split(/\s+/);
  const stub = servers.length > 0 && servers.every((server) => server === '127.0.0.53' || server === '127.0.0.54');
  const bySwitch = hosts.includes('resolve') && (!hosts.includes('dns') || hosts.indexOf('resolve') < hosts.indexOf('dns'));
  if (!runs) return 'this system has no resolver that can be told where some names go; next: install and start systemd-resolved';
  return stub || bySwitch ? '' : 'programs here do not ask systemd-resolved; next: make /etc/resolv.conf a link to /run/systemd/resolve/stub-resolv.conf';
}

/** Pure: the lines `Link 3 (wmhome): ~home.internal ~9.10.in-addr.arpa` and `Global: lan`; a long list goes on in lines that begin with blanks. */
export function parseDomains(text: string): readonly { readonly link: string; readonly domains: readonly string[] }[] {
  return text.replace(/\n[ \t]+/g, ' ').split('\n').flatMap((line) => {
    const [, link, rest] = /^(?:Link \d+ \(([^)]{1,64})\)|Global):\s*(.*)$/.exec(line.trim()) ?? [];
    return rest === undefined ? [] : [{ link: link ?? 'the system', domains: rest.split(/\s+/).filter((word) => word !== '').map((word) => word.replace(/^~/, '').replace(/\.$/, '').toLowerCase()) }];
  });
}
