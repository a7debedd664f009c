import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';

/** What a function of the system takes: a number, a text, bytes that it reads or fills, a list of texts that ends with null, or no pointer. */
export type NativeValue = number | bigint | string | Uint8Array | null | readonly (string | null)[];

/** Answers what the function answered; negative when it failed. */
export type NativeFunction = (...values: readonly NativeValue[]) => number;

interface Koffi {
  load(path: string | null): LibraryHandle;
  errno(): number;
  address(value: unknown): bigint;
}

let koffi: Koffi | undefined;

/**
 * A function that this process already holds (the C library is one of its own), by its declaration in C. Node has no such calls; this is
 * the one file that knows the library which makes them. Throws where that library is missing: whoever needs the answer then refuses.
 */
export function nativeFunction(declaration: string): NativeFunction {
  const call = library().load(null).func(declaration);
  return (...values) => Number(call(...values));
}

/** The error number of the last call that failed, in this thread. */
export function lastErrno(): number {
  return library().errno();
}

/** Loaded on first use: it is a native addon, and most of what is around it works without. */
function library(): Koffi {
  koffi ??= createRequire(import.meta.filename)('koffi') as Koffi;
  return koffi;
}

/** Where bytes lie in memory, for structures that point at others. They stay there for as long as this process lives: use it for few and small ones. */
export function addressOf(bytes: Uint8Array): bigint {
  pinned.add(bytes);
  return library().address(bytes);
}

const pinned = new Set<Uint8Array>();

/** syscall(2), for what the C library has no function of. The numbers are Linux's. */
export function systemCall(): NativeFunction {
  return nativeFunction('long syscall(long number, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e)');
}

/** The result, or an error that names the call and its number. */
export function demand(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: errno ${lastErrno()}`);
  return result;
}
