import { beforeEach, expect, test } from 'vitest';
import { attach } from '../contract/client.ts';
import { type CommandName, type Parsed } from '../contract/commands.ts';
import { failure, toData } from '../base/failure.ts';
import { createFakeApp, fakePort, type FakeApp, type SceneName } from '../../test/fakes/app.ts';
import { stillClock as clock } from '../../test/fakes/still-clock.ts';
import { exitCodes } from './exit-codes.ts';
import { takes } from './flags.ts';
import { run } from './run.ts';
import { verbs } from './verbs.ts';
import { type World } from './world.ts';


let app: FakeApp;
/** Whose topics were asked for. */
let viewed: (string | undefined)[] = [];
/** Home is shown and connected, Studio is connected, Chess club is not. */
beforeEach(() => start('two-networks'));
function start(scene: SceneName): void {
  app = createFakeApp(clock, { scene, stepMs: 2 });
  viewed = [];
  const view = app.handlers['network.view'];
  Object.assign(app.handlers, { 'network.view': (input: Parsed<'network.view'>, signal: AbortSignal) => (viewed.push(input.profile), view(input, signal)) });
}

/** `line`, or the words themselves where one of them holds a space. */
async function webmesh(line: string | readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const open = async () => attach(fakePort(app));
  const world: World = {
    version: '1', clock, interrupted: AbortSignal.timeout(5_000), screen: { columns: undefined, colours: false }, person: () => ({ ask: async () => 'y', askSecret: async () => 'a long passphrase' }),
    read: async () => '{}', print: (text) => (out += text), complain: (text) => (err += text),
    at: () => ({ connect: open, startApp: open, link: async () => '', openBrowser: async () => true, serve: async () => 0 }),
  };
  return { code: await run(typeof line === 'string' ? line.split(' ') : line, world), out, err };
}
const calls = (): readonly (readonly [string, unknown])[] => app.calls.map(({ name, input }) => [name, (input as { profile?: string }).profile] as const);
const standing = (): readonly string[] => app.topics.profiles.get().list.map(({ name, session }) => `${name} ${session.want}`);

/** What stands behind each verb whose command is about one network. */
const lines: Readonly<Record<string, readonly [string, CommandName]>> = {
  up: ['', 'session.connect'], down: ['', 'session.disconnect'], retry: ['', 'session.retry'], invite: ['', 'invite.create'], 'invite create': ['', 'invite.create'],
  'invite revoke': ['k3v9', 'invite.revoke'], 'devices approve': ['attic', 'device.approve'], 'devices revoke': ['attic --yes', 'device.revoke'], 'devices role': ['attic admin', 'device.role'], renew: ['', 'certificate.renew'],
  'root export': ['', 'root.export'], 'root remove': ['--yes', 'root.remove'], 'root import': ['root.age', 'root.import'], audit: ['', 'audit.list'], 'audit export': ['', 'audit.export'],
  status: ['', 'network.view'], metrics: ['attic', 'peer.metrics'], history: ['', 'history.read'], 'history clear': ['', 'history.clear'], 'peers retry': ['attic', 'peer.retry'],
  'peers favourite': ['attic', 'peer.favourite'], netcheck: ['', 'network.check'], ping: ['attic', 'peer.paths'], forward: ['attic 8080', 'forward.open'], offers: ['turn-server on', 'offers.set'],
  // These name their network in its own place.
  'profile select': ['Studio', 'profile.select'], 'profile rename': ['Studio Atelier', 'profile.rename'], 'profile mark': ['Studio --auto-connect', 'profile.mark'], 'profile port': ['Studio', 'profile.port'], 'profile remove': ['Studio', 'profile.remove'],
};

test('there is a line here for every verb that is about one network', () => {
  const about = verbs.filter(({ command, also = [] }) => [...(command === undefined ? [] : [command]), ...also].some((name) => takes(name, 'profile')));
  expect(about.map(({ words }) => words.join(' ')).filter((words) => lines[words] === undefined)).toEqual([]);
});

test.each(Object.entries(lines))('%s is about the network that is named, and not about the one that is shown', async (words, [rest, command]) => {
  await webmesh(`${words} ${rest} ${words.startsWith('profile ') ? '' : '--network studio'}`.split(' ').filter((word) => word !== ''));
  const asked = command === 'network.view' ? viewed : calls().filter(([name]) => name === command).map(([, profile]) => profile);
  expect([...new Set(asked)]).toEqual(['studio2']);
});

