import type { NoticeKind } from '../contract/health.ts';
import type { SessionTopic, Warning, WarningCode } from '../contract/state.ts';
import { kindOf, losses, noticeFor, patienceMs, type Notice } from './notices.ts';
import { english } from './words/words.ts';

/** Whom, when and how often to interrupt: decided here, shown by notifications.ts. Times are monotonic milliseconds. */
export interface NotifierState {
  /** Problems that are worth a notification, by id, from their first sight to their end. */
  readonly matters: ReadonlyMap<string, Matter>;
  /** When a problem of this id was last told. Outlives the problem, so that one that comes and goes is told once. */
  readonly toldMs: ReadonlyMap<string, number>;
  readonly recentMs: readonly number[];
  /** Networks whose loss was told, '' for all of them at once, of which nobody said yet that it is over. */
  readonly lossTold: ReadonlySet<string>;
}

interface Matter {
  readonly code: WarningCode;
  readonly kind: NoticeKind;
  /** Its id; '': the machine. */
  readonly network: string;
  readonly sinceMs: number;
  /** `done`: there when we came, seen in the window, or of a kind that is switched off. */
  readonly state: 'waiting' | 'told' | 'done';
}

export interface Sight {
  readonly warnings: readonly Warning[];
  /** Of each network, and under '' of the one that is shown. */
  readonly phases: ReadonlyMap<string, SessionTopic['phase']>;
  /** The window is visible and in front: whoever looks at it needs no notification. */
  readonly watched: boolean;
  readonly wanted: ReadonlySet<NoticeKind>;
}

export type NotifierEffect =
  | { readonly do: 'show'; readonly id: string; readonly notice: Notice }
  | { readonly do: 'close'; readonly id: string };

export interface Notified {
  readonly state: NotifierState;
  readonly effects: readonly NotifierEffect[];
  /** When to look again though nothing else changed, in milliseconds from now; null: no need. */
  readonly againMs: number | null;
}

/** The same problem is told again after this long, when it came back. */
export const sameAgainMs = 600_000;
/** No more than `count` in `withinMs`; what comes on top waits, and is told when it still matters then. */
export const burst = { count: 3, withinMs: 60_000 } as const;
const backId = 'back-again';

/** The first sight is no news: what was wrong before somebody listened stays unsaid. */
export function firstSight({ warnings }: Sight, nowMs: number): NotifierState {
  return { matters: new Map(mattersOf(warnings).map(({ id, code, kind, network }) => [id, { code, kind, network, sinceMs: nowMs, state: 'done' }])), toldMs: new Map(), recentMs: [], lossTold: new Set() };
}

/** What is told is told in the words of the language that is spoken now. */
export function notify(old: NotifierState, sight: Sight, nowMs: number, { shared } = english): Notified {
  const { wanted, watched } = sight;
  const here = new Map(mattersOf(sight.warnings).map((matter) => [matter.id, matter]));
  const effects: NotifierEffect[] = [...old.matters].filter(([id, { state }]) => state === 'told' && !here.has(id)).map(([id]) => ({ do: 'close', id }));
  const toldMs = new Map([...old.toldMs].filter(([, atMs]) => nowMs - atMs < sameAgainMs));
  const recentMs = old.recentMs.filter((atMs) => nowMs - atMs < burst.withinMs);
  const matters = new Map<string, Matter>();
  const lossTold = new Set(old.lossTold);
  let againMs: number | null = null;
  for (const { id, code, kind, network, warning } of here.values()) {
    const matter: Matter = old.matters.get(id) ?? { code, kind, network, sinceMs: nowMs, state: 'waiting' };
    matters.set(id, matter);
    if (matter.state !== 'waiting') continue;
    const dueMs = Math.max(matter.sinceMs + patienceMs[kind], (toldMs.get(id) ?? Number.NEGATIVE_INFINITY) + sameAgainMs, roomMs(recentMs));
    if (nowMs < dueMs) {
      againMs = Math.min(againMs ?? Number.POSITIVE_INFINITY, dueMs - nowMs);
    } else if (watched || !wanted.has(kind)) {
      matters.set(id, { ...matter, state: 'done' });
    } else {
      matters.set(id, { ...matter, state: 'told' });
      toldMs.set(id, nowMs);
      recentMs.push(nowMs);
      if (losses.has(code)) lossTold.add(network);
      if (losses.has(code)) effects.push({ do: 'close', id: backId });
      effects.push({ do: 'show', id, notice: noticeFor(warning, shared) });
    }
  }
  const back = [...lossTold].filter((network) => {
    const phase = sight.phases.get(network) ?? 'disconnected';
    const over = (phase === 'connected' || phase === 'disconnected') && ![...matters.values()].some((matter) => losses.has(matter.code) && (network === '' || matter.network === '' || matter.network === network));
    if (over) lossTold.delete(network);
    return over && phase === 'connected';
  });
  if (back.length > 0 && !watched && wanted.has('connection')) effects.push({ do: 'show', id: backId, notice: shared.health.backAgain });
  return { state: { matters, toldMs, recentMs, lossTold }, effects, againMs };
}

function mattersOf(warnings: readonly Warning[]): readonly { readonly id: string; readonly code: WarningCode; readonly kind: NoticeKind; readonly network: string; readonly warning: Warning }[] {
  return warnings.flatMap((warning) => {
    const kind = kindOf[warning.code];
    return kind === null ? [] : [{ id: warning.id, code: warning.code, kind, network: warning.network?.id ?? '', warning }];
  });
}

/** From when there is room for another one. */
function roomMs(recentMs: readonly number[]): number {
  const oldest = recentMs.at(-burst.count);
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + burst.withinMs;
}
