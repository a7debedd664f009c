import { dirname } from 'node:path';
import { type Answer, type CleanDebian } from './clean-debian.ts';
import { connected, createNetwork, install, keptOf, mainPid, networkOf, ok, person, reaches, unit } from './package-person.ts';
import { checkNames, finds, withoutResolver } from './package-names.ts';
import { changes, filesOf } from './package-traces.ts';

export interface Packages {
  readonly name: string;
  /** As the machine sees them. */
  readonly first: string;
  readonly second: string;
}

type Check = (what: string, right: boolean, seen?: string) => void;

const stranger = 'bert';
const program = '/opt/Webmesh/resources/bin/webmesh';

/**
 * Installs, uses, breaks, upgrades and removes the package in a machine of its own, like people would, and tells each finding; a second
 * machine is its peer. What it cannot see: a desktop, a real Electron, another processor, another release of Debian.
 */
export async function checkPackage(machine: CleanDebian, peer: CleanDebian, packages: Packages, check: Check): Promise<void> {
  for (const user of [person, stranger]) for (const each of [machine, peer]) each.run('useradd', '--create-home', '--shell', '/bin/bash', user);
  withoutResolver(peer);
  const before = { files: filesOf(machine), network: networkOf(machine) };

  checkInstallation(machine, packages, check);
  checkStrangers(machine, check);
  await checkConnecting(machine, check);
  await checkPeer(machine, peer, packages, check);
  await checkNames(machine, peer, check);
  await checkCrash(machine, peer, check);
  await checkUpgrade(machine, peer, packages, check);
  await checkRemoval(machine, packages, before, check);
  await checkReturn(machine, packages, check);
  checkCrashedRemoval(machine, packages, before, check);
  checkPurge(machine, packages, before, check);
}

function checkInstallation(machine: CleanDebian, { name, first }: Packages, check: Check): void {
  const installed = install(machine, first);
  check('the package installs on a clean Debian 12 with dpkg alone', installed.code === 0, installed.out);
  check('dpkg finds nothing wrong with it', ok(machine.run('dpkg', '--audit')) === '' && machine.run('dpkg', '--verify', name).out === '');
  const open = machine.run('sh', '-c', `dpkg-query -L ${name} | xargs -d '\\n' stat -c '%A %U:%G %F %n' | grep -v 'symbolic link' | grep -vE '^.[r-][w-][x-][r-]-[x-][r-]-[x-] root:root'`).out;
  check('root alone can change what it installed, and nothing of it is setuid', open === '', open);
  check('its service is switched on and runs', ok(machine.run('systemctl', 'is-enabled', unit)) === 'enabled' && ok(machine.run('systemctl', 'is-active', unit)) === 'active', machine.run('systemctl', 'status', unit).out);
  const status = machine.run('cat', `/proc/${mainPid(machine)}/status`).out;
  const rights = ['CapBnd', 'NoNewPrivs', 'Seccomp'].map((key) => new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(status)?.[1]).join(' ');
  // CAP_CHOWN 0, CAP_KILL 5, CAP_SETGID 6, CAP_SETUID 7, CAP_NET_ADMIN 12.
  check('the helper has five capabilities, may get no more, and calls what it may', rights === '00000000000010e1 1 2', rights);
  check('its socket is open to root and the group webmesh', ok(machine.run('stat', '-c', '%U:%G %a', '/run/webmesh/helper.sock')) === 'root:webmesh 660');
  check('who installed it is in that group, and nobody else', ok(machine.run('getent', 'group', 'webmesh')).endsWith(`:${person}`));
  check('its list lets that person in at once', machine.run('sh', '-c', `setpriv --reuid ${person} --regid ${person} --clear-groups test -w /run/webmesh/helper.sock`).code === 0);
  const window = machine.as(person, 'webmesh-desktop');
  check('the window is a stand-in, and says so (code 70)', window.code === 70 && window.out.includes('stand-in'), window.out);
}

