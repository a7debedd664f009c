/** One attempt to do what nobody may, and beside it the same action by somebody who may. */
export interface Attack {
  /** Lower-case words with hyphens; docs/security.md names it. */
  readonly name: string;
  /** Which door it knocks at. */
  readonly aim: string;
  /** What must be seen: this text, or a text that fits. */
  readonly expected: string | RegExp;
  /** Names what this machine lacks for it. Such an attack is skipped and counted. */
  readonly missing?: () => string | undefined;
  /** Attacks, and says in a few words what was seen. */
  attack(): Promise<string>;
  /** The same by a permitted caller: throws when it does not work. Without it "refused" could mean "broken". */
  counter(): Promise<unknown>;
}

const endings: (() => unknown)[] = [];

/** Runs when all attacks are over, the newest first. */
export function atEnd(end: () => unknown): void {
  endings.push(end);
}

export async function endAll(): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end();
}

/** Makes a value when it is first asked for, once. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Fails a counter-proof, or an attack that could not even be tried. */
export function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Several outcomes in one text: the same one once, different ones in order. */
export function summary(outcomes: readonly string[]): string {
  return [...new Set(outcomes)].join(' / ');
}

/** Waits until something holds. Rejects after `ms`. Answers the milliseconds that it took. */
export async function until(holds: () => boolean | Promise<boolean>, ms: number, what: string): Promise<number> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(10);
  }
  return performance.now() - startedMs;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
