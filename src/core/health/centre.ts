import { isWorse } from '../../contract/health.ts';
import type { Warning, WarningCode } from '../../contract/state.ts';
import type { Finding } from './facts.ts';
import { problems as declared, type Problem } from './problems.ts';

export type Problems = Readonly<Record<WarningCode, Problem>>;

/** What is remembered of a problem from its first sight to its end. Times are monotonic but for `sinceMs`. */
interface Kept {
  readonly finding: Finding;
  /** Wall time in milliseconds since 1970. */
  readonly sinceMs: number;
  /** From when its delay counts. */
  readonly ripeningMs: number;
  /** When it was first seen to be gone; null while it is there. */
  readonly goneMs: number | null;
  readonly shown: boolean;
  readonly explained: boolean;
}

export interface Centre {
  readonly kept: ReadonlyMap<string, Kept>;
}

export const emptyCentre: Centre = { kept: new Map() };

export interface Now {
  readonly monotonicMs: number;
  readonly wallMs: number;
  /** The session is connected. */
  readonly connected: boolean;
}

export interface Looked {
  readonly centre: Centre;
  readonly warnings: readonly Warning[];
  /** When to look again though nothing else changed, in milliseconds from now; null: no need. */
  readonly againMs: number | null;
}

/** Pure: what was found now, and what was known before, as the problems that a person should see. */
export function look(centre: Centre, found: readonly Finding[], now: Now, problems: Problems = declared): Looked {
  const here = new Map(found.map((finding) => [idOf(finding), finding]));
  const gone = [...centre.kept].filter(([id]) => !here.has(id)).map(([id, kept]) => [id, { ...kept, goneMs: kept.goneMs ?? now.monotonicMs }] as const);
  const lingering = gone.filter(([, kept]) => lingers(kept, problems[kept.finding.code], now));
  const codes = new Set([...found, ...lingering.map(([, { finding }]) => finding)].map(({ code }) => code));
  const explained = (code: WarningCode): boolean => problems[code].parents.some((parent) => codes.has(parent));
  const kept = new Map<string, Kept>();
  for (const [id, finding] of here) kept.set(id, keep(centre.kept.get(id), finding, explained(finding.code), problems[finding.code], now));
  for (const [id, old] of lingering) if (!explained(old.finding.code)) kept.set(id, old);
  const shown = [...kept].filter(([, one]) => one.shown);
  const warnings = shown.map(([id, one]) => warningOf(id, one, problems[one.finding.code])).sort(byWeight);
  return { centre: { kept }, warnings, againMs: againIn([...kept.values()], problems, now) };
}

/** For a report: everything that is known, also what is not shown, and why it is not. */
export function explain({ kept }: Centre): readonly { readonly id: string; readonly sinceMs: number; readonly state: 'shown' | 'explained' | 'waiting' }[] {
  return [...kept].map(([id, { sinceMs, shown, explained }]) => ({ id, sinceMs, state: shown ? 'shown' : explained ? 'explained' : 'waiting' }));
}

export function idOf({ code, key }: Finding): string {
  return key === undefined ? code : `${code}:${key}`;
}

function keep(old: Kept | undefined, finding: Finding, explained: boolean, { delayMs }: Problem, { monotonicMs, wallMs }: Now): Kept {
  // Whoever was explained until now gets the whole delay to recover.
  const ripeningMs = explained || !old || old.explained ? monotonicMs : old.ripeningMs;
  const shown = !explained && (old?.shown === true || monotonicMs - ripeningMs >= delayMs);
  return { finding, sinceMs: finding.sinceMs ?? old?.sinceMs ?? wallMs, ripeningMs, goneMs: null, shown, explained };
}

function lingers({ shown, goneMs }: Kept, { lingerMs, connected }: Problem, now: Now): boolean {
  return shown && now.monotonicMs - (goneMs ?? now.monotonicMs) < lingerMs && (!connected || now.connected);
}

function warningOf(id: string, { finding: { code, detail, severity, fix }, sinceMs }: Kept, problem: Problem): Warning {
  return { id, code, severity: severity ?? problem.severity, connectivity: problem.connectivity, sinceMs, fix: fix === undefined ? problem.fix : fix, detail };
}

const order = Object.keys(declared);

/** Those that touch connectivity first, then the worst, then as they are declared. */
export function byWeight(a: Warning, b: Warning): number {
  if (a.connectivity !== b.connectivity) return a.connectivity ? -1 : 1;
  return isWorse(a.severity, b.severity) ? -1 : isWorse(b.severity, a.severity) ? 1 : order.indexOf(a.code) - order.indexOf(b.code);
}

function againIn(kept: readonly Kept[], problems: Problems, { monotonicMs }: Now): number | null {
  const due = kept.flatMap(({ finding: { code }, shown, explained, ripeningMs, goneMs }) => {
    if (goneMs !== null) return [goneMs + problems[code].lingerMs];
    return shown || explained ? [] : [ripeningMs + problems[code].delayMs];
  });
  return due.length === 0 ? null : Math.max(0, Math.min(...due) - monotonicMs);
}
