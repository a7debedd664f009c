import type { Page } from 'playwright';
import type { Clock } from '../../src/base/clock.ts';
import { failure, toData } from '../../src/base/failure.ts';
import type { NatView } from '../../src/contract/state.ts';
import type { UpdatePhase } from '../../src/contract/update.ts';
import { problem } from '../fakes/problem.ts';
import type { FakeServer } from '../fakes/serve-fake.ts';
import { invitationAt, linkOf } from '../fakes/trust-world.ts';

/** The steps that lead from a scene to a state of a screen: what a person does, or what the core tells meanwhile. */

/** The made-up core behind the page, and its clock. */
export type Stage = FakeServer & { readonly clock: StoppedClock };

/** When every state begins: the same moment in every run. */
export const startMs = Date.UTC(2026, 10, 22, 9, 4);

export async function damagedInvite(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Invite link' }).fill('webmesh://join/CgRIb21lEhw');
  await page.getByRole('button', { name: 'Look at the invite' }).click();
  await page.getByRole('alert').waitFor();
}

export async function oldNetwork(page: Page): Promise<void> {
  await page.getByText('Old network in clear text').last().click();
  await page.getByRole('textbox', { name: 'Address' }).fill('nobody.example.net:8443');
  await page.getByRole('switch', { name: 'Clear text', exact: true }).check();
  await page.getByRole('button', { name: 'Join in clear text' }).click();
  await page.getByRole('alert').waitFor();
}

export async function offered(page: Page, { app }: Stage, said: Parameters<typeof invitationAt>[1]): Promise<void> {
  await app.handlers['invite.open']({ link: linkOf(invitationAt(startMs, said)) }, new AbortController().signal);
  await page.getByRole('dialog').waitFor();
}

export async function invite(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('img', { name: 'QR code of the invite' }).waitFor();
}

export async function trustWarnings(page: Page, { app }: Stage): Promise<void> {
  app.topics.health.set({ warnings: [
    problem('device-pending', { count: 1, name: 'Linus' }), problem('certificate-expiring', { days: 6 }),
    problem('root-not-exported'),
  ] });
  await page.getByRole('note').first().waitFor();
}

export async function manyProblems(page: Page, { app }: Stage): Promise<void> {
  app.topics.health.set({ warnings: [
    problem('certificate-expiring', { days: 6 }, { sinceMs: startMs - 2 * 86_400_000 }), problem('service-down', { service: 'meshDns', problem: '', port: 5353 }, { id: 'service-down:meshDns', sinceMs: startMs - 780_000 }),
    problem('peer-unreachable', { count: 1, peer: 'nas' }, { sinceMs: startMs - 45_000, fix: 'look-again' }), problem('audit-broken', {}, { sinceMs: startMs - 3_000 }),
    problem('device-pending', { count: 1, name: 'Linus' }, { sinceMs: startMs - 240_000 }), problem('secrets-in-file', {}, { sinceMs: startMs - 5_400_000 }),
  ] });
  await page.getByRole('list', { name: 'Problems and hints' }).waitFor();
}

export async function measurePaths(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ping' }).click();
  await page.getByText('Packets of up to').scrollIntoViewIfNeeded();
}

export async function forwardPort(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Forward a port…' }).click();
  await page.getByRole('textbox', { name: 'Port', exact: true }).fill('80');
}

export async function forwardWrong(page: Page): Promise<void> {
  await forwardPort(page);
  await page.getByRole('textbox', { name: 'Local address' }).fill('192.168.1.20');
  await page.getByRole('textbox', { name: 'Local port' }).fill('8080');
  await page.getByRole('button', { name: 'Forward', exact: true }).click();
  await page.getByRole('alert').scrollIntoViewIfNeeded();
}

/** Some answer, one cannot, one is being stopped. */
export async function offers(page: Page, { app }: Stage): Promise<void> {
  const node = app.topics.node.get();
  app.topics.node.set({ ...node, features: node.features.filter((feature) => feature !== 'MESH_DNS') });
  app.topics.health.set({ warnings: [problem('service-down', { service: 'meshDns', problem: '', port: 5353 })] });
  await page.getByRole('switch', { name: 'Figures for Prometheus' }).click();
  await page.getByText('it is being stopped').waitFor();
  await page.getByText('port 5353').waitFor();
  await page.getByRole('heading', { name: 'What this device does for others' }).evaluate((heading) => heading.scrollIntoView());
}

export async function history(page: Page, range: string): Promise<void> {
  await page.getByRole('radio', { name: range }).check();
  await page.getByRole('region', { name: 'Measurements' }).getByText('Reading…').waitFor({ state: 'detached' });
  await page.clock.runFor(1_500);
  await page.getByRole('group', { name: 'Time that the charts show' }).evaluate((group) => group.scrollIntoView());
}

export async function peerHistory(page: Page): Promise<void> {
  await page.getByText('Reached directly').waitFor();
  await page.clock.runFor(1_500);
  await page.getByRole('heading', { name: 'Last 24 hours' }).evaluate((heading) => heading.scrollIntoView());
}

export async function share(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Address', exact: true }).fill('192.168.1.7');
  await page.getByRole('textbox', { name: 'Port', exact: true }).fill('445');
  await page.getByRole('button', { name: 'Share', exact: true }).evaluate((button) => button.scrollIntoView({ block: 'center' }));
}

export async function checking(page: Page, { app }: Stage): Promise<void> {
  app.holdNext('network.check');
  await page.getByRole('button', { name: 'Check the network' }).click();
  await page.getByText('Asking members and the router').evaluate((line) => line.scrollIntoView({ block: 'center' }));
}

export function worse({ app }: Stage, mapping: NatView['mapping']): void {
  const paths = app.topics.paths.get();
  app.topics.paths.set({ ...paths, nat: paths.nat && { ...paths.nat, mapping } });
}

export async function check(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check the network' }).click();
  await page.getByText('Checked').waitFor();
  await page.getByRole('heading', { name: 'Network check' }).evaluate((heading) => heading.scrollIntoView());
}

export async function update(page: Page, { app }: Stage, phase: UpdatePhase): Promise<void> {
  app.topics.update.set({ current: '0.1.0', checkedAtMs: startMs, ...phase });
  await page.getByRole('heading', { name: 'Updates' }).evaluate((heading) => heading.closest('section')?.scrollIntoView({ block: 'center' }));
}

/** A network that is not connected because another one of this machine has its addresses. */
export async function otherInTheWay(page: Page, { app }: Stage): Promise<void> {
  app.topics.session.set({ want: 'connected', profile: 'home1', epoch: 9, phase: 'blocked', failure: toData(failure('tunnel.conflict', { what: '10.7.0.0/16', device: 'wmstudio2', tunnelId: 'studio2', other: 'Studio' })) });
  await page.getByText('Your network “Studio” uses addresses').first().waitFor();
}

export async function toTheEnd(page: Page): Promise<void> {
  await page.getByRole('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
}

export async function askMetrics(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ask for metrics' }).click();
  await page.getByText('arm64').waitFor();
}

/** Charts need a past. The stopped clock moves one second a tick. */
export async function twoMinutes(page: Page, server: Stage): Promise<void> {
  for (let i = 0; i < 120; i++) {
    server.clock.advance();
    server.app.tick();
  }
  await page.clock.runFor(2000);
  await page.waitForTimeout(300);
}

/** Time that moves one second when told, so that every run draws the same pictures. */
export interface StoppedClock extends Clock {
  advance(): void;
}

export function stoppedClock(): StoppedClock {
  let nowMs = startMs;
  return { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {}, advance: () => void (nowMs += 1000) };
}
