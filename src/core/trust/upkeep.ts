import { abortError, isAbort } from '../../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, type Failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';

export type ChoreName = 'certificate' | 'wireguard-key' | 'authority' | 'grant' | 'audit';

/** Something that keeps a membership alive and nobody should have to think of. */
export interface Chore {
  readonly name: ChoreName;
  /** Cheap: asked every minute, and whenever the mesh's view of trust changed. */
  due(nowMs: number): boolean | Promise<boolean>;
  run(signal: AbortSignal): Promise<void>;
}

/** A chore that failed at least once and did not succeed since. */
export interface Trouble {
  readonly chore: ChoreName;
  readonly code: string;
  readonly sinceMs: number;
  readonly tries: number;
}

export interface Upkeep {
  readonly troubles: ReadCell<readonly Trouble[]>;
  /** Looks now instead of in a minute. */
  poke(): void;
  /** Runs the named chores whether or not they are due. Throws the first failure, after all were tried. */
  runNow(names: readonly ChoreName[], signal: AbortSignal): Promise<void>;
  close(): void;
}

const lookEveryMs = 60_000;
const againMs = { first: 15_000, last: 3_600_000 } as const;

/** Runs chores when they are due, one at a time, each with a back-off of its own. `tell` hears every failure. */
export function keepUp(chores: readonly Chore[], { clock, log }: { readonly clock: Clock; readonly log: Log }, tell: (chore: ChoreName, problem: Failure) => void): Upkeep {
  const stopping = new AbortController();
  const troubles: Cell<readonly Trouble[]> = cell<readonly Trouble[]>([]);
  const notBeforeMs = new Map<ChoreName, number>();
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = false;

  async function attempt(chore: Chore, signal: AbortSignal): Promise<Failure | null> {
    try {
      await chore.run(signal);
      log.info('chore-done', { chore: chore.name });
      notBeforeMs.delete(chore.name);
      troubles.set(troubles.get().filter((trouble) => trouble.chore !== chore.name));
      return null;
    } catch (error) {
      if (isAbort(error) || stopping.signal.aborted) throw error;
      const problem = asFailure(error);
      note(chore.name, problem);
      tell(chore.name, problem);
      return problem;
    }
  }

  function note(chore: ChoreName, { code }: Failure): void {
    const old = troubles.get().find((trouble) => trouble.chore === chore);
    const tries = (old?.tries ?? 0) + 1;
    log.warn('chore-failed', { chore, code, tries });
    notBeforeMs.set(chore, clock.monotonicMs() + Math.min(againMs.last, againMs.first * 2 ** Math.min(tries - 1, 10)));
    troubles.set([...troubles.get().filter((trouble) => trouble.chore !== chore), { chore, code, sinceMs: old?.sinceMs ?? clock.nowMs(), tries }]);
  }

  async function look(): Promise<void> {
    waiting = false;
    for (const chore of chores) {
      if (stopping.signal.aborted) return;
      if (clock.monotonicMs() < (notBeforeMs.get(chore.name) ?? 0)) continue;
      if (await isDue(chore)) await attempt(chore, stopping.signal);
    }
  }

  async function isDue(chore: Chore): Promise<boolean> {
    try {
      return await chore.due(clock.nowMs());
    } catch (error) {
      // What others wrote into the mesh may be unreadable; that is theirs to mend.
      log.debug('chore-not-judged', { chore: chore.name, code: asFailure(error).code });
      return false;
    }
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => {}); // Aborted, or told to whoever asked.
    return next;
  }

  function poke(): void {
    if (waiting || stopping.signal.aborted) return;
    waiting = true;
    void inTurn(look).catch(() => {}); // Only the end of the upkeep comes through here.
  }

  let cancel = clock.after(lookEveryMs, function again() {
    poke();
    cancel = clock.after(lookEveryMs, again);
  });
  poke();
  return {
    troubles,
    poke,
    runNow: (names, signal) => inTurn(async () => {
      const problems: (Failure | null)[] = [];
      for (const chore of chores.filter(({ name }) => names.includes(name))) problems.push(await attempt(chore, signal));
      const first = problems.find((problem) => problem !== null);
      if (first) throw first;
    }),
    close: () => {
      cancel();
      stopping.abort(abortError());
    },
  };
}
