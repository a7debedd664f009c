import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { build } from 'vite';
import type { Clock } from '../src/base/clock.ts';
import { failure, toData } from '../src/base/failure.ts';
import type { NatView } from '../src/contract/state.ts';
import type { UpdatePhase } from '../src/contract/update.ts';
import { problem } from '../test/fakes/problem.ts';
import { serveFake, type FakeServer } from '../test/fakes/serve-fake.ts';
import { invitationAt, linkOf } from '../test/fakes/trust-world.ts';
import { fakeRelease } from '../test/fakes/update-app.ts';
import { misleadingNames, type SceneName } from '../test/fakes/world.ts';
import { smallPng } from './lib/small-png.ts';

/**
 * Takes a picture of every screen and state, in both themes and both widths, into docs/screens. `node scripts/screens.ts [PART-OF-A-NAME…]`
 * takes only those. The core is made up; the pages are the built ones.
 */
interface Picture {
  readonly name: string;
  readonly scene: SceneName;
  readonly at?: string;
  readonly peers?: number;
  readonly before?: (page: Page, stage: Stage) => Promise<void>;
}

/** The made-up core behind the page, and its clock. */
type Stage = FakeServer & { readonly clock: StoppedClock };

const pictures: readonly Picture[] = [
  { name: 'first-run', scene: 'first-run' },
  { name: 'first-run-more', scene: 'first-run', before: async (page) => page.getByText('More', { exact: true }).first().click() },
  { name: 'first-run-no-service', scene: 'first-run', before: async (page, { app }) => { app.topics.health.set({ warnings: [problem('helper-missing')] }); await page.getByRole('alert').waitFor(); } },
  { name: 'first-run-damaged', scene: 'first-run', before: damagedInvite },
  { name: 'first-run-old', scene: 'first-run', before: oldNetwork },
  { name: 'consent', scene: 'first-run', before: (page, stage) => offered(page, stage, {}) },
  { name: 'consent-approval', scene: 'connected', before: (page, stage) => offered(page, stage, { needsApproval: true, role: 'guest', known: 'Home' }) },
  { name: 'consent-expired', scene: 'first-run', before: (page, stage) => offered(page, stage, { expiresAtMs: startMs - 3_600_000 }) },
  { name: 'consent-malicious', scene: 'first-run', before: (page, stage) => offered(page, stage, { networkName: misleadingNames.markup, invitedBy: misleadingNames.turned }) },
  { name: 'waiting', scene: 'waiting' },
  { name: 'refused', scene: 'refused' },
  { name: 'connect-off', scene: 'disconnected' },
  { name: 'connect-joining', scene: 'joining' },
  { name: 'connect-on', scene: 'connected' },
  { name: 'connect-alone', scene: 'alone' },
  { name: 'connect-warnings', scene: 'host', before: trustWarnings },
  { name: 'connect-frozen', scene: 'degraded' },
  { name: 'connect-clear-text', scene: 'clear-text' },
  { name: 'connect-reconnecting', scene: 'reconnecting' },
  { name: 'connect-blocked', scene: 'blocked' },
  { name: 'connect-lost-contact', scene: 'connected', before: async (page, server) => { server.refuse(true); server.drop(); await page.getByText('Lost contact').waitFor(); } },
  { name: 'invite', scene: 'host', before: invite },
  { name: 'invite-options', scene: 'host', before: async (page) => { await invite(page); await page.getByText('Options').click(); await page.getByLabel('Joins as').selectOption('guest'); } },
  { name: 'people', scene: 'host', at: 'people' },
  { name: 'people-open', scene: 'connected', at: 'people', before: async (page) => { await page.locator('summary', { has: page.locator('.name', { hasText: "Ada's laptop" }) }).click(); await page.getByRole('button', { name: "Cut off Ada's laptop" }).scrollIntoViewIfNeeded(); } },
  { name: 'people-cut-off', scene: 'host', at: 'people', before: async (page) => { await page.getByText("Grace's desktop").click(); await page.getByRole('button', { name: "Cut off Grace's desktop" }).click(); } },
  { name: 'people-keys', scene: 'host', at: 'people', before: toTheEnd },
  { name: 'people-root', scene: 'host', at: 'people', before: async (page) => { await page.getByRole('button', { name: 'Save it to a file…' }).click(); await page.getByLabel('Passphrase').fill('rainy tuesday'); } },
  { name: 'people-malicious', scene: 'malicious', at: 'people' },
  { name: 'people-clear-text', scene: 'clear-text', at: 'people' },
  { name: 'audit', scene: 'host', at: 'audit' },
  { name: 'audit-broken', scene: 'host', at: 'audit', before: async (page, stage) => { stage.app.topics.health.set({ warnings: [problem('audit-broken')] }); await page.getByRole('button', { name: 'Read again' }).click(); await page.getByText('Chain broken').waitFor(); } },
  { name: 'peers', scene: 'connected', at: 'peers' },
  { name: 'peers-detail', scene: 'connected', at: 'peers/ada-laptop', before: askMetrics },
  { name: 'peers-relayed', scene: 'connected', at: 'peers/grace-desktop' },
  { name: 'peers-paths', scene: 'connected', at: 'peers/grace-desktop', before: measurePaths },
  { name: 'peers-no-path', scene: 'connected', at: 'peers/kitchen-tablet', before: async (page) => page.getByText('1 more reason').click() },
  { name: 'peers-peer-to-peer', scene: 'connected', at: 'peers/build-runner' },
  { name: 'peers-forward', scene: 'connected', at: 'peers/nas', before: forwardPort },
  { name: 'peers-forward-wrong', scene: 'connected', at: 'peers/nas', before: forwardWrong },
  { name: 'peers-forwarded', scene: 'connected', at: 'peers/nas', before: async (page) => page.getByRole('button', { name: /^Close 127/ }).scrollIntoViewIfNeeded() },
  { name: 'peers-malicious', scene: 'malicious', at: 'peers/grace-desktop' },
  { name: 'peers-2000', scene: 'crowd', at: 'peers' },
  { name: 'peers-groups', scene: 'connected', at: 'peers', before: async (page) => void (await page.getByLabel('Groups').selectOption('owner')) },
  { name: 'peers-groups-2000', scene: 'crowd', at: 'peers', before: async (page) => { await page.getByLabel('Groups').selectOption('state'); await page.locator('.body').evaluate((body) => void (body.scrollTop = 3_000)); } },
  { name: 'peers-columns', scene: 'connected', at: 'peers', before: async (page) => { if ((page.viewportSize()?.width ?? 0) > 760) await page.getByRole('button', { name: 'Columns' }).click(); } },
  { name: 'peers-filtered', scene: 'connected', at: 'peers', before: async (page) => { await page.getByRole('button', { name: /^Relayed/ }).click(); await page.getByRole('searchbox').fill('printer'); } },
  { name: 'peers-map', scene: 'connected', at: 'peers', before: async (page) => page.getByRole('button', { name: 'Map' }).click() },
  { name: 'peers-map-words', scene: 'malicious', at: 'peers', before: async (page) => { await page.getByRole('button', { name: 'Map' }).click(); await page.getByText('In words').click(); await page.getByRole('definition').last().scrollIntoViewIfNeeded(); } },
  { name: 'peers-map-seen', scene: 'connected', at: 'peers', before: async (page) => { await page.getByRole('button', { name: 'Map' }).click(); await page.getByRole('button', { name: /^nas/ }).focus(); await page.keyboard.press('Enter'); if ((page.viewportSize()?.width ?? 0) > 980) { await page.getByRole('button', { name: 'Ask nas' }).click(); await page.getByText('It shook hands').waitFor(); } } },
  { name: 'peers-map-2000', scene: 'crowd', at: 'peers', before: async (page) => page.getByRole('button', { name: 'Map' }).click() },
  { name: 'device', scene: 'host', at: 'device', before: twoMinutes },
  { name: 'device-offers', scene: 'host', at: 'device', before: offers },
  { name: 'device-shares', scene: 'host', at: 'device', before: share },
  { name: 'device-checking', scene: 'connected', at: 'device', before: checking },
  { name: 'device-check', scene: 'connected', at: 'device', before: check },
  { name: 'device-check-strict', scene: 'connected', at: 'device', before: async (page, stage) => { worse(stage, 'hard'); await check(page); } },
  { name: 'device-check-blocked', scene: 'connected', at: 'device', before: async (page, stage) => { worse(stage, 'blocked'); await check(page); } },
  { name: 'device-forwards', scene: 'connected', at: 'device', before: async (page) => page.getByRole('heading', { name: 'Forwarded ports' }).evaluate((heading) => heading.scrollIntoView({ block: 'center' })) },
  { name: 'device-charts', scene: 'host', at: 'device', before: async (page, stage) => { await twoMinutes(page, stage); await page.getByRole('heading', { name: 'Disks' }).scrollIntoViewIfNeeded(); await toTheEnd(page); } },
  { name: 'history-day', scene: 'host', at: 'device', before: (page) => history(page, '24 h') },
  { name: 'history-hour', scene: 'host', at: 'device', before: (page) => history(page, '1 h') },
  { name: 'history-slept', scene: 'host', at: 'device', before: async (page, stage) => { stage.app.history.kept = 'slept'; await history(page, '24 h'); } },
  { name: 'history-nothing', scene: 'host', at: 'device', before: async (page, stage) => { stage.app.history.kept = 'nothing'; await history(page, '24 h'); } },
  { name: 'history-peer', scene: 'connected', at: 'peers/nas', before: peerHistory },
  { name: 'history-peer-slept', scene: 'connected', at: 'peers/ada-laptop', before: async (page, stage) => { stage.app.history.kept = 'slept'; await page.reload(); await peerHistory(page); } },
  { name: 'health', scene: 'host', at: 'health', before: manyProblems },
  { name: 'health-well', scene: 'connected', at: 'health' },
  { name: 'settings', scene: 'connected', at: 'settings' },
  { name: 'settings-notifications', scene: 'connected', at: 'settings', before: async (page) => page.getByRole('heading', { name: 'Notifications' }).evaluate((heading) => heading.scrollIntoView()) },
  { name: 'settings-forget', scene: 'connected', at: 'settings', before: async (page) => page.getByRole('button', { name: 'Forget Studio' }).click() },
  { name: 'settings-logs', scene: 'connected', at: 'settings', before: async (page) => { await page.getByRole('button', { name: 'Show the log' }).click(); await page.getByRole('log').waitFor(); } },
  { name: 'settings-update', scene: 'connected', at: 'settings', before: async (page, stage) => update(page, stage, { phase: 'available', release: fakeRelease }) },
  { name: 'settings-update-downloading', scene: 'connected', at: 'settings', before: async (page, stage) => update(page, stage, { phase: 'downloading', release: fakeRelease, bytes: 41_000_000 }) },
  { name: 'settings-update-ready', scene: 'connected', at: 'settings', before: async (page, stage) => update(page, stage, { phase: 'ready', release: fakeRelease, path: '/home/ada/.config/webmesh/updates/download/webmesh-desktop_0.2.0_amd64.deb' }) },
  { name: 'settings-update-refused', scene: 'connected', at: 'settings', before: async (page, stage) => update(page, stage, { phase: 'refused', failure: toData(failure('update.older', { file: 'timestamp.json' })) }) },
  { name: 'connect-update', scene: 'connected', before: async (page, { app }) => { app.topics.update.set({ current: '0.1.0', checkedAtMs: startMs, phase: 'available', release: fakeRelease }); await page.getByRole('link', { name: 'See what is new' }).waitFor(); } },
];

