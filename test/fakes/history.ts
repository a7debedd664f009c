import type { Clock } from '../../src/base/clock.ts';
import { seeded } from '../../src/base/random.ts';
import type { Handlers } from '../../src/contract/commands.ts';
import { type HistoryAbout, historyColumns, historyKind, historyMinutesMax, historyStepMs, type HistoryView } from '../../src/contract/history.ts';

/** What a made-up core has of the last day: all of it, a night's sleep in the middle, the last hour and a half, nothing. */
export type Kept = 'day' | 'slept' | 'new' | 'nothing';

export interface FakeHistory {
  kept: Kept;
  readonly handlers: Pick<Handlers, `history.${'read' | 'export' | 'clear'}`>;
}

export function fakeHistory(clock: Clock): FakeHistory {
  const fake: FakeHistory = {
    kept: 'day',
    handlers: {
      'history.read': async ({ about, fromMs, toMs }) => ({ history: cut(dayOf(about, clock.nowMs(), fake.kept), fromMs, toMs) }),
      'history.export': async ({ about }) => ({ path: `/home/ada/.config/webmesh/reports/webmesh-history-${typeof about === 'string' ? about : 'peer'}-2026-11-22.csv` }),
      'history.clear': async () => {
        fake.kept = 'nothing';
        return null;
      },
    },
  };
  return fake;
}

/** A day with a morning, a backup at night and a bad hour on the way to each peer; the same for the same name. */
export function dayOf(about: HistoryAbout, nowMs: number, kept: Kept): HistoryView {
  const kind = historyKind(about);
  const names: readonly string[] = historyColumns[kind];
  const last = Math.floor(nowMs / historyStepMs) - 1;
  const minutes = kept === 'nothing' ? 0 : kept === 'new' ? 90 : historyMinutesMax;
  const startMs = (last - minutes + 1) * historyStepMs;
  const random = seeded(typeof about === 'string' ? about.length : about.peer.split('').reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7));
  const rows = Array.from({ length: minutes }, (_, i) => {
    const hour = (((last - minutes + 1 + i) % 1_440) + 1_440) % 1_440 / 60;
    const values = valuesAt(kind, hour, random);
    const asleep = kept === 'slept' && i > 420 && i < 900 && i !== 640;
    return asleep ? names.map(() => null) : values;
  });
  return { kind, startMs, stepMs: historyStepMs, columns: Object.fromEntries(names.map((name, c) => [name, rows.map((row) => row[c] ?? null)])) };
}

function valuesAt(kind: HistoryView['kind'], hour: number, random: { next(): number }): readonly (number | null)[] {
  const noise = random.next();
  const awake = hour >= 7 && hour < 23 ? 1 : 0.15;
  const backup = hour >= 2 && hour < 3 ? 1 : 0;
  if (kind === 'host') {
    const cpu = 0.04 + awake * (0.12 + 0.1 * noise) + backup * 0.35 + 0.05 * Math.sin(hour * 2);
    const memory = 0.38 + 0.08 * awake + 0.01 * noise;
    return [cpu, Math.min(1, cpu + 0.3 * noise), memory, memory + 0.01, cpu * 8, cpu * 8 + noise * 2];
  }
  const received = Math.round(awake * 2e6 * (1 + 8 * noise ** 6) + backup * 4e7 * (0.8 + 0.2 * noise));
  const sent = Math.round(received * (0.1 + 0.2 * noise));
  if (kind === 'network') return [received, sent, hour < 7 ? 6 : 8, hour > 17 && hour < 19 ? 3 : 1, hour < 7 ? 4 : 2];
  const bad = hour > 17 && hour < 18;
  const away = hour > 4 && hour < 5.5;
  if (away) return [0, 0, null, null, 0, 0];
  const trip = (bad ? 60 : 12) + 4 * noise + 2 * Math.sin(hour);
  return [Math.round(received * 0.3), Math.round(sent * 0.3), trip, trip + 30 * noise ** 4, bad ? 0.2 : 1, bad ? 0.8 : 0];
}

function cut({ kind, startMs, stepMs, columns }: HistoryView, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER): HistoryView {
  const skip = Math.max(0, Math.ceil((fromMs - startMs) / stepMs));
  return { kind, startMs: startMs + skip * stepMs, stepMs, columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(skip).filter((_, i) => startMs + (skip + i) * stepMs <= toMs)])) };
}
