import { expect, test } from 'vitest';
import type { WarningCode } from '../../contract/state.ts';
import { warningCodes } from '../../contract/state.ts';
import { type Centre, emptyCentre, explain, look } from './centre.ts';
import type { Finding } from './facts.ts';
import { problems } from './problems.ts';

const find = (code: WarningCode, more: Partial<Finding> = {}): Finding => ({ code, detail: {}, ...more });

/** A centre that is looked at when told, and when it asked to be. */
function watched() {
  let centre: Centre = emptyCentre;
  let nowMs = 0;
  let found: readonly Finding[] = [];
  let connected = true;
  let again: number | null = null;
  let shown: readonly string[] = [];
  const see = (): void => {
    const looked = look(centre, found, { monotonicMs: nowMs, wallMs: 1_000_000 + nowMs, connected });
    centre = looked.centre;
    again = looked.againMs === null ? null : nowMs + looked.againMs;
    shown = looked.warnings.map(({ id, severity, sinceMs }) => `${id} ${severity} ${sinceMs - 1_000_000}`);
  };
  return {
    /** The facts change, and time passes; the centre is asked only when the facts change and when it wanted to be. */
    now: (next: readonly Finding[], forMs = 0, isConnected = true) => {
      found = next;
      connected = isConnected;
      see();
      for (const untilMs = nowMs + forMs; ; see()) {
        if (again === null || again > untilMs) {
          nowMs = untilMs;
          return shown;
        }
        nowMs = again;
      }
    },
    shown: () => shown,
    explain: () => explain(centre).map(({ id, state }) => `${id} ${state}`),
  };
}

test.each(warningCodes.map((code) => ({ code, ...problems[code] })))('$code shows after $delayMs ms and goes $lingerMs ms after its end', ({ code, severity, delayMs, lingerMs }) => {
  const centre = watched();
  const story = [];
  if (delayMs > 0) story.push(centre.now([find(code)], delayMs - 1));
  story.push(centre.now([find(code)], delayMs > 0 ? 1 : 0));
  if (lingerMs > 0) story.push(centre.now([], lingerMs - 1));
  story.push(centre.now([], lingerMs > 0 ? 1 : 0));
  const line = `${code} ${severity} 0`;
  expect(story).toEqual([...(delayMs > 0 ? [[]] : []), [line], ...(lingerMs > 0 ? [[line]] : []), []]);
});

test.each(warningCodes.flatMap((code) => problems[code].parents.map((parent) => ({ code, parent }))))('$parent explains $code, which gets its whole delay afterwards', ({ code, parent }) => {
  const centre = watched();
  const { delayMs } = problems[code];
  expect(centre.now([find(code), find(parent)], 600_000).map((line) => line.split(' ')[0])).toEqual([parent]);
  expect(centre.explain()).toContain(`${code} explained`);
  // What lingers explains as well.
  const waitMs = problems[parent].lingerMs + delayMs;
  if (waitMs > 0) expect(centre.now([find(code)], waitMs - 1)).not.toContain(`${code} ${problems[code].severity} 0`);
  expect(centre.now([find(code)], waitMs > 0 ? 1 : 0)).toEqual([`${code} ${problems[code].severity} 0`]);
});

test('no problem explains itself, not by way of others either', () => {
  const above = (code: WarningCode): Set<WarningCode> => new Set(problems[code].parents.flatMap((parent) => [parent, ...above(parent)]));
  for (const code of warningCodes) expect(above(code).has(code)).toBe(false);
});

test('a problem that comes and goes is one problem while its breaks are short, and is never seen while its visits are', () => {
  const centre = watched();
  for (let i = 0; i < 5; i++) {
    expect(centre.now([find('udp-blocked')], 1_900)).toEqual([]);
    centre.now([], 100);
  }
  centre.now([find('udp-blocked')], 2_000);
  for (let i = 0; i < 5; i++) {
    expect(centre.now([], 9_900)).toEqual(['udp-blocked warning 10000']);
    expect(centre.now([find('udp-blocked')], 100)).toEqual(['udp-blocked warning 10000']);
  }
  expect(centre.now([], 10_000)).toEqual([]);
});

test('what is true of a connected session only ends with it, at once', () => {
  const centre = watched();
  centre.now([find('udp-blocked'), find('disk-full')], 2_000);
  expect(centre.now([], 0, false)).toEqual(['disk-full warning 0']);
});

test('those that touch connectivity come first, then the worst, then the order of the table', () => {
  const order: readonly WarningCode[] = ['secrets-in-file', 'device-expiring', 'device-pending', 'clear-text', 'audit-broken', 'not-replicating', 'node-port-in-use', 'certificate-expiring'];
  expect(watched().now(order.map((code) => find(code))).map((line) => line.split(' ')[0])).toEqual([
    'node-port-in-use', 'not-replicating', 'audit-broken', 'clear-text', 'certificate-expiring', 'device-expiring', 'device-pending', 'secrets-in-file',
  ]);
});

test('two of one code are two problems; a finding may be worse than its table, and know better since when', () => {
  expect(watched().now([find('file-set-aside', { key: 'a' }), find('file-set-aside', { key: 'b', sinceMs: 1_000_000 - 7 }), find('certificate-expiring', { severity: 'error' })]))
    .toEqual(['certificate-expiring error 0', 'file-set-aside:a warning 0', 'file-set-aside:b warning -7']);
});