function checkStrangers(machine: CleanDebian, check: Check): void {
  createNetwork(machine, stranger);
  const up = machine.as(stranger, 'timeout 8 webmesh up');
  const status = machine.as(stranger, 'webmesh status');
  check('a user outside of the group connects nothing, and is told why', up.code !== 0 && /may not use the system service/.test(up.out + status.out), `${up.out}\n${status.out}`);
  machine.as(stranger, 'webmesh quit');
}

async function checkConnecting(machine: CleanDebian, check: Check): Promise<void> {
  // As in a login that is older than the package: without the group that the installation gave.
  const older = (command: string): Answer => machine.run('setpriv', '--reuid', person, '--regid', person, '--clear-groups', 'env', `HOME=/home/${person}`, 'sh', '-c', command);
  older('webmesh up');
  const made = older('webmesh profile create Home');
  const up = older('webmesh up');
  check('an unprivileged user creates a network and connects: with no password, in the login of before the installation', made.code === 0 && up.code === 0, `${made.out}\n${up.out}`);
  const state = networkOf(machine);
  check('there is a tunnel with an address and a route', /wm\w+ .*10\.\d+\.\d+\.\d+\/32/.test(state) && /10\.\d+\.0\.0\/16 dev wm/.test(state), state);
  const engine = engineOf(machine);
  check(`the tunnel is made by ${engine.wanted}`, engine.used === engine.wanted, engine.used);
  const owner = machine.run('sh', '-c', `ps -o user:20=,args= -e | grep '[@]confined @child'`).out;
  check('the node process runs as a user of its own', owner.startsWith('webmesh-node '), owner);
  const log = machine.run('journalctl', '-u', unit, '--no-pager').out;
  check('every layer that keeps the node process in holds', log.includes('"node-confined"') && !log.includes('node-less-confined'), log);
  const node = machine.as(person, 'webmesh node');
  check('the node leads its network', /raft\s+leader/.test(node.out), node.out);
}

/** The kernel's own where it has one; else the package's, or Debian's beside a package that was made without. */
function engineOf(machine: CleanDebian): { readonly wanted: string; readonly used: string } {
  const kernel = machine.run('ip', '-br', 'link', 'show', 'type', 'wireguard').out.startsWith('wm');
  const own = `${dirname(program)}/wireguard-go`;
  const wanted = kernel ? 'the kernel' : machine.run('test', '-e', own).code === 0 ? own : '/usr/bin/wireguard-go';
  const running = machine.run('sh', '-c', 'for process in $(pgrep -x wireguard-go); do readlink /proc/$process/exe; done').out;
  return { wanted, used: running === '' ? 'the kernel' : running };
}

/** Anna has a second machine. */
async function checkPeer(machine: CleanDebian, peer: CleanDebian, { first }: Packages, check: Check): Promise<void> {
  install(peer, first);
  const invite = machine.as(person, 'webmesh invite create --json');
  const link = /webmesh:\/\/join\/[\w-]+/.exec(invite.out)?.[0] ?? '';
  peer.as(person, 'webmesh up');
  const join = peer.as(person, `webmesh join --yes '${link}'`);
  check('a second machine joins with an invite', join.code === 0, `${invite.out}\n${join.out}`);
  const reached = await reaches(peer, machine);
  check('and reaches the first one through the tunnel', reached.right, reached.seen);
}

async function checkCrash(machine: CleanDebian, peer: CleanDebian, check: Check): Promise<void> {
  const pid = mainPid(machine);
  machine.run('systemctl', 'kill', '--kill-who=main', '--signal=KILL', unit);
  const back = await connected(machine);
  check('after the helper is killed it is back, and connected without a click', back.right && mainPid(machine) !== pid, back.seen);
  const reached = await reaches(peer, machine);
  check('and its peer reaches it again', reached.right, reached.seen);
  check('and it finds its peer by name again', (await finds(machine, peer)) !== undefined, machine.run('resolvectl', '--no-pager', 'status').out);
}

