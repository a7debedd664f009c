import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, type CleanDebian } from './clean-debian.ts';

/** What a person, and whoever looks over that person's shoulder, does and sees in a machine of its own. */
export const unit = 'webmesh-helper.service';
export const person = 'anna';
const connectMs = 60_000;

/** As by sudo, whose variable says who asked. */
export function install(machine: CleanDebian, file: string): Answer {
  return machine.run('env', `SUDO_UID=${machine.run('id', '-u', person).out}`, 'dpkg', '-i', file);
}

/** A connection to the port where each node listens inside of the mesh, from the other machine. */
export async function reaches(from: CleanDebian, to: CleanDebian): Promise<{ right: boolean; seen: string }> {
  const startMs = performance.now();
  for (;;) {
    const address = /^wm\S+\s+\S+\s+(10\.[\d.]+)\/32/m.exec(to.run('ip', '-br', 'address').out)?.[1];
    if (address !== undefined && from.run('timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${address}/9443`).code === 0) return { right: true, seen: '' };
    if (performance.now() - startMs > connectMs) return { right: false, seen: `${from.as(person, 'webmesh peers').out}\n${from.run('ip', 'route').out}\n${to.as(person, 'webmesh status').out}` };
    await pause(300);
  }
}

/** The first "up" starts the app, which then says that it knows no network. */
export function createNetwork(machine: CleanDebian, user: string): Answer {
  machine.as(user, 'webmesh up');
  return machine.as(user, 'webmesh profile create Home');
}

export async function connected(machine: CleanDebian): Promise<{ right: boolean; seen: string; afterMs?: number }> {
  const startMs = performance.now();
  for (;;) {
    const { out } = machine.as(person, 'webmesh status');
    const afterMs = performance.now() - startMs;
    if (/^state\s+Connected/m.test(out)) return { right: true, seen: out, afterMs };
    if (afterMs > connectMs) return { right: false, seen: out };
    await pause(200);
  }
}

/** What an upgrade must not change. */
export function keptOf(machine: CleanDebian): string {
  const profile = ok(machine.as(person, 'webmesh profile list'));
  return `${profile}\n${machine.run('sh', '-c', `ip -br address | grep -o '^wm.*/32'; sha256sum /var/lib/webmesh/keys/*/*`).out}`;
}

export function networkOf(machine: CleanDebian): string {
  const commands = ['ip -br address', 'ip route', 'ip -6 route', 'ip rule', 'cat /etc/resolv.conf', 'resolvectl --no-pager dns', 'resolvectl --no-pager domain', 'ls /run/wireguard 2>/dev/null'];
  // Link-local addresses and how long a route lives say nothing of us.
  return machine.run('sh', '-c', commands.join('; ')).out.replace(/ expires \S+/g, '');
}

export function mainPid(machine: CleanDebian): string {
  return machine.run('systemctl', 'show', '--property=MainPID', '--value', unit).out;
}

export function ok({ code, out }: Answer): string {
  return code === 0 ? out : `code ${code}: ${out}`;
}
