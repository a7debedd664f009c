import { expect, test } from 'vitest';
import { peerList } from '../../../test/fakes/world.ts';
import { growLatencies, latencyFigures, type LatencyHistory, latencyLines } from './latency-history.ts';
import { columnNames, fitColumns, keepLook, loadLook, plainLook, readLook } from './peer-columns.ts';
import { peerLink, sshLine } from './peer-open.ts';

const names = (width: number, chosen = plainLook.columns): string => fitColumns(chosen, width).map(({ name }) => name).join(' ');

test('columns give way where there is no room, the name never', () => {
  expect([names(1300), names(800), names(620), names(100), names(4000, columnNames)]).toEqual([
    'name path address role endpoint handshake traffic latency', 'name path address role handshake traffic latency', 'name path address handshake latency', 'name', `name ${columnNames.join(' ')}`,
  ]);
});

test('the look is read back as it was kept; what makes no sense is left out', () => {
  let kept: string | null = null;
  const page = { localStorage: { getItem: () => kept, setItem: (_key: string, text: string) => (kept = text) } } as never;
  const look = { columns: ['path', 'owner'], group: 'state', sort: { key: 'traffic', down: true }, map: true } as const;
  keepLook(page, look);
  expect(loadLook(page)).toEqual(look);
  expect([readLook(null), readLook('{'), readLook('[]'), readLook('{"columns":7,"group":"x","sort":null,"map":"yes"}'), readLook('null')]).toEqual(Array(5).fill(plainLook));
  expect(readLook('{"columns":["latency","path","own-goal"]}').columns).toEqual(['path', 'latency']);
});

test('a browser without storage has the plain look', () => {
  const page = { get localStorage(): Storage { throw new Error('SecurityError'); } };
  keepLook(page, plainLook);
  expect(loadLook(page)).toEqual(plainLook);
});

test('opens a page or a terminal at an address of the network, and nothing that was typed wrong', () => {
  const at = { ipv4: '172.16.0.11', ipv6: 'fd2a::' };
  expect([peerLink(at, 'http', ''), peerLink(at, 'http', '80'), peerLink(at, 'https', ' 8443 '), peerLink(at, 'ssh', ''), peerLink(at, 'ssh', '2222'), peerLink({ ...at, ipv4: null }, 'http', '8080')]).toEqual([
    'http://172.16.0.11/', 'http://172.16.0.11/', 'https://172.16.0.11:8443/', 'ssh://172.16.0.11', 'ssh://172.16.0.11:2222', 'http://[fd2a::]:8080/',
  ]);
  expect(['0', '65536', '-1', '1.5', '80/admin', 'x', '1e3'].map((typed) => peerLink(at, 'http', typed))).toEqual(Array(7).fill(null));
  expect([sshLine(at), sshLine({ ipv4: '$(reboot)', ipv6: null }), peerLink({ ipv4: 'evil.example', ipv6: null }, 'http', ''), sshLine({ ipv4: null, ipv6: null })]).toEqual(['ssh 172.16.0.11', null, null, null]);
});

test('round trips are kept every five seconds, two minutes of them for some hundred peers, and for the one that is looked at', () => {
  const list = peerList(600, 0);
  let history: LatencyHistory = new Map();
  for (let ms = 0; ms < 1_000_000; ms += 1_000) history = growLatencies(history, list, 'node-0555', ms);
  expect([history.size, history.has('node-0555'), history.has('node-0599'), history.has('study'), history.get('attic')?.length]).toEqual([256, true, false, false, 120]);
  const later = growLatencies(history, list, 'node-0599', 999_500);
  expect(later.get('node-0599')).toHaveLength(1);
  expect(growLatencies(later, list, 'node-0599', 999_600)).toBe(later);
});

test('the picture has a gap where nobody answered, and the same in numbers', () => {
  const samples = [4, 8, null, 6, 20].map((ms, i) => ({ atMs: i * 5_000, ms }));
  expect(latencyFigures(samples)).toEqual({ least: 4, median: 6, most: 20, silent: 1, spanMs: 20_000 });
  expect(latencyLines(samples, 200, 22)).toEqual(['0.0,18.0 50.0,14.0', '150.0,16.0 200.0,2.0']);
  expect([latencyFigures([]), latencyLines(samples.slice(0, 1), 200, 22)]).toEqual([null, []]);
});