async function checkUpgrade(machine: CleanDebian, peer: CleanDebian, { name, second }: Packages, check: Check): Promise<void> {
  const kept = keptOf(machine);
  const upgrade = machine.run('dpkg', '-i', second);
  check('the newer package installs over it', upgrade.code === 0 && ok(machine.run('dpkg-query', '-Wf', '$' + '{Version}', name)).endsWith('standin.2'), upgrade.out);
  const back = await connected(machine);
  check(`the network is connected again by itself${back.afterMs === undefined ? '' : `, ${(back.afterMs / 1000).toFixed(1)} s after dpkg ended`}`, back.right, back.seen);
  check('network, address and tunnel key are the same', kept !== '' && keptOf(machine) === kept, keptOf(machine));
  const reached = await reaches(peer, machine);
  check('its peer reaches it again, without being upgraded', reached.right, reached.seen);
  check('the new program runs, not the old one', ok(machine.run('readlink', `/proc/${mainPid(machine)}/exe`)) === program);
  machine.run('systemctl', 'disable', unit);
  machine.run('dpkg', '-i', second);
  check('a service that the administrator switched off stays off', machine.run('systemctl', 'is-enabled', unit).out === 'disabled');
  machine.run('systemctl', 'enable', '--now', unit);
}

interface Before {
  readonly files: ReadonlyMap<string, string>;
  readonly network: string;
}

async function checkRemoval(machine: CleanDebian, { name }: Packages, before: Before, check: Check): Promise<void> {
  const now = await connected(machine);
  const remove = machine.run('dpkg', '-r', name);
  check('it is removed while connected', now.right && remove.code === 0, `${now.seen}\n${remove.out}`);
  checkGone(machine, before, check);
  const left = changes(before.files, filesOf(machine)).filter((line) => !/\/var\/lib\/webmesh|\/etc\/(passwd|group|shadow|gshadow)\b/.test(line));
  check('of files only its state, its user and its groups are left', left.length === 0, left.join('\n'));
}

function checkGone(machine: CleanDebian, before: Before, check: Check): void {
  check('no service is left', machine.run('systemctl', 'cat', unit).code !== 0 && machine.run('systemctl', 'is-active', unit).out === 'inactive');
  const processes = machine.run('sh', '-c', `ps -eo user:20=,args= | grep -E '[/]opt/Webmesh|[w]ireguard-go -f'`).out;
  check('no process is left: helper, node, engine, app', processes === '', processes);
  const network = networkOf(machine);
  check('devices, addresses, routes, rules, resolv.conf and what the resolver knows are as before', network === before.network, `${before.network}\n---\n${network}`);
}

async function checkReturn(machine: CleanDebian, { second }: Packages, check: Check): Promise<void> {
  const again = machine.run('dpkg', '-i', second);
  check('installed again, the service is on and runs', again.code === 0 && machine.run('systemctl', 'is-enabled', unit).out === 'enabled' && machine.run('systemctl', 'is-active', unit).out === 'active', again.out);
  const up = machine.as(person, 'webmesh up');
  check('and the network of before connects', up.code === 0, up.out);
}

/** The worst moment: the helper was killed, its tunnel's changes stand in their journal, and nothing will start it again. */
function checkCrashedRemoval(machine: CleanDebian, { name }: Packages, before: Before, check: Check): void {
  machine.run('systemctl', 'disable', unit);
  machine.run('sh', '-c', `systemctl kill --kill-who=main --signal=KILL ${unit}; systemctl stop ${unit}`);
  const journal = machine.run('sh', '-c', 'cat /var/lib/webmesh/journals/* | wc -c').out;
  const remove = machine.run('dpkg', '-r', name);
  check('a killed helper that left its journal is cleaned up after, at removal', Number(journal) > 0 && remove.code === 0 && !remove.out.includes('could not be undone') && machine.run('sh', '-c', 'find /var/lib/webmesh/journals -type f -size +0').out === '', `${journal}\n${remove.out}`);
  checkGone(machine, before, check);
}

function checkPurge(machine: CleanDebian, { name }: Packages, before: Before, check: Check): void {
  const purge = machine.run('dpkg', '-P', name);
  check('it is purged', purge.code === 0, purge.out);
  check('its user and its groups are gone', machine.run('sh', '-c', 'getent passwd webmesh-node; getent group webmesh webmesh-node').out === '');
  const left = changes(before.files, filesOf(machine));
  check('not one file differs from before, but in the homes of people', left.length === 0, left.join('\n'));
}
