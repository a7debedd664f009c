import { expect, test } from 'vitest';
import { problem } from '../../test/fakes/problem.ts';
import { virtualClock } from '../../test/sim/session/clock.ts';
import { noticeKeys, noticeKinds, type NoticeKind } from '../contract/health.ts';
import { warningCodes, type AppState, type SessionTopic, type Warning } from '../contract/state.ts';
import { defaults } from '../core/settings.ts';
import { createNotifications } from './notifications.ts';
import { kindOf, noticeFor, patienceMs, wantedKinds } from './notices.ts';
import { burst, sameAgainMs } from './notifier.ts';
import { english } from './words/words.ts';

/** The notifications of a made-up core, in virtual time. */
function desk() {
  const clock = virtualClock();
  const watchers = new Map<string, (value: never) => void>();
  const log: string[] = [];
  let watched = false;
  const notifications = createNotifications({
    clock,
    watched: () => watched,
    words: () => english,
    show: ({ title }) => {
      const name = title.replace('Webmesh: ', '');
      log.push(`${clock.monotonicMs() / 1000} ${name}`);
      return { close: () => void log.push(`${clock.monotonicMs() / 1000} ends ${name}`) };
    },
  });
  notifications.follow({ watch: (name, see) => (watchers.set(name, see as (value: never) => void), () => {}) });
  const tell = <K extends keyof AppState>(name: K, value: AppState[K]): void => watchers.get(name)?.(value as never);
  const phase = (name: 'connected' | 'reconnecting' | 'disconnected'): void => tell('session', { phase: name } as SessionTopic);
  tell('settings', defaults);
  phase('connected');
  return {
    phase,
    problems: (...warnings: readonly Warning[]): void => tell('health', { warnings }),
    settings: (change: Partial<AppState['settings']>): void => tell('settings', { ...defaults, ...change }),
    watch: (now: boolean): void => void (watched = now),
    pass: (ms: number): void => {
      const untilMs = clock.monotonicMs() + ms;
      while (clock.next(untilMs));
    },
    close: () => notifications.close(),
    log,
  };
}

test.each(warningCodes.map((code) => ({ code, kind: kindOf[code] })))('$code is told as $kind, and closed when it ends', ({ code, kind }) => {
  const { problems, phase, pass, log } = desk();
  problems();
  if (code === 'connection-lost') phase('reconnecting');
  problems(problem(code));
  pass(60_000);
  problems();
  const name = log[0]?.replace(/^[\d.]+ /, '');
  expect(log).toEqual(kind === null ? [] : [`${patienceMs[kind] / 1000} ${name}`, `60 ends ${name}`, ...(['offline', 'sign-in-needed', 'cannot-connect'].includes(code) ? ['60 Webmesh is connected again'] : [])]);
});

test('a loss is told once it lasts, and so is its end; a short one never', () => {
  const { problems, phase, pass, log } = desk();
  problems();
  phase('reconnecting');
  problems(problem('connection-lost'));
  pass(9_000);
  phase('connected');
  problems();
  pass(60_000);
  expect(log).toEqual([]);
  phase('reconnecting');
  problems(problem('connection-lost'));
  pass(20_000);
  problems();
  phase('connected');
  pass(600_000);
  expect(log).toEqual(['79 Not connected at the moment', '89 ends Not connected at the moment', '89 Webmesh is connected again']);
});

test('whoever disconnects after a loss is not told that it is back', () => {
  const { problems, phase, pass, log } = desk();
  problems();
  problems(problem('offline'));
  pass(10_000);
  phase('disconnected');
  problems();
  phase('connected');
  expect(log).toEqual(['10 No network', '10 ends No network']);
});

test('what was there before is no news, and what ended and came back soon is told when it lasts', () => {
  const { problems, pass, log } = desk();
  problems(problem('helper-missing'));
  pass(100_000);
  problems();
  problems(problem('helper-missing'));
  pass(3_000);
  for (let i = 0; i < 20; i++) {
    problems();
    pass(1_000);
    problems(problem('helper-missing'));
    pass(9_000);
  }
  expect(log).toEqual(['103 The system service is not running', '103 ends The system service is not running']);
  pass(sameAgainMs - 200_000);
  expect(log.at(-1)).toBe('703 The system service is not running');
});

test('a flood is told in portions; what ended meanwhile never', () => {
  const { problems, pass, log } = desk();
  problems();
  const files = Array.from({ length: 7 }, (_, i) => problem('service-down', { service: `s${i}` }, { id: `service-down:${i}` }));
  problems(...files);
  pass(3_000);
  expect(log).toHaveLength(burst.count);
  pass(burst.withinMs - 1);
  expect(log).toHaveLength(burst.count);
  problems(...files.slice(0, 5));
  pass(1);
  expect(log).toHaveLength(5);
  pass(10 * burst.withinMs);
  expect(log).toHaveLength(5);
});

test('nothing while the window is in front; what was seen there is not told later', () => {
  const { problems, watch, phase, pass, log } = desk();
  problems();
  watch(true);
  problems(problem('offline'), problem('device-pending', { name: 'Grace' }, { id: 'device-pending:1' }));
  pass(20_000);
  watch(false);
  pass(20_000);
  problems();
  phase('connected');
  expect(log).toEqual([]);
  problems(problem('device-pending', { name: 'Linus' }, { id: 'device-pending:2' }));
  pass(1_000);
  expect(log).toEqual(['41 A device waits for approval']);
});

test.each([...noticeKinds])('%s has its own switch, and what it silenced is not told when it is turned on', (kind: NoticeKind) => {
  const code = warningCodes.find((one) => kindOf[one] === kind) ?? 'offline';
  const { problems, settings, pass, log } = desk();
  problems();
  settings({ [noticeKeys[kind]]: false });
  problems(problem(code));
  pass(60_000);
  settings({});
  pass(60_000);
  expect(log).toEqual([]);
  problems();
  problems(problem(code));
  pass(60_000);
  expect(log).toHaveLength(1);
});

test('the one switch above silences all of them, whatever they say', () => {
  expect([[...wantedKinds(defaults)], [...wantedKinds({ ...defaults, notifications: false })]]).toEqual([[...noticeKinds], []]);
});

test('what is on the screen goes with the app', () => {
  const { problems, pass, close, log } = desk();
  problems();
  problems(problem('disk-full'));
  pass(3_000);
  close();
  expect(log).toEqual(['3 The disk is almost full', '3 ends The disk is almost full']);
});

test('a name from another machine is no markup for the notification servers of Linux, which know links and pictures', () => {
  const name = '<a href="http://evil.example">Sign in</a><img src="x">';
  const { title, body } = noticeFor({ code: 'sign-in-needed', detail: { host: name, link: name }, network: { id: 'home1', name, alone: false } }, english.shared);
  expect(`${title}${body}`).not.toMatch(/[<>]/);
  expect(title).toContain('‹a href="http://evil.example"›Sign in‹/a›');
});
