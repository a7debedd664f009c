import { expect, test } from 'vitest';
import { FakeJournalFile, ManualClock, settle } from '../../../test/fakes/helper-machine.ts';
import { FakeNameMachine } from '../../../test/fakes/name-machine.ts';
import { silentLog } from '../../base/log.ts';
import { createNameJournal, parseNameUndo } from './journal.ts';
import { createNames } from './names.ts';
import { resolved } from './resolved.ts';

const home = { servers: ['172.16.0.1:5353'], domains: ['home.internal', 'webmesh.internal'] };
const work = { servers: ['10.9.0.1:5353'], domains: ['work.internal', 'webmesh.internal'] };

/** A clock whose two hands can be moved apart, as sleep does. */
class SleepyClock extends ManualClock {
  sleptMs = 0;
  override nowMs(): number {
    return super.nowMs() + 1 + this.sleptMs;
  }
}

function world(machine = new FakeNameMachine(), file = new FakeJournalFile(machine.diary)) {
  const clock = new SleepyClock();
  const names = createNames({ system: resolved, machine, journal: createNameJournal(file), clock, log: silentLog });
  const domains = () => Object.fromEntries([...machine.links].map(([link, { domains }]) => [link, domains.join(' ')]));
  const look = async (ms: number) => {
    await clock.pass(ms);
    names.look();
    await settle();
  };
  return { machine, file, clock, names, domains, look };
}

test('the undo is on the disk before the resolver changes, and goes when the last network has no names', async () => {
  const { machine, file, names, domains } = world();
  names.want('wmhome', home);
  names.want('wmhome', { ...home });
  await settle();
  expect(machine.diary.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'resolvectl --no-pager domain', 'journal', 'resolvectl default-route wmhome', 'resolvectl domain wmhome', 'resolvectl dnssec wmhome', 'resolvectl dnsovertls wmhome', 'resolvectl dns wmhome',
  ]);
  expect([names.of('wmhome'), domains()]).toEqual([{ keeper: 'systemd-resolved', problem: '' }, { wmhome: '~home.internal ~webmesh.internal' }]);
  await names.forget('wmhome');
  expect([names.of('wmhome'), domains(), file.text]).toEqual([{ keeper: '', problem: '' }, {}, undefined]);
});

test('two networks have their own suffix; what both have is the first one\'s until it leaves', async () => {
  const { names, domains } = world();
  names.want('wmhome', home);
  names.want('wmwork', work);
  await settle();
  const both = domains();
  await names.forget('wmhome');
  await settle();
  expect(both).toEqual({ wmhome: '~home.internal ~webmesh.internal', wmwork: '~work.internal' });
  expect([domains(), names.of('wmwork').problem]).toEqual([{ wmwork: '~work.internal ~webmesh.internal' }, '']);
});

test('another suffix replaces the first; no wish takes it back', async () => {
  const { names, domains } = world();
  names.want('wmhome', home);
  names.want('wmhome', { ...home, domains: ['house.internal'] });
  await settle();
  const renamed = domains();
  names.want('wmhome', null);
  await settle();
  expect([renamed, domains()]).toEqual([{ wmhome: '~house.internal' }, {}]);
});

test('a caller that wishes for other names all day fills no disk: after a thousand wishes it is told so', async () => {
  const { file, names, domains } = world();
  for (let round = 0; round < 1_100; round++) {
    names.want('wmhome', { ...home, domains: [`n${round}.internal`] });
    if (round % 10 === 0) await settle();
  }
  for (let i = 0; i < 20; i++) await settle();
  expect([file.text?.split('\n').length, domains(), names.of('wmhome').problem]).toEqual([1_001, {}, 'names were changed too often; next: disconnect and connect this network']);
  await names.forget('wmhome');
  names.want('wmhome', home);
  await settle();
  expect(domains()).toEqual({ wmhome: '~home.internal ~webmesh.internal' });
});

test('a disk that turned read-only stops no start: what could not be forgotten is undone again', async () => {
  for (const text of ['{"keeper":"systemd-resolved","device":"wmold","domains":["home.internal"]}\n', 'damaged\n']) {
    const { machine, file, names } = world();
    file.text = text;
    file.remove = async () => Promise.reject(new Error('EROFS: read-only file system'));
    file.setAside = file.remove as unknown as () => Promise<string>;
    expect([await names.recover(), machine.diary.filter((line) => line.startsWith('resolvectl')).length]).toEqual([false, text.startsWith('{') ? 1 : 0]);
  }
});

test('a suffix that somebody else answers stays theirs, and is told', async () => {
  const { machine, names, domains } = world();
  machine.links.set('tun0', { domains: ['~home.internal'], servers: ['10.0.0.53'] });
  names.want('wmhome', home);
  await settle();
  expect([domains(), names.of('wmhome').problem]).toEqual([{ tun0: '~home.internal', wmhome: '~webmesh.internal' }, 'names under home.internal are answered by tun0 already; next: give this network another suffix']);
});