test.each(['peers', 'node', 'trust', 'devices', 'invite list', 'forwards', 'offers'])('%s shows what the app says of the named network', async (words) => {
  expect((await webmesh(`${words} --network studio`)).code).toBe(exitCodes.ok);
  expect([...new Set(viewed)]).toEqual(['studio2']);
});

test('up NAME connects that one and leaves the others; down NAME ends that one; down --all ends every one', async () => {
  expect(await webmesh(['up', 'chess club'])).toMatchObject({ code: 0, out: expect.stringMatching(/^Connected for /), err: '' });
  expect(standing()).toEqual(['Home connected', 'Studio connected', 'Chess club connected']);
  expect(await webmesh('down studio')).toMatchObject({ code: 0, out: 'Disconnected.\n', err: '' });
  expect(standing()).toEqual(['Home connected', 'Studio disconnected', 'Chess club connected']);
  const all = await webmesh('down --all');
  expect([all.code, all.err, standing()]).toEqual([0, '', ['Home disconnected', 'Studio disconnected', 'Chess club disconnected']]);
  expect(all.out.split('\n').slice(1, 4).map((line) => line.replace(/ {2,}/g, ' | ').trim())).toEqual(['Home | disconnected | home.internal', 'Studio | disconnected | studio.internal', 'Chess club | disconnected | club.internal']);
});

test('status has a line for each network, with why one is not connected', async () => {
  const { list, selected } = app.topics.profiles.get();
  const conflict = toData(failure('tunnel.conflict', { what: '10.7.0.0/16', device: 'wmhome1', tunnelId: 'home1', other: 'Home' }));
  app.topics.profiles.set({ selected, list: list.map((one) => (one.id === 'studio2' ? { ...one, session: { ...one.session, phase: 'blocked', sinceMs: null, interfaceName: null, why: conflict } } : one)) });
  const { code, out } = await webmesh('status');
  expect([code, out.split('\n').filter((line) => /^(Home|Studio|Chess club) /.test(line)).map((line) => line.replace(/ {2,}/g, ' | ').trim())]).toEqual([0, [
    expect.stringMatching(/^Home \| connected for .* \| wmhome1 \| home\.internal$/),
    'Studio | blocked: Your network “Home” uses addresses that this one needs as well (10.7.0.0/16). “Home” stays as it is. | studio.internal',
    'Chess club | disconnected | club.internal',
  ]]);
});

test('a network that is blocked by another one ends up with that name, what to do, and code 5', async () => {
  const conflict = toData(failure('tunnel.conflict', { what: '10.7.0.0/16', device: 'wmhome1', tunnelId: 'home1', other: 'Home' }));
  start('blocked');
  app.topics.session.set({ want: 'connected', profile: 'home1', epoch: 9, phase: 'blocked', failure: conflict });
  expect(await webmesh('status')).toMatchObject({ code: 0, out: expect.stringContaining('Blocked. Your network “Home” uses addresses that this one needs as well (10.7.0.0/16). “Home” stays as it is. Disconnect “Home”, then try again: ') });
});

test.each(['up nowhere', 'down nowhere', 'status --network nowhere', 'peers --network nowhere', 'profile mark nowhere --auto-connect', 'ping attic --network nowhere'])('%s: one clear sentence, and nothing is done', async (line) => {
  const before = standing();
  const { code, out, err } = await webmesh(line);
  expect([code, out, err.split('\n')[0], standing()]).toEqual([exitCodes.usage, '', 'webmesh: There is no network “nowhere” on this device.', before]);
});

test.each(['up studio', 'down studio', 'status --network Studio', 'profile select STUDIO'])('%s: a name that two networks have is said to be one, with what to do', async (line) => {
  const { list, selected } = app.topics.profiles.get();
  app.topics.profiles.set({ selected, list: list.map((one) => ({ ...one, name: one.id === 'club3' ? 'studio' : one.name })) });
  const { code, out, err } = await webmesh(line);
  expect([code, out, err]).toEqual([exitCodes.usage, '', expect.stringMatching(/2 networks have this name; use the id/)]);
  expect(await webmesh('up club3 --no-wait')).toMatchObject({ code: 0, err: '' });
});

test('which networks connect when the app starts is said of each, and shown in the list', async () => {
  const { code, out } = await webmesh('profile list');
  expect([code, out.split('\n')[0]?.includes('AT START')]).toEqual([0, true]);
  expect([(await webmesh('profile mark home --no-auto-connect')).out, (await webmesh('profile mark studio --auto-connect')).out]).toEqual(['Changed Home.\n', 'Changed Studio.\n']);
  expect(app.topics.profiles.get().list.map(({ autoConnect }) => autoConnect)).toEqual([false, true, false]);
});