/** A build of its own: tests may be using the other one. */
const pages = join(import.meta.dirname, '../.cache/screens');
const folder = join(import.meta.dirname, '../docs/screens');
const widths = [{ name: '1280', width: 1280, height: 820 }, { name: '360', width: 360, height: 740 }] as const;
const startMs = Date.UTC(2026, 10, 22, 9, 4);

async function main(wanted: readonly string[]): Promise<void> {
  const chosen = pictures.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  await build({ configFile: join(import.meta.dirname, '../src/renderer/vite.config.ts'), logLevel: 'warn', build: { outDir: pages, emptyOutDir: true } });
  if (wanted.length === 0) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
  try {
    for (const theme of ['light', 'dark'] as const) {
      for (const { name, width, height } of widths) {
        const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', timezoneId: 'UTC' });
        for (const picture of chosen) await take(await context.newPage(), picture, join(folder, `${picture.name}-${theme}-${name}.png`));
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
  await report();
}

async function take(page: Page, { scene, at = 'connect', peers, before }: Picture, file: string): Promise<void> {
  const clock = stoppedClock();
  const server = { ...(await serveFake({ scene, clock, root: pages, ...(peers === undefined ? {} : { peers }) })), clock };
  await page.clock.install({ time: startMs });
  try {
    await page.goto(`${server.url}#/${at}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await before?.(page, server);
    await page.clock.runFor(100);
    await writeFile(file, smallPng(await page.screenshot()));
  } finally {
    await page.close();
    await server.close();
  }
}

async function damagedInvite(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Invite link' }).fill('webmesh://join/CgRIb21lEhw');
  await page.getByRole('button', { name: 'Look at the invite' }).click();
  await page.getByRole('alert').waitFor();
}

async function oldNetwork(page: Page): Promise<void> {
  await page.getByText('Old network in clear text').last().click();
  await page.getByRole('textbox', { name: 'Address' }).fill('nobody.example.net:8443');
  await page.getByRole('switch', { name: 'Clear text', exact: true }).check();
  await page.getByRole('button', { name: 'Join in clear text' }).click();
  await page.getByRole('alert').waitFor();
}

async function offered(page: Page, { app }: Stage, said: Parameters<typeof invitationAt>[1]): Promise<void> {
  await app.handlers['invite.open']({ link: linkOf(invitationAt(startMs, said)) }, new AbortController().signal);
  await page.getByRole('dialog').waitFor();
}

async function invite(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('img', { name: 'QR code of the invite' }).waitFor();
}

async function trustWarnings(page: Page, { app }: Stage): Promise<void> {
  app.topics.health.set({ warnings: [
    problem('device-pending', { count: 1, name: 'Linus' }), problem('certificate-expiring', { days: 6 }),
    problem('root-not-exported'),
  ] });
  await page.getByRole('note').first().waitFor();
}

async function manyProblems(page: Page, { app }: Stage): Promise<void> {
  app.topics.health.set({ warnings: [
    problem('certificate-expiring', { days: 6 }, { sinceMs: startMs - 2 * 86_400_000 }), problem('service-down', { service: 'meshDns', problem: '', port: 5353 }, { id: 'service-down:meshDns', sinceMs: startMs - 780_000 }),
    problem('peer-unreachable', { count: 1, peer: 'nas' }, { sinceMs: startMs - 45_000, fix: 'look-again' }), problem('audit-broken', {}, { sinceMs: startMs - 3_000 }),
    problem('device-pending', { count: 1, name: 'Linus' }, { sinceMs: startMs - 240_000 }), problem('secrets-in-file', {}, { sinceMs: startMs - 5_400_000 }),
  ] });
  await page.getByRole('list', { name: 'Problems and hints' }).waitFor();
}

async function measurePaths(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ping' }).click();
  await page.getByText('Packets of up to').scrollIntoViewIfNeeded();
}

async function forwardPort(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Forward a port…' }).click();
  await page.getByRole('textbox', { name: 'Port', exact: true }).fill('80');
}

async function forwardWrong(page: Page): Promise<void> {
  await forwardPort(page);
  await page.getByRole('textbox', { name: 'Local address' }).fill('192.168.1.20');
  await page.getByRole('textbox', { name: 'Local port' }).fill('8080');
  await page.getByRole('button', { name: 'Forward', exact: true }).click();
  await page.getByRole('alert').scrollIntoViewIfNeeded();
}

/** Some answer, one cannot, one is being stopped. */
async function offers(page: Page, { app }: Stage): Promise<void> {
  const node = app.topics.node.get();
  app.topics.node.set({ ...node, features: node.features.filter((feature) => feature !== 'MESH_DNS') });
  app.topics.health.set({ warnings: [problem('service-down', { service: 'meshDns', problem: '', port: 5353 })] });
  await page.getByRole('switch', { name: 'Figures for Prometheus' }).click();
  await page.getByText('it is being stopped').waitFor();
  await page.getByText('port 5353').waitFor();
  await page.getByRole('heading', { name: 'What this device does for others' }).evaluate((heading) => heading.scrollIntoView());
}

async function history(page: Page, range: string): Promise<void> {
  await page.getByRole('radio', { name: range }).check();
  await page.getByRole('region', { name: 'Measurements' }).getByText('Reading…').waitFor({ state: 'detached' });
  await page.clock.runFor(1_500);
  await page.getByRole('group', { name: 'Time that the charts show' }).evaluate((group) => group.scrollIntoView());
}

async function peerHistory(page: Page): Promise<void> {
  await page.getByText('Reached directly').waitFor();
  await page.clock.runFor(1_500);
  await page.getByRole('heading', { name: 'Last 24 hours' }).evaluate((heading) => heading.scrollIntoView());
}

async function share(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Address', exact: true }).fill('192.168.1.7');
  await page.getByRole('textbox', { name: 'Port', exact: true }).fill('445');
  await page.getByRole('button', { name: 'Share', exact: true }).evaluate((button) => button.scrollIntoView({ block: 'center' }));
}

async function checking(page: Page, { app }: Stage): Promise<void> {
  app.holdNext('network.check');
  await page.getByRole('button', { name: 'Check the network' }).click();
  await page.getByText('Asking members and the router').evaluate((line) => line.scrollIntoView({ block: 'center' }));
}

function worse({ app }: Stage, mapping: NatView['mapping']): void {
  const paths = app.topics.paths.get();
  app.topics.paths.set({ ...paths, nat: paths.nat && { ...paths.nat, mapping } });
}

async function check(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check the network' }).click();
  await page.getByText('Checked').waitFor();
  await page.getByRole('heading', { name: 'Network check' }).evaluate((heading) => heading.scrollIntoView());
}

async function update(page: Page, { app }: Stage, phase: UpdatePhase): Promise<void> {
  app.topics.update.set({ current: '0.1.0', checkedAtMs: startMs, ...phase });
  await page.getByRole('heading', { name: 'Updates' }).evaluate((heading) => heading.closest('section')?.scrollIntoView({ block: 'center' }));
}

async function toTheEnd(page: Page): Promise<void> {
  await page.getByRole('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
}

async function askMetrics(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ask for metrics' }).click();
  await page.getByText('arm64').waitFor();
}

/** Charts need a past. The stopped clock moves one second a tick. */
async function twoMinutes(page: Page, server: Stage): Promise<void> {
  for (let i = 0; i < 120; i++) {
    server.clock.advance();
    server.app.tick();
  }
  await page.clock.runFor(2000);
  await page.waitForTimeout(300);
}

/** Time that moves one second when told, so that every run draws the same pictures. */
interface StoppedClock extends Clock {
  advance(): void;
}

function stoppedClock(): StoppedClock {
  let nowMs = startMs;
  return { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {}, advance: () => void (nowMs += 1000) };
}

async function report(): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.png'));
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  process.stdout.write(`${files.length} pictures, ${(total / 1e6).toFixed(2)} MB\n`);
}

await main(process.argv.slice(2));
