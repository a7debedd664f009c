import { expect, test } from 'vitest';
import { createFakeApp, fakePort } from '../../../test/fakes/app.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Port } from '../../contract/client.ts';
import { openClient } from './app-client.ts';

/** Time that moves only when told. */
function handClock() {
  let nowMs = 0;
  let due: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, run): Cancel => {
      const entry = { at: nowMs + delayMs, run };
      due.push(entry);
      return () => (due = due.filter((other) => other !== entry));
    },
  };
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms;
    const ready = due.filter(({ at }) => at <= nowMs);
    due = due.filter(({ at }) => at > nowMs);
    for (const { run } of ready) run();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, pass };
}

test('opens again after the link is lost, says so, and fails calls meanwhile', async () => {
  const { clock, pass } = handClock();
  const app = createFakeApp(clock, { scene: 'connected' });
  const story: string[] = [];
  const ports: Port[] = [];
  const client = openClient(() => {
    const port = fakePort(app);
    ports.push(port);
    story.push('open');
    return port;
  }, clock, { link: (link) => void story.push(link), topic: (name) => void (name === 'session' && story.push('session')) });
  await pass(0);
  ports[0]?.close();
  story.push(await client.call('session.disconnect', {}).then(() => 'answered', (error) => error.code));
  await pass(499);
  await pass(1);
  story.push(String(await client.call('session.disconnect', {}).then(() => 'answered')));
  client.close();
  await pass(60_000);
  expect(story).toEqual(['open', 'live', 'session', 'lost', 'app.not-running', 'open', 'live', 'session', 'session', 'answered']);
  expect(ports).toHaveLength(2);
});
