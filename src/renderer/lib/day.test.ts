import { expect, test } from 'vitest';
import type { HistoryView } from '../../contract/history.ts';
import { dayChart, gapTold, isMeasured, latencyTold, perSecond, reachedTold, shareTold, sliceOf, trafficTold, wayTold } from './day.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const nowMs = Date.UTC(2026, 10, 22, 12, 0, 30);
const at = (hour: number, minute: number): number => Date.UTC(2026, 10, 22, hour, minute);
const view = (kind: HistoryView['kind'], startMs: number, columns: HistoryView['columns']): HistoryView => ({ kind, startMs, stepMs: minuteMs, columns });
const clock = (ms: number): string => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(ms);

test('a slice has every minute of its time, measured or not, also where the core knows less or more', () => {
  const late = sliceOf(view('network', at(11, 57), { receivedBytes: [1, 2, 3] }), 'network', hourMs, nowMs);
  expect([late.fromMs, late.toMs, late.view.columns['receivedBytes']?.length, late.view.columns['receivedBytes']?.slice(-4)]).toEqual([at(11, 0), at(12, 0), 60, [null, 1, 2, 3]]);
  const early = sliceOf(view('network', at(10, 58), { receivedBytes: Array.from({ length: 62 }, (_, i) => i) }), 'network', hourMs, nowMs);
  expect([early.view.columns['receivedBytes']?.[0], early.view.columns['receivedBytes']?.at(-1)]).toEqual([2, 61]);
  expect(isMeasured(sliceOf(undefined, 'network', hourMs, nowMs))).toBe(false);
});

test('an hour has a point a minute, a day one each ten: means, and the highest; what was not measured stays a gap', () => {
  const cpu = Array.from({ length: 1_440 }, (_, i) => (i < 20 ? null : i < 25 ? 0.2 : 0.4));
  const slice = sliceOf(view('host', at(12, 0) - 24 * hourMs, { cpu, cpuMax: cpu.map((value) => value && value * 2) }), 'host', 24 * hourMs, nowMs);
  const { timesMs, series } = dayChart(slice, [{ label: 'Highest', colour: '--second', column: 'cpuMax' }, { label: 'Mean', colour: '--accent', column: 'cpu', times: 100 }], String, 1);
  expect([timesMs.length, timesMs[0], series.map(({ values }) => values.slice(0, 4).map((value) => value && Math.round(value * 10) / 10))]).toEqual([144, slice.fromMs + 5 * minuteMs, [[null, null, 0.8, 0.8], [null, null, 30, 40]]]);
  const hour = sliceOf(view('network', at(11, 0), { receivedBytes: Array.from({ length: 60 }, () => 600) }), 'network', hourMs, nowMs);
  const rates = dayChart(hour, [{ label: 'In', colour: '--accent', column: 'receivedBytes', times: perSecond }], String, 1);
  expect([rates.timesMs.length, new Set(rates.series[0]?.values)]).toEqual([60, new Set([10])]);
});

test('the words beside a chart say what it shows', () => {
  const host = sliceOf(view('host', at(11, 58), { cpu: [0.1, 0.3], cpuMax: [0.5, 0.9] }), 'host', hourMs, nowMs);
  expect([shareTold(host, 'cpu'), gapTold(host)]).toEqual([
    { now: '20 %', detail: `mean · highest 90 % at ${clock(at(11, 59))}` },
    'Measured 2 min of 1 h: gaps are times when the app did not run, the device slept or was not connected.',
  ]);
  const network = sliceOf(view('network', at(11, 58), { receivedBytes: [6_000_000, 0], sentBytes: [0, 1_000], directPeers: [3, 4], relayedPeers: [1, 0], awayPeers: [0, 0] }), 'network', hourMs, nowMs);
  expect([trafficTold(network), reachedTold(network)]).toEqual([
    { now: '6.00 MB', detail: `6.00 MB in · 1.00 kB out · busiest at ${clock(at(11, 58))}: 100 kB/s in` }, { now: '3.5 direct', detail: 'mean · 0.5 relayed · 0 not reached' },
  ]);
  const peer = sliceOf(view('peer', at(11, 58), { latencyMs: [10, null], latencyMaxMs: [40, null], direct: [1, 0], relayed: [0, 0.5] }), { peer: 'nas' }, hourMs, nowMs);
  expect([latencyTold(peer), wayTold(peer)]).toEqual([{ now: '10.0 ms', detail: `mean · worst 40.0 ms at ${clock(at(11, 58))}` }, 'Reached directly 50 % of the time, relayed 25 %, not at all 25 %.']);
});

test('nothing measured is said, not drawn as zero', () => {
  const nothing = sliceOf(view('peer', at(12, 0), { receivedBytes: [], latencyMs: [], direct: [], relayed: [] }), { peer: 'nas' }, hourMs, nowMs);
  expect([trafficTold(nothing).now, latencyTold(nothing).detail, wayTold(nothing), isMeasured(nothing)]).toEqual(['–', 'No round trip was measured in this time.', '', false]);
  expect(gapTold(nothing)).toBe('Nothing was measured in this time. The app writes down a line each minute while it runs.');
});
