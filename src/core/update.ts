import { abortError } from '../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import { type Cancel, type Clock } from '../base/clock.ts';
import { asFailure, failure, toData } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { between, type Random } from '../base/random.ts';
import type { Release, Updates } from '../base/update.ts';
import type { Handlers } from '../contract/commands.ts';
import type { UpdatePhase, UpdateTopic } from '../contract/update.ts';
import type { SettingsStore } from './settings.ts';

export interface UpdateInput {
  readonly ports: { readonly clock: Clock; readonly random: Random; readonly log: Log; readonly version: string; readonly updates: Updates };
  readonly settings: Pick<SettingsStore, 'cell' | 'update'>;
}

export interface UpdateKeeper {
  readonly topic: ReadCell<UpdateTopic>;
  readonly handlers: Pick<Handlers, `update.${'check' | 'download' | 'dismiss'}`>;
  close(): void;
}

/** After the start, so that a connection comes first. */
const firstLookMs = 5 * 60_000;
/** Spread over an hour, so that a release address does not see everybody at once. */
const lookEveryMs = { least: 23 * 3_600_000, most: 24 * 3_600_000 } as const;
/** Progress is told this often, in bytes. */
const toldEveryBytes = 1 << 20;

/**
 * Looks for newer versions: when asked, and daily where the settings allow it. Downloading is always asked for, and nothing is ever run.
 * One thing at a time; a person who puts it away stops it.
 */
export function createUpdateKeeper({ ports: { clock, random, log, version, updates }, settings }: UpdateInput): UpdateKeeper {
  let checkedAtMs: number | null = null;
  let working: AbortController | null = null;
  /** Put away by a person: a daily look does not bring it up again. */
  let dismissed: string | null = null;
  let ended: Promise<void> = Promise.resolve();
  const topic: Cell<UpdateTopic> = cell<UpdateTopic>(updates.configured ? { current: version, checkedAtMs, phase: 'idle' } : { current: version, checkedAtMs, phase: 'off' });
  const show = (phase: UpdatePhase): void => topic.set({ current: version, checkedAtMs, ...phase });

  /** Runs one thing after what was stopped before has ended; whatever goes wrong is shown. Who stopped it has shown something else already. */
  function work(first: UpdatePhase, doIt: (signal: AbortSignal) => Promise<UpdatePhase>): void {
    const mine = new AbortController();
    const before = ended;
    working = mine;
    show(first);
    ended = (async () => {
      await before;
      try {
        const last = await doIt(mine.signal);
        if (working === mine) show(last);
      } catch (error) {
        if (working !== mine) return;
        log.warn('update-refused', { code: asFailure(error).code });
        show({ phase: 'refused', failure: toData(asFailure(error)) });
      } finally {
        if (working === mine) working = null;
      }
    })();
  }

  const look = (daily: boolean): void => work({ phase: 'checking' }, async (signal) => {
    const release = await updates.check(signal);
    checkedAtMs = clock.nowMs();
    return release === null || (daily && release.version === dismissed) ? { phase: 'idle' } : { phase: 'available', release };
  });

  const fetch = (release: Release): void => {
    let told = 0;
    work({ phase: 'downloading', release, bytes: 0 }, async (signal) => {
      const got = await updates.download((coming, bytes) => {
        if (bytes - told < toldEveryBytes || signal.aborted) return;
        told = bytes;
        show({ phase: 'downloading', release: coming, bytes });
      }, signal);
      return got === null ? { phase: 'idle' } : { phase: 'ready', ...got };
    });
  };

  const free = (): void => {
    if (!updates.configured) throw failure('update.off');
    if (working !== null) throw failure('app.busy', { problem: 'it is looking for a newer version already' });
  };

  let cancel: Cancel = updates.configured ? clock.after(firstLookMs, function daily() {
    cancel = clock.after(between(random, lookEveryMs.least, lookEveryMs.most), daily);
    const { phase } = topic.get();
    // What a person was shown, and has not answered yet, stays.
    if (settings.cell.get().updates === 'tell' && working === null && (phase === 'idle' || phase === 'refused' || phase === 'available')) look(true);
  }) : () => {};

  return {
    topic,
    handlers: {
      'update.check': async () => {
        free();
        look(false);
        return null;
      },
      'update.download': async () => {
        free();
        const now = topic.get();
        if (now.phase !== 'available') throw failure('input.invalid', { field: 'update', problem: 'nothing newer was found yet' });
        fetch(now.release);
        return null;
      },
      'update.dismiss': async () => {
        const now = topic.get();
        if (now.phase === 'off') return null;
        if ('release' in now) dismissed = now.release.version;
        const running = working;
        working = null;
        show({ phase: 'idle' });
        running?.abort(abortError('put away'));
        // A download that was stopped removes its own; what lies there verified is removed here.
        if (now.phase === 'ready') {
          await ended;
          await updates.discard();
        }
        return null;
      },
    },
    close: () => {
      cancel();
      const running = working;
      working = null;
      running?.abort(abortError('the app ends'));
    },
  };
}
