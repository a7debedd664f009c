import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { type CleanDebian } from './clean-debian.ts';
import { connected, createNetwork, keptOf, mainPid, networkOf, ok, person, unit } from './package-person.ts';
import { changes, filesOf } from './package-traces.ts';

type Check = (what: string, right: boolean, seen?: string) => void;

const program = '/opt/Webmesh/resources/bin/webmesh';

/**
 * Installs, uses, upgrades and removes an .rpm with rpm itself, in a machine that is a Debian: so its scripts and its files are seen, and
 * that Fedora's names of what it depends on exist is not.
 */
export async function checkRpm(machine: CleanDebian, first: string, second: string, check: Check): Promise<void> {
  const seen = (...words: readonly string[]): string => execFileSync('rpm', ['-qp', ...words, first], { encoding: 'utf8' });
  check('rpm: it depends on what makes a tunnel, and on nothing that was guessed', /^wireguard-tools$/m.test(seen('--requires')) && !/\.so/.test(seen('--requires')), seen('--requires'));
  check('rpm: all of it belongs to root, and nothing is setuid or open', !/^(?!l)(.{3}s|.{5}w|.{8}w)/m.test(seen('--list', '--verbose')) && !/^\S+\s+\d+\s+(?!root\s+root)/m.test(seen('--list', '--verbose')));
  machine.run('useradd', '--create-home', '--shell', '/bin/bash', person);
  const before = { files: filesOf(machine), network: networkOf(machine) };
  const asPerson = ['env', `SUDO_UID=${machine.run('id', '-u', person).out}`];
  const install = machine.run(...asPerson, 'rpm', '-i', '--nodeps', inMachine(first));
  check('rpm: it installs, and its script says nothing wrong', install.code === 0 && !/failed|error/i.test(install.out), install.out);
  check('rpm: its service is switched on and runs', ok(machine.run('systemctl', 'is-enabled', unit)) === 'enabled' && ok(machine.run('systemctl', 'is-active', unit)) === 'active', machine.run('systemctl', 'status', unit).out);
  const name = ok(machine.run('rpm', '-qa')).split('\n')[0] ?? '';
  check('rpm: what lies there is what was packed', machine.run('rpm', '--verify', '--nodeps', name).out === '', machine.run('rpm', '--verify', '--nodeps', name).out);
  const made = createNetwork(machine, person);
  const up = machine.as(person, 'webmesh up');
  check('rpm: an unprivileged user creates a network and connects, with no password', made.code === 0 && up.code === 0, `${made.out}\n${up.out}`);

  const [kept, pid] = [keptOf(machine), mainPid(machine)];
  const upgrade = machine.run(...asPerson, 'rpm', '-U', '--nodeps', inMachine(second));
  const back = await connected(machine);
  check('rpm: a newer one takes its place, and the network is connected again by itself', upgrade.code === 0 && back.right && mainPid(machine) !== pid, `${upgrade.out}\n${back.seen}`);
  check('rpm: network, address and tunnel key are the same', kept !== '' && keptOf(machine) === kept, keptOf(machine));
  check('rpm: the new program runs', ok(machine.run('readlink', `/proc/${mainPid(machine)}/exe`)) === program);

  const newName = ok(machine.run('rpm', '-qa')).split('\n')[0] ?? '';
  const remove = machine.run('rpm', '-e', '--nodeps', newName);
  check('rpm: it is removed while connected', remove.code === 0 && !/could not be undone|failed/.test(remove.out), remove.out);
  check('rpm: no service is left, and no process', machine.run('systemctl', 'is-active', unit).out === 'inactive' && machine.run('sh', '-c', `ps -eo args= | grep -E '[/]opt/Webmesh|[w]ireguard-go -f'`).out === '');
  check('rpm: devices, addresses, routes and rules are as before', networkOf(machine) === before.network, networkOf(machine));
  // Folders that every system of rpm's has.
  const left = changes(before.files, filesOf(machine)).filter((line) => !/^new \/usr\/share\/(licenses|applications)$|\/var\/lib\/(webmesh|rpm)|\/etc\/(passwd|group|shadow|gshadow)\b/.test(line));
  check('rpm: of files only its state, its user and its groups are left', left.length === 0, left.join('\n'));
}

function inMachine(path: string): string {
  return `/packages/${basename(path)}`;
}
