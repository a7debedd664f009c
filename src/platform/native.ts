import { createRequire } from 'node:module';
import type { LibraryHandle, TypeObject } from 'koffi';

/** What a function of the system takes: a number, a text, bytes that it reads or fills, a list of texts that ends with null, or no pointer. */
export type NativeValue = number | bigint | string | Uint8Array | null | readonly (string | null)[];

/** Answers what the function answered; negative when it failed. */
export type NativeFunction = (...values: readonly NativeValue[]) => number;

interface Koffi {
  load(path: string | null): LibraryHandle;
  errno(): number;
  address(value: unknown): bigint;
  proto(declaration: string): TypeObject;
  pointer(type: TypeObject): TypeObject;
  register(call: (...values: number[]) => number, type: TypeObject): unknown;
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

/** The same from a library of the system, by its file name. */
export function libraryFunction(file: string, declaration: string): NativeFunction {
  const call = library().load(file).func(declaration);
  return (...values) => Number(call(...values));
}

/** The same for a call that blocks: it runs in another thread, one of the few that Node has for such work. */
export function blockingFunction(file: string, declaration: string): (...values: readonly NativeValue[]) => Promise<number> {
  const call = library().load(file).func(declaration);
  return (...values) => new Promise((resolve, reject) => {
    call.async(...values, (error: Error | null, answer: unknown) => (error === null ? resolve(Number(answer)) : reject(error)));
  });
}

/**
 * Where a function of ours can be called by the system, in whichever thread: it runs in Node's own, and the caller waits for it. It stays
 * for as long as this process lives.
 */
export function callableFunction(declaration: string, call: (...values: number[]) => number): bigint {
  const made = library().register((...values) => call(...values.map(Number)), library().pointer(library().proto(declaration)));
  return library().address(made);
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
