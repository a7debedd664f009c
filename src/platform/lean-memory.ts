import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock } from '../base/clock.ts';

/**
 * Milliseconds after the start: once it has begun; once what a connection begins with is over, and then now and again, everything that can be given
 * back is, such as room for young objects that only the start needed, and the compiled code of what ran once.
 */
const lookMs = { begun: 5_000, rests: 30_000, every: 600_000 } as const;

/**
 * What a process of ours is started with: V8's own measure of the youngest part of its heap, 16 MiB, follows the machine's memory, and as much again is kept
 * for what survives. 2 MiB cost a process that carries datagrams nothing that could be measured.
 */
export const youngHeap = '--max-semi-space-size=2';

/** As V8's own `gc` names them: `last-resort` is what it does before it gives up for want of memory. */
type Flavor = 'regular' | 'last-resort';

export interface LeanOptions {
  /** The youngest part of the heap stays small: fewer megabytes for more, shorter collections, which suits who moves no data. */
  readonly calm: boolean;
  /** Gives back what the system itself would leave with us; called after each collection. */
  readonly giveBack?: () => void;
}

/**
 * Lets a process that rests be small. V8 sets the first limit of its heap by the size of the machine, so hundreds of megabytes of what nobody
 * uses can gather before it looks at them for the first time. A full collection (20 to 60 ms) shows it how little is in use, and from then on
 * its limit follows that. Answers what forgets the looks that are to come: whoever ends by running out of work must not wait for them.
 */
export function keepMemoryLean(clock: Pick<Clock, 'after'>, { calm, giveBack = () => {} }: LeanOptions): () => void {
  if (calm) setFlagsFromString('--semi-space-growth-factor=1');
  // So little is young that waking four threads for it costs more than it spares.
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how: { readonly type: 'major'; readonly execution: 'sync'; readonly flavor: Flavor }) => void;
  setFlagsFromString('--no-expose-gc');
  const look = (flavor: Flavor): void => {
    collect({ type: 'major', execution: 'sync', flavor });
    giveBack();
  };
  let forgetNext = (): void => {};
  const later = (): void => {
    forgetNext = clock.after(lookMs.every, () => {
      look('last-resort');
      later();
    });
  };
  const looks = [clock.after(lookMs.begun, () => look('regular')), clock.after(lookMs.rests, () => look('last-resort'))];
  later();
  return () => {
    for (const forget of looks) forget();
    forgetNext();
  };
}
