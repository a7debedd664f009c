import { isFailure } from '../../src/base/failure.ts';
import { type Random } from '../../src/base/random.ts';
import { RpcError } from '../../src/base/rpc.ts';
import { type Shape } from './shapes/shape.ts';

/** One parser of outside bytes. */
export interface Target {
  /** Lower-case letters, digits and hyphens: also the folder of its regressions. */
  readonly name: string;
  /** Where its inputs come from: who could send bad ones. */
  readonly from: string;
  readonly shape: Shape;
  /** Texts that mean something to it, beside the literals of its sources. */
  readonly words?: readonly string[];
  /** Takes a millisecond an input, or nearly: it goes first, so that no thread is left alone with it at the end. */
  readonly heavy?: boolean;
  open(): Promise<Opened> | Opened;
}

/** A target with what it needs standing. */
export interface Opened {
  /** Good inputs to begin with. */
  readonly seeds: readonly Uint8Array[];
  /** Good inputs made anew, for formats that havoc alone seldom keeps alive. */
  readonly generate?: (random: Random) => Uint8Array;
  /**
   * Parses one input and checks what must hold. Refusals that the code documents are swallowed by `refusals`; whatever is thrown is a finding.
   * May answer how many bytes came out, which is held against the input's length.
   */
  run(input: Uint8Array): number | undefined | Promise<number | undefined>;
  /** Milliseconds that one input may take where it holds many messages that are each answered. */
  readonly slowMs?: number;
  close?(): void;
}

/** What comes out may be this often as long as what went in, and this much more. */
export const outputLimits = { factor: 64, bytes: 64 * 1024 } as const;

/** Runs `work`; a Failure, an RpcError, or an error named here is a refusal and answers undefined. Everything else is a finding. */
export function refusals<T>(work: () => T, ...names: readonly string[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isRefusal(error, names)) return undefined;
    throw error;
  }
}

export async function asyncRefusals<T>(work: () => Promise<T>, ...names: readonly string[]): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isRefusal(error, names)) return undefined;
    throw error;
  }
}

/** A stack that ran over is never a refusal, whoever threw it. */
function isRefusal(error: unknown, names: readonly string[]): boolean {
  if (error instanceof RangeError && error.message.includes('call stack')) return false;
  if (isFailure(error)) return error.code !== 'internal.unexpected';
  return error instanceof RpcError || (error instanceof Error && names.includes(error.name));
}

/** Fails the input with a sentence. */
export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Broken(what);
}

/** A property that should hold for every input did not. */
export class Broken extends Error {
  override name = 'Broken';
}

export const utf8 = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
export const bytesOf = (text: string): Uint8Array => Buffer.from(text);
export const jsonOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)));
