import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Host, lab } from './support/hosts.ts';

/** One machine in two networks of two different hosts at the same time, with real helpers, node processes and engines. */
const machines = lab('nw');
let home: Host;
let work: Host;
let both: Host;

beforeAll(async () => {
  [home, work, both] = await Promise.all([machines.host('a', '192.168.80.1/24'), machines.host('b', '192.168.80.2/24'), machines.host('c', '192.168.80.3/24')]);
});
afterAll(() => machines.close());

const here = (host: Host) => host.until('health', ({ warnings }) => !warnings.some(({ code }) => code === 'helper-missing'));
const tunnels = (host: Host) => host.run('ip', '-brief', 'link').split('\n').flatMap((line) => /^(wm\w+)/.exec(line)?.[1] ?? []).sort();
const networkOf = (name: string) => {
  const network = both.topic('profiles').list.find((profile) => profile.name === name);
  if (!network) throw new Error(`no network ${name}`);
  return network;
};
const stands = (wanted: Readonly<Record<string, string>>) => both.until('profiles', ({ list }) => Object.entries(wanted).every(([name, phase]) => list.some((profile) => profile.name === name && profile.session.phase === phase)), 40_000);
const reaches = (host: Host) => {
  const session = host.topic('session');
  if (session.phase !== 'connected' || session.lease.ipv4 === null) throw new Error(`${host.name} is ${session.phase}`);
  return both.run('ping', '-c', '1', '-i', '0.2', '-w', '8', session.lease.ipv4);
};

async function found(host: Host, name: string, ipv4Network: string): Promise<void> {
  await here(host);
  await host.client.call('mesh.create', { name, ipv4Network });
  await host.client.call('session.connect', {});
  await host.until('session', ({ phase }) => phase === 'connected', 40_000);
}

async function join(host: Host): Promise<void> {
  const { link } = await host.client.call('invite.create', {});
  const { profile } = await both.client.call('invite.redeem', { link });
  await both.client.call('session.connect', { profile });
}

test('a machine joins a second network while it is in the first, and reaches both', async () => {
  await Promise.all([here(both), found(home, 'home', '10.201.0.0/16'), found(work, 'work', '10.202.0.0/16')]);
  await join(home);
  await stands({ home: 'connected' });
  expect(reaches(home)).toContain(' 1 received');
  await join(work);
  await stands({ home: 'connected', work: 'connected' });
  expect([reaches(home), reaches(work)].map((said) => said.includes(' 1 received'))).toEqual([true, true]);
  const [one, other] = [networkOf('home'), networkOf('work')];
  expect([one, other].map(({ session }) => session.interfaceName).sort()).toEqual(tunnels(both));
  expect([tunnels(both).length, one.colour === other.colour, one.suffix, other.suffix]).toEqual([2, false, 'home.internal', 'work.internal']);
});

test('one network goes away with its host, the other does not notice', async () => {
  const epochs = (): readonly string[] => both.topic('profiles').list.map(({ name, session }) => `${name} ${session.phase}`);
  home.killCore();
  await home.stopHelper();
  await both.until('health', ({ warnings }) => warnings.some(({ network }) => network?.name === 'home'), 60_000);
  expect(both.topic('health').warnings.filter(({ network, connectivity }) => connectivity && network?.name === 'work')).toEqual([]);
  expect(epochs()).toContain('work connected');
  expect(reaches(work)).toContain(' 1 received');
});

test('one is disconnected and the other stays; then all are', async () => {
  const left = networkOf('work').session.interfaceName;
  await both.client.call('session.disconnect', { profile: networkOf('home').id });
  await stands({ home: 'disconnected', work: 'connected' });
  expect([tunnels(both), reaches(work).includes(' 1 received')]).toEqual([[left], true]);
  await both.client.call('session.disconnect', { all: true });
  await stands({ home: 'disconnected', work: 'disconnected' });
  expect(tunnels(both)).toEqual([]);
});