test('a machine without such a resolver is left alone; it is looked at again every minute', async () => {
  const { machine, names, look, domains } = world();
  machine.files.set('/etc/resolv.conf', 'nameserver 192.0.2.1\n');
  names.want('wmhome', home);
  await settle();
  expect([machine.diary, names.of('wmhome').keeper, names.of('wmhome').problem.length > 0]).toEqual([[], '', true]);
  machine.files.set('/etc/resolv.conf', 'nameserver 127.0.0.53\n');
  await look(59_000);
  expect(domains()).toEqual({});
  await look(6_000);
  expect([domains(), names.of('wmhome').problem]).toEqual([{ wmhome: '~home.internal ~webmesh.internal' }, '']);
});

test('a change that fails half-way is taken back and told, and fails nobody', async () => {
  const { machine, names, domains } = world();
  machine.answers.set('dns wmhome', { code: 1, stdout: '', stderr: 'Connection timed out' });
  names.want('wmhome', home);
  await settle();
  expect([domains(), names.of('wmhome')]).toEqual([{}, { keeper: '', problem: 'systemd-resolved says: Connection timed out' }]);
});

test('what the resolver forgot is set again: after its restart, after sleep, and after a while in any case', async () => {
  const { machine, clock, names, domains, look } = world();
  names.want('wmhome', home);
  await settle();
  await look(6_000);
  const seen: unknown[] = [];
  const forgetAnd = async (change: () => void, ms = 6_000) => {
    machine.links.clear();
    change();
    await look(ms);
    seen.push('wmhome' in domains());
  };
  await forgetAnd(() => {});
  await forgetAnd(() => machine.births.set('/run/systemd/resolve/io.systemd.Resolve', 'second'));
  await forgetAnd(() => (clock.sleptMs += 3_600_000));
  await forgetAnd(() => {}, 300_000);
  expect(seen).toEqual([false, true, true, true]);
  const before = machine.diary.length;
  await look(6_000);
  await look(1_000);
  expect(machine.diary.length).toBe(before);
});

test('what a killed life left is taken back at the next start, once, whatever else the file says', async () => {
  const { machine, file, names } = world();
  names.want('wmhome', home);
  names.want('wmwork', work);
  await settle();
  file.text = `${file.text}half a li\nnonsense\n{"keeper":"systemd-resolved","device":"eth0","domains":[]}\n{"keeper":"systemd-res`;
  const next = world(machine, file);
  machine.answers.set('revert wmwork', { code: 1, stdout: '', stderr: 'Access denied' });
  expect([await next.names.recover(), next.domains(), file.asides.length]).toEqual([false, { wmwork: '~work.internal' }, 1]);
  machine.answers.clear();
  expect([await next.names.recover(), next.domains(), file.text]).toEqual([true, {}, undefined]);
});

test('the journal stays as long as anything of it may be left, whichever network leaves last', async () => {
  const { machine, file, names } = world();
  names.want('wmhome', home);
  names.want('wmwork', work);
  await settle();
  machine.answers.set('revert wmhome', { code: 1, stdout: '', stderr: 'Access denied' });
  await names.forget('wmhome');
  const early = file.text !== undefined;
  await names.forget('wmwork');
  const late = file.text !== undefined;
  machine.answers.clear();
  names.want('wmwork', work);
  await settle();
  await names.forget('wmwork');
  expect([early, late, file.text]).toEqual([true, true, undefined]);
});

test('a resolver that hangs keeps nobody from disconnecting', async () => {
  const { machine, clock, names } = world();
  names.want('wmhome', home);
  await settle();
  machine.run = () => new Promise(() => {});
  let isForgotten = false;
  void names.forget('wmhome').then(() => (isForgotten = true));
  await clock.pass(2_999);
  const early = isForgotten;
  await clock.pass(2);
  expect([early, isForgotten]).toEqual([false, true]);
});

test('nothing but known shapes is read from the journal', () => {
  const line = (change: object) => JSON.stringify({ keeper: 'systemd-resolved', device: 'wmhome', domains: ['home.internal'], ...change });
  expect(parseNameUndo(line({}))).toEqual({ keeper: 'systemd-resolved', device: 'wmhome', domains: ['home.internal'] });
  const bad = [
    line({ keeper: '/etc/passwd' }), line({ device: 'eth0' }), line({ device: '../x' }), line({ device: 'wm; reboot' }), line({ domains: ['../../etc/passwd'] }), line({ domains: ["x'.internal"] }), line({ domains: 'home.internal' }),
    line({ domains: Array<string>(9).fill('home.internal') }), line({ domains: [1] }), 'null', '', '{', '[]',
  ];
  expect(bad.filter((text) => parseNameUndo(text) !== undefined)).toEqual([]);
});
