import type { z } from 'zod';

export type ReadAs<Value> =
  | { readonly success: true; readonly data: Value }
  /** Where the first thing is wrong, and why. */
  | { readonly success: false; readonly field: string; readonly problem: string };

/**
 * Reads a value of unknown shape; never throws. The library's checks of a length also run on an object that merely has something called
 * `length`, and throw where that is no number: such a value has another shape, and that is all.
 */
export function readAs<Schema extends z.ZodType>(schema: Schema, value: unknown): ReadAs<z.output<Schema>> {
  try {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { success: true, data: parsed.data };
    const [issue] = parsed.error.issues;
    return { success: false, field: issue?.path.join('.') ?? '', problem: issue?.message ?? 'invalid' };
  } catch {
    // The library gave up on it: see above.
    return { success: false, field: '', problem: 'invalid' };
  }
}
