/** The only observable of the house: one value, replaced whole, newest wins. */
export interface ReadCell<T> {
  get(): T;
  /** Calls `see` with each new value, not with the present one. Returns what ends it. */
  subscribe(see: (value: T) => void): () => void;
}

export interface Cell<T> extends ReadCell<T> {
  set(value: T): void;
}

export function cell<T>(initial: T): Cell<T> {
  let value = initial;
  const watchers = new Set<(value: T) => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const see of [...watchers]) see(next);
    },
    subscribe: (see) => {
      watchers.add(see);
      return () => watchers.delete(see);
    },
  };
}
