import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, test } from 'vitest';
import { createFakeApp, fakePort, type FakeApp } from '../../test/fakes/app.ts';
import { invitationAt, linkOf } from '../../test/fakes/trust-world.ts';
import type { SceneName } from '../../test/fakes/world.ts';
import type { Clock } from '../base/clock.ts';
import { failure } from '../base/failure.ts';
import type { Port } from '../contract/client.ts';
import App from './App.svelte';
import { openClient } from './lib/app-client.ts';
import { createAppState } from './lib/app-state.svelte.ts';

/** The whole page in a made-up document, with the made-up core behind it. Time stands still. */
const clock: Clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0, after: () => () => {} };
let ended = (): void => {};
afterEach(() => ended());

async function open(scene: SceneName, at = 'connect'): Promise<{ core: FakeApp; port: () => Port }> {
  window.location.hash = `#/${at}`;
  const core = createFakeApp(clock, { scene });
  let port: Port | undefined;
  const app = createAppState(clock, (events) => openClient(() => (port = fakePort(core)), clock, events));
  const page = mount(App, { target: document.body, props: { app } });
  ended = () => void unmount(page);
  await settled();
  return { core, port: () => port as Port };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  flushSync();
}

const text = (selector = 'main'): string => (document.querySelector(selector)?.textContent ?? '').replace(/\s+/g, ' ').trim();
const buttons = (): string[] => [...document.querySelectorAll<HTMLButtonElement>('main .acts button')].map((b) => b.textContent?.trim() ?? '');
const button = (label: string): HTMLButtonElement => {
  const found = [...document.querySelectorAll('button')].find((b) => b.textContent?.trim() === label);
  if (found === undefined) throw new Error(`no button ${label} in ${buttons().join(', ')}`);
  return found;
};
function type(selector: string, value: string): void {
  const input = document.querySelector<HTMLInputElement>(selector);
  if (input === null) throw new Error(`no ${selector}`);
  input.value = value;
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

test('connect asks the core and shows only what the topic says', async () => {
  const { core } = await open('disconnected');
  expect(buttons()).toEqual(['Connect']);
  button('Connect').click();
  await settled();
  expect(core.calls).toEqual([{ name: 'session.connect', input: {} }]);
  expect(text('main [role=status]')).toBe('Connecting Showing the network who this device is.');
  core.show('connected');
  await settled();
  expect(text('main [role=status]')).toBe('Connected to Home for 2 h 14 min');
  expect(buttons()).toEqual(['Disconnect']);
});

test('what blocks is said with what to do, and Try again asks once more', async () => {
  const { core } = await open('blocked');
  expect(text('main [role=alert]')).toBe('Another program already uses UDP port 51820, which the tunnel needs. Use another port: the other devices learn it by themselves. Or stop that program and try again.');
  button('Try again').click();
  await settled();
  expect(core.calls.map((c) => c.name)).toEqual(['session.connect']);
});

test('a frozen network and clear text are told', async () => {
  const { core } = await open('degraded');
  expect(text('main [role=alert]')).toContain('Changes are frozen, traffic is fine');
  core.show('clear-text');
  await settled();
  expect(text('.stage')).toContain('Clear text. Joining and managing Home is not encrypted, and nobody proves who they are.');
});

test('first run: a refused join in clear text keeps what was typed and says why', async () => {
  const { core } = await open('first-run');
  expect([button('Join in clear text').disabled, document.querySelector<HTMLInputElement>('#create-name')?.value]).toEqual([true, 'Home']);
  core.refuseNext('mesh.join', failure('mesh.unreachable', { address: 'attic:8443' }));
  type('#join-address', 'attic:8443');
  document.querySelector<HTMLInputElement>('#join-insecure')?.click();
  await settled();
  button('Join in clear text').click();
  await settled();
  expect(core.calls).toEqual([{ name: 'mesh.join', input: { address: 'attic:8443', insecure: true } }]);
  expect(document.querySelector<HTMLInputElement>('#join-address')?.value).toBe('attic:8443');
  expect(text('[role=alert]')).toMatch(/^No answer from attic:8443\. /);
  type('#create-name', 'Attic');
  button('Create network').click();
  await settled();
  expect(core.calls.slice(-2)).toEqual([{ name: 'mesh.create', input: { name: 'Attic' } }, { name: 'session.connect', input: { profile: 'net1' } }]);
  expect(text('main [role=status]')).toMatch(/^Connecting/);
});

test('an invite from outside is shown, and nothing is asked before Join', async () => {
  const { core } = await open('disconnected');
  const link = linkOf(invitationAt(clock.nowMs(), { networkName: 'Lab\u202e', needsApproval: true }));
  await core.handlers['invite.open']({ link }, new AbortController().signal);
  await settled();
  expect(text('dialog h2')).toBe('Join Lab?');
  expect(text('dialog ol')).toMatch(/^([0-9A-F]{8}){8}$/);
  expect(text('dialog dl')).toContain('This device waits until an admin accepts it.');
  const asked = (): string[] => core.calls.map((c) => c.name).filter((name) => name !== 'invite.open');
  expect(asked()).toEqual([]);
  core.refuseNext('invite.redeem', failure('auth.wrong-mesh', { address: 'attic:8443' }));
  button('Join').click();
  await settled();
  expect(text('dialog [role=alert]')).toMatch(/^Another network than the expected one answers at attic:8443\./);
  button('Join').click();
  await settled();
  expect([asked(), document.querySelector('dialog')]).toEqual([['invite.redeem', 'invite.redeem', 'session.connect'], null]);
});

test('only an admin that is connected is offered to invite, and the invite exists when the dialog is there', async () => {
  const { core } = await open('disconnected');
  const offers = (): boolean => [...document.querySelectorAll('button')].some((b) => b.textContent?.trim() === 'Invite');
  const seen = [offers()];
  core.show('guest');
  await settled();
  seen.push(offers());
  core.show('connected');
  await settled();
  seen.push(offers());
  expect(seen).toEqual([false, false, true]);
  button('Invite').click();
  await settled();
  expect(core.calls).toEqual([{ name: 'invite.create', input: { role: 'member', expiresInSeconds: 86_400, uses: 1, needsApproval: false } }]);
  expect(text('dialog .good')).toMatch(/^For one device, until .+ \(in 24 h\)\. It joins as a member\.$/);
  expect(document.querySelector('dialog svg[role=img]')?.getAttribute('aria-label')).toBe('QR code of the invite');
});

test('settings show the topic, not the click', async () => {
  const { core } = await open('connected', 'settings');
  core.refuseNext('settings.update', failure('internal.storage', { path: '/full' }));
  const box = document.querySelector<HTMLInputElement>('#start-at-login');
  box?.click();
  await settled();
  expect([box?.checked, text('.place')]).toEqual([false, 'The app could not save its settings at /full. Check that the disk has space and that the folder belongs to you, then try again.']);
  box?.click();
  await settled();
  expect([box?.checked, core.topics.settings.get().startAtLogin]).toEqual([true, true]);
});

test('a lost link keeps the last state, greyed and untouchable', async () => {
  const { port } = await open('connected');
  port().close();
  await settled();
  expect(text('.lost')).toContain('Lost contact with the app; trying again');
  expect(text('main [role=status]')).toBe('Connected to Home for 2 h 14 min');
  expect(document.querySelector('main > [inert]')).not.toBeNull();
});
