import type { Page } from 'playwright';
import { failure, toData } from '../../src/base/failure.ts';
import { problem } from '../fakes/problem.ts';
import { serveFake } from '../fakes/serve-fake.ts';
import { fakeRelease } from '../fakes/update-app.ts';
import { misleadingNames, type SceneName } from '../fakes/world.ts';
import { damagedInvite, otherInTheWay, oldNetwork, offered, invite, trustWarnings, manyProblems, measurePaths, forwardPort, forwardWrong, offers, history, peerHistory, share, checking, worse, check, update, toTheEnd, askMetrics, twoMinutes, startMs, type Stage, stoppedClock } from './state-steps.ts';

/**
 * Every screen and state that there is, once: `scripts/screens.ts` takes its picture, `ui/axe.spec.ts` judges it. A new screen or state is added here.
 * `before` may look at the width of the window: what is drawn at 360 and at 1280 px is not always the same.
 */
export interface State {
  readonly name: string;
  readonly scene: SceneName;
  readonly at?: string;
  readonly peers?: number;
  readonly before?: (page: Page, stage: Stage) => Promise<void>;
}

export const states: readonly State[] = [
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
  { name: 'connect-offline', scene: 'offline' },
  { name: 'connect-polling', scene: 'polling' },
  { name: 'connect-revoked', scene: 'revoked' },
  { name: 'connect-ending', scene: 'disconnecting' },
  { name: 'connect-two-networks', scene: 'two-networks' },
  { name: 'connect-other-in-the-way', scene: 'two-networks', before: otherInTheWay },
  { name: 'connect-one-lost', scene: 'one-lost' },
  { name: 'health-one-lost', scene: 'one-lost', at: 'health' },
  { name: 'settings-networks', scene: 'one-lost', at: 'settings', before: async (page) => page.getByRole('button', { name: 'Rename Home' }).scrollIntoViewIfNeeded() },
  { name: 'connect-lost-contact', scene: 'connected', before: async (page, server) => { server.refuse(true); server.drop(); await page.getByText('Lost contact').waitFor(); } },
  { name: 'invite', scene: 'host', before: invite },
  { name: 'invite-options', scene: 'host', before: async (page) => { await invite(page); await page.getByText('Options').click(); await page.getByLabel('Joins as').selectOption('guest'); } },
  { name: 'people', scene: 'host', at: 'people' },
  { name: 'people-open', scene: 'connected', at: 'people', before: async (page) => { await page.locator('summary', { has: page.locator('.name', { hasText: "Ada's laptop" }) }).click(); await page.getByRole('button', { name: "Cut off Ada's laptop" }).scrollIntoViewIfNeeded(); } },
  { name: 'people-cut-off', scene: 'host', at: 'people', before: async (page) => { await page.getByText("Grace's desktop").click(); await page.getByRole('button', { name: "Cut off Grace's desktop" }).click(); } },
  { name: 'people-keys', scene: 'host', at: 'people', before: toTheEnd },
  { name: 'people-root', scene: 'host', at: 'people', before: async (page) => { await page.getByRole('button', { name: 'Save it to a file…' }).click(); await page.getByLabel('Passphrase').fill('rainy tuesday'); } },
  { name: 'people-malicious', scene: 'malicious', at: 'people' },
  { name: 'people-guest', scene: 'guest', at: 'people' },
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
  { name: 'health-sign-in', scene: 'reconnecting', at: 'health', before: async (page, { app }) => { app.topics.health.set({ warnings: [problem('sign-in-needed', { link: 'http://wifi.example/in', host: 'wifi.example' })] }); await page.getByRole('link', { name: 'Sign in…' }).waitFor(); } },
  { name: 'health-names', scene: 'connected', at: 'health', before: async (page, { app }) => { app.topics.health.set({ warnings: [problem('dns-not-set', { problem: 'another program has port 5353; next: end that program', suffix: 'home.internal' })] }); await page.getByText('find the network').waitFor(); } },
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

/** Opens a state over a core of its own on `root`, the built pages; the caller closes what comes back. */
export async function openState(page: Page, { scene, at = 'connect', peers, before }: State, root?: string): Promise<Stage> {
  const clock = stoppedClock();
  const stage = { ...(await serveFake({ scene, clock, ...(root === undefined ? {} : { root }), ...(peers === undefined ? {} : { peers }) })), clock };
  try {
    await page.goto(`${stage.url}#/${at}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await before?.(page, stage);
    await page.clock.runFor(100);
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}
