/** A broken assumption of our own. It ends the process; its supervisor restarts it and recovers. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** States an invariant of our own code. Never use it for what arrives from outside: parse that. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Ends a switch over a union: the compiler proves that every case was handled. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}

/** The value, or an AssertionError when it is missing. For lookups that our own invariants guarantee. */
export function present<T>(value: T | null | undefined, what: string): T {
  assert(value !== null && value !== undefined, `${what} is present`);
  return value;
}
