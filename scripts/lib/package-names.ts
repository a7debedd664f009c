import { setTimeout as pause } from 'node:timers/promises';
import { type CleanDebian } from './clean-debian.ts';
import { ok, person } from './package-person.ts';

type Check = (what: string, right: boolean, seen?: string) => void;

const resolveMs = 20_000;
/** Where nothing asks systemd-resolved. */
export const plainResolver = 'nameserver 192.0.2.53\n';

/** Makes a machine one of those that have a plain /etc/resolv.conf and no resolver of their own. */
export function withoutResolver(machine: CleanDebian): void {
  machine.run('sh', '-c', `systemctl mask --now -q systemd-resolved; rm /etc/resolv.conf; printf '${plainResolver.replace('\n', '\\n')}' > /etc/resolv.conf`);
}

/** The first machine has systemd-resolved, the second a plain resolv.conf: there names work in every program, here nothing is touched, and it is said. */
export async function checkNames(machine: CleanDebian, peer: CleanDebian, check: Check): Promise<void> {
  const link = /^(wm\S+)/m.exec(machine.run('ip', '-br', 'address').out)?.[1] ?? '';
  const { name, address } = deviceOf(peer);
  const found = await finds(machine, peer);
  const state = machine.run('resolvectl', '--no-pager', 'status', link).out;
  check(`${name}.home.internal is ${address} for every program${seconds(found)}`, address !== '' && found !== undefined, `${state}\n${machine.as(person, 'webmesh status').out}`);
  check('status says so', /^names\s+NAME\.home\.internal, by systemd-resolved$/m.test(machine.as(person, 'webmesh status').out), machine.as(person, 'webmesh status').out);
  check('the address has that name, and the mesh\'s own zone is there too', machine.run('getent', 'hosts', address).out.includes(`${name}.home.internal`) && machine.run('getent', 'hosts', `${name}.webmesh.internal`).code === 0, machine.run('getent', 'hosts', address).out);
  const startMs = performance.now();
  const none = machine.run('getent', 'hosts', 'nobody.home.internal');
  check('a name that nobody has is none, at once', none.code === 2 && performance.now() - startMs < 1_500, `${none.code}, ${performance.now() - startMs} ms`);
  check('the link is the way of no other name', /-DefaultRoute/.test(state), state);

  machine.run('systemctl', 'restart', 'systemd-resolved');
  check('after the resolver was started anew, names work', (await until(() => machine.run('getent', 'hosts', `${name}.home.internal`).code === 0)) !== undefined, machine.run('resolvectl', '--no-pager', 'status').out);
  // As after a crash that lost its files: the new one knows nothing of the link.
  machine.run('sh', '-c', `resolvectl revert ${link}; systemctl restart systemd-resolved`);
  const lost = machine.run('getent', 'hosts', `${name}.home.internal`).code !== 0;
  const again = await until(() => machine.run('getent', 'hosts', `${name}.home.internal`).code === 0);
  check(`after a new resolver that forgot, names are set again${seconds(again)}`, lost && again !== undefined, machine.run('resolvectl', '--no-pager', 'status').out);

  const told = peer.as(person, 'webmesh status').out;
  check('a machine with a plain resolv.conf is left as it is, and is told why names do not work there', peer.run('cat', '/etc/resolv.conf').out === plainResolver.trim() && /^names\s+not in other programs: .*next: /m.test(told), told);
}

/** How long until the first machine's programs find the other by its name, in milliseconds; undefined: never. */
export async function finds(machine: CleanDebian, peer: CleanDebian): Promise<number | undefined> {
  const { name, address } = deviceOf(peer);
  return until(() => address !== '' && machine.run('getent', 'ahostsv4', `${name}.home.internal`).out.startsWith(`${address} `));
}

function deviceOf(machine: CleanDebian): { readonly name: string; readonly address: string } {
  const address = /^wm\S+\s+\S+\s+(10\.[\d.]+)\/32/m.exec(machine.run('ip', '-br', 'address').out)?.[1] ?? '';
  return { address, name: /^device\s+(\S+)/m.exec(ok(machine.as(person, 'webmesh status')))?.[1] ?? '' };
}

async function until(done: () => boolean): Promise<number | undefined> {
  const startMs = performance.now();
  while (performance.now() - startMs < resolveMs) {
    if (done()) return performance.now() - startMs;
    await pause(200);
  }
  return undefined;
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '' : `, ${(ms / 1000).toFixed(1)} s later`;
}
