import { expect, test } from 'vitest';
import { closingWith } from './closing.ts';
import { createMainWindow, lifeMs, type Closing, type LiveWindow, type Place, type WindowEars } from './window-life.ts';

/** One window on a clock that moves only when told, and the story of what happened to it. */
function life({ closing = 'hide' }: { closing?: Closing } = {}) {
  let nowMs = 0;
  let due: { at: number; run: () => void }[] = [];
  const story: string[] = [];
  const world = { closing, holds: false, hash: '#/connect', ears: undefined as WindowEars | undefined, visible: false };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const make = (place: Place, ears: WindowEars): LiveWindow => {
    story.push(`made at ${place.hash || 'start'} ${place.bounds?.x ?? '-'}`);
    world.ears = ears;
    const say = (what: string, visible?: boolean) => (): void => {
      story.push(what);
      if (visible !== undefined) world.visible = visible;
    };
    return {
      show: say('shown', true), hide: say('hidden', false), minimize: say('minimised', false), isWatched: () => world.visible, reload: say('loaded again'), destroy: say('destroyed', false),
      go: (hash) => void story.push(`went to ${hash}`), holdsUnfinished: async () => world.holds, place: () => ({ hash: world.hash, bounds: { x: 40, y: 50, width: 800, height: 600 }, maximized: false }),
    };
  };
  const window = createMainWindow({
    clock: { after: (delayMs, run) => {
      const entry = { at: nowMs + delayMs, run };
      due.push(entry);
      return () => (due = due.filter((other) => other !== entry));
    } },
    make, closing: async () => world.closing, hidden: () => void story.push('told'), seen: () => {}, quit: () => void story.push('quit'), sessionEnds: () => void story.push('ended at once'),
  });
  const pass = async (ms: number): Promise<void> => {
    const end = nowMs + ms;
    for (;;) {
      await settled();
      const next = due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      due = due.filter((other) => other !== next);
      nowMs = next.at;
      next.run();
    }
    nowMs = end;
  };
  const close = async (): Promise<boolean> => {
    const stays = world.ears?.closing() ?? false;
    await settled();
    return stays;
  };
  const told = (): string => story.splice(0).join(', ');
  return { window, world, pass, close, told };
}

async function shown(options?: { closing?: Closing }) {
  const it = life(options);
  it.window.show();
  it.world.ears?.ready();
  await it.pass(0);
  expect(it.told()).toBe('made at start -, shown');
  return it;
}

test('a hidden window is destroyed a moment later, and made anew where it was', async () => {
  const it = await shown();
  it.world.hash = '#/peers';
  expect(await it.close()).toBe(true);
  await it.pass(lifeMs.rest - 1);
  expect(it.told()).toBe('hidden, told');
  await it.pass(1);
  expect(it.told()).toBe('destroyed');
  it.window.show();
  it.world.ears?.ready();
  await it.pass(60_000);
  expect(it.told()).toBe('made at #/peers 40, shown');
});

test('who comes right back finds the same window', async () => {
  const it = await shown();
  await it.close();
  await it.pass(lifeMs.rest - 1);
  it.window.show();
  await it.pass(60_000);
  expect(it.told()).toBe('hidden, told, shown');
});

test('what was typed keeps a hidden window; once it is gone the window goes too', async () => {
  const it = await shown();
  it.world.holds = true;
  await it.close();
  await it.pass(lifeMs.rest + 3 * lifeMs.unfinished);
  expect(it.told()).toBe('hidden, told');
  it.world.holds = false;
  await it.pass(lifeMs.unfinished);
  expect(it.told()).toBe('destroyed');
});

test('a window that is wanted while its page is asked stays', async () => {
  const it = await shown();
  await it.close();
  const passed = it.pass(lifeMs.rest);
  it.window.show();
  await passed;
  await it.pass(60_000);
  expect(it.told()).toBe('hidden, told, shown');
});

test('another screen is shown in the window that there is, and in one that is made for it', async () => {
  const it = await shown();
  it.window.show('settings');
  await it.close();
  await it.pass(lifeMs.rest);
  it.window.show('peers');
  it.world.ears?.ready();
  expect(it.told()).toBe('went to #/settings, shown, hidden, told, destroyed, made at #/peers 40, shown');
});

test('a page that is never drawn is shown all the same', async () => {
  const it = life();
  it.window.show();
  await it.pass(lifeMs.ready);
  expect(it.told()).toBe('made at start -, shown');
});

test('with no icon to come back by, closing minimises while connected and quits otherwise; nothing is destroyed', async () => {
  const it = await shown({ closing: 'minimize' });
  await it.close();
  await it.pass(60_000);
  expect(it.told()).toBe('minimised');
  it.world.closing = 'quit';
  await it.close();
  expect(it.told()).toBe('quit');
  expect((['there', 'missing', 'unknown'] as const).map((host) => [closingWith(host, true), closingWith(host, false)])).toEqual([['hide', 'hide'], ['minimize', 'quit'], ['minimize', 'quit']]);
});

test('a start out of sight makes nothing where an icon leads back, and a minimised window elsewhere', async () => {
  const quiet = life();
  await quiet.window.startOutOfSight();
  await quiet.pass(60_000);
  expect(quiet.told()).toBe('');
  const bare = life({ closing: 'quit' });
  await bare.window.startOutOfSight();
  bare.world.ears?.ready();
  expect(bare.told()).toBe('made at start -, minimised');
});

test('the button pressed twice is one answer, and after letGo the window may end', async () => {
  const it = await shown();
  void it.close();
  expect(await it.close()).toBe(true);
  await it.pass(0);
  expect(it.told()).toBe('hidden, told');
  it.window.letGo();
  expect(await it.close()).toBe(false);
  await it.pass(60_000);
  expect(it.told()).toBe('');
});
