import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock } from '../base/clock.ts';

/** Milliseconds after the start: once it has begun, and once what a connection begins with is over. */
const lookMs = [5_000, 60_000] as const;

/**
 * Lets a process that rests be small. V8 sets the first limit of its heap by the size of the machine, so hundreds of megabytes of what nobody
 * uses can gather before it looks at them for the first time. A full collection (some 20 ms) shows it how little is in use, and from then on
 * its limit follows that. With `calm` the youngest part of the heap stays small as well: fewer megabytes for more, shorter collections, which
 * suits who moves no data. Answers what forgets the looks that are to come: whoever ends by running out of work must not wait for them.
 */
export function keepMemoryLean(clock: Pick<Clock, 'after'>, { calm }: { readonly calm: boolean }): () => void {
  if (calm) setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how: { readonly type: 'major'; readonly execution: 'sync' }) => void;
  setFlagsFromString('--no-expose-gc');
  const looks = lookMs.map((delayMs) => clock.after(delayMs, () => collect({ type: 'major', execution: 'sync' })));
  return () => {
    for (const forget of looks) forget();
  };
}
