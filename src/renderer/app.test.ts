import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, test } from 'vitest';
import { createFakeApp, fakePort, type FakeApp } from '../../test/fakes/app.ts';
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
  expect(text('main [role=status]')).toBe('Connecting Getting this device ready.');
  core.show('connected');
  await settled();
  expect(text('main [role=status]')).toBe('Connected to Home for 2 h 14 min');
  expect(buttons()).toEqual(['Disconnect']);
});

test('what blocks is said with what to do, and Try again asks once more', async () => {
  const { core } = await open('blocked');
  expect(text('main [role=alert]')).toBe('Another program already uses UDP port 51820, which the tunnel needs. Stop that program and try again, or add the network once more with another WireGuard port.');
  button('Try again').click();
  await settled();
  expect(core.calls.map((c) => c.name)).toEqual(['session.connect']);
});

test('a frozen network and clear text are told', async () => {
  const { core } = await open('degraded');
  expect(text('main [role=alert]')).toContain('Changes are frozen, traffic is fine');
  core.show('clear-text');
  await settled();
  expect(text()).toContain('Clear text. Joining and managing this network is not encrypted.');
});

test('first run: a refused join keeps what was typed and says why', async () => {
  const { core } = await open('first-run');
  core.refuseNext('mesh.join', failure('mesh.unreachable', { address: 'attic:8443' }));
  type('#join-address', 'attic:8443');
  document.querySelector<HTMLInputElement>('#join-insecure')?.click();
  await settled();
  button('Join').click();
  await settled();
  expect(core.calls).toEqual([{ name: 'mesh.join', input: { address: 'attic:8443', insecure: true } }]);
  expect(document.querySelector<HTMLInputElement>('#join-address')?.value).toBe('attic:8443');
  expect(text('[role=alert]')).toMatch(/^No answer from attic:8443\. /);
  type('#create-name', 'Home');
  button('Create network').click();
  await settled();
  expect(core.calls.slice(-2)).toEqual([{ name: 'mesh.create', input: { name: 'Home' } }, { name: 'session.connect', input: { profile: 'net1' } }]);
  expect(text('main [role=status]')).toMatch(/^Connecting/);
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
  expect(document.querySelector('main')?.hasAttribute('inert')).toBe(true);
});
