import { expect, test } from 'vitest';
import { failure } from '../base/failure.ts';
import { handedBy, readArguments, type Handed } from './arguments.ts';
import { createInviteDoor, doorLimits } from './invite-door.ts';

test('a link is taken when it is exactly one, whatever stands around it', () => {
  const link = { kind: 'link', link: 'webmesh://join/AbC-_9' };
  const taken = ['webmesh://join/AbC-_9', 'WEBMESH://JOIN/AbC-_9', 'webmesh://join/AbC-_9/'];
  expect(taken.map((text) => handedBy(['/usr/bin/app', '--allow-file-access', text], '/'))).toEqual(taken.map(() => link));
  const refused = [
    'webmesh:', 'webmesh://', 'webmesh://join', 'webmesh://join/', 'webmesh://leave/AbC', 'webmesh:join/AbC', 'webmesh://user@join/AbC', 'webmesh://join:1/AbC', 'webmesh://join/../AbC', 'webmesh://join/AbC?x=1',
    'webmesh://join/AbC#x', 'webmesh://join/AbC --inspect', 'webmesh://join/AbC" --inspect "', 'webmesh://join/AbC\n', ' webmesh://join/AbC', 'webmesh://join/%41', 'webmesh://join/A+B=', `webmesh://join/${'A'.repeat(4_001)}`,
    'webmesh://join/A/B.webmesh-invite', 'https://example.com/webmesh://join/AbC', '--open=webmesh://join/AbC',
  ];
  expect(refused.map((text) => handedBy([text], '/'))).toEqual(refused.map(() => undefined));
});

test('a file is taken by its ending, as path or as local address; of several the first', () => {
  const cases: readonly (readonly [readonly string[], string, Handed | undefined])[] = [
    [['/home/ada/Lab.webmesh-invite'], '/', { kind: 'file', path: '/home/ada/Lab.webmesh-invite' }],
    [['Lab of "Ada".WEBMESH-INVITE'], '/home/ada', { kind: 'file', path: '/home/ada/Lab of "Ada".WEBMESH-INVITE' }],
    [['file:///home/ada/Lab%20.webmesh-invite'], '/', { kind: 'file', path: '/home/ada/Lab .webmesh-invite' }],
    [['file://server/share/Lab.webmesh-invite'], '/', undefined], [['file://%/Lab.webmesh-invite'], '/', undefined], [['--x.webmesh-invite'], '/', undefined],
    [['/home/a\0.webmesh-invite'], '/', undefined], [['\\\\server\\share\\Lab.webmesh-invite'], '/', undefined], [['//server/Lab.webmesh-invite'], '/', undefined], [['Lab.webmesh-invite'], '', undefined], [['/etc/passwd', '.'], '/', undefined],
    [['/a.webmesh-invite', 'webmesh://join/AbC'], '/', { kind: 'file', path: '/a.webmesh-invite' }],
  ];
  expect(cases.map(([argv, folder]) => handedBy(argv, folder))).toEqual(cases.map(([, , wanted]) => wanted));
});

test('what stands behind a link, a file or -- is no option of ours', () => {
  const evil = ['--home', '/evil', '--helper-socket=/evil', '--hidden', '--uninstall', '--purge'];
  for (const border of ['webmesh://join/AbC', 'webmesh:"', '/x.webmesh-invite', '--']) {
    expect(readArguments(['app', '--home', '/h', border, ...evil])).toEqual({ home: '/h', helperSocket: undefined, hidden: false, uninstall: 'no' });
    expect(readArguments(['app', border, ...evil])).toEqual({ home: undefined, helperSocket: undefined, hidden: false, uninstall: 'no' });
  }
});

/** A door, and what it showed. Time moves only when told. */
function doored(files: Readonly<Record<string, string>> = {}) {
  let nowMs = 0;
  let timers: { readonly dueMs: number; readonly run: () => void }[] = [];
  const seen: string[] = [];
  const door = createInviteDoor({
    clock: { after: (delayMs, run) => (timers.push({ dueMs: nowMs + delayMs, run }), () => {}) },
    readFile: async (path, bytesMax) => {
      const text = files[path];
      if (text === undefined || text.length > bytesMax) throw failure('input.invalid', { field: 'file', problem: 'no' });
      return text;
    },
    failed: (error) => void seen.push(`failed ${(error as { code: string }).code}`),
  });
  const show = async (link: string): Promise<void> => void seen.push(link.replace('webmesh://join/', ''));
  const link = (code: string): Handed => ({ kind: 'link', link: `webmesh://join/${code}` });
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms;
    const due = timers.filter(({ dueMs }) => dueMs <= nowMs);
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { door, seen, show, link, pass };
}

test('an invite that comes before the core is there waits for it', async () => {
  const { door, seen, show, link, pass } = doored();
  door.take(link('first'));
  await pass(0);
  expect(seen).toEqual([]);
  door.attach(show);
  await pass(doorLimits.gapMs);
  door.take(undefined);
  door.take(link('second'));
  await pass(0);
  expect(seen).toEqual(['first', 'second']);
});

test('a flood shows the first at once and the newest a second later', async () => {
  const { door, seen, show, link, pass } = doored();
  door.attach(show);
  for (let i = 0; i < 100; i++) door.take(link(`n${i}`));
  await pass(doorLimits.gapMs - 1);
  expect(seen).toEqual(['n0']);
  await pass(1);
  await pass(doorLimits.gapMs);
  expect(seen).toEqual(['n0', 'n99']);
});

test('one that waits for its answer holds back the next', async () => {
  const { door, seen, link, pass } = doored();
  let answer = (): void => {};
  door.attach((text) => (seen.push(text.slice(-4)), new Promise((resolve) => (answer = resolve))));
  door.take(link('slow'));
  door.take(link('next'));
  await pass(doorLimits.gapMs);
  expect(seen).toEqual(['slow']);
  answer();
  await pass(0);
  expect(seen).toEqual(['slow', 'next']);
});

test('a file is read within the limit; one that cannot be read is told', async () => {
  const { door, seen, show, pass } = doored({ '/a': 'webmesh://join/file\n', '/big': 'x'.repeat(doorLimits.bytesMax + 1) });
  door.attach(show);
  for (const path of ['/a', '/big', '/none']) {
    door.take({ kind: 'file', path });
    await pass(doorLimits.gapMs);
  }
  expect(seen).toEqual(['file', 'failed input.invalid', 'failed input.invalid']);
});
