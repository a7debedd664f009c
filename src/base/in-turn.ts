/** Runs work one after the other, in the order in which it was asked for. Work that fails is told to whoever asked for it, and the next goes on. */
export type InTurn = <T>(work: () => T | Promise<T>) => Promise<T>;

export function inTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {}); // Whoever asked for it is told.
    return done;
  };
}
