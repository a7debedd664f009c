import { failure } from '../../base/failure.ts';
import { type FenceFile } from '../ports.ts';

/** Orders compare by epoch, then by revision. */
export interface Generation {
  readonly epoch: bigint;
  readonly revision: bigint;
}

export type OrderKind = 'tunnel' | 'node';

/**
 * Refuses orders that are older than one already seen. Streams and retries can deliver an old clear after a new apply: the generation
 * decides, not the order of arrival. Tunnel and node count revisions apart, because a core sends both under one epoch, in parallel;
 * an epoch that ended is over for both.
 */
export interface Fence {
  newest(): Generation;
  /** Throws helper.stale for an older order, input.invalid for none. */
  pass(kind: OrderKind, generation: Generation | undefined): Promise<Generation>;
}

const none: Generation = { epoch: 0n, revision: 0n };
const uint64Max = 2n ** 64n - 1n;

/** The file lives as long as the machine runs: a reboot ends every caller whose order could be late. */
export async function openFence(file: FenceFile): Promise<Fence> {
  const seen: Record<OrderKind, Generation> = parse(await file.read());
  const newest = (): Generation => (older(seen.tunnel, seen.node) ? seen.node : seen.tunnel);
  return {
    newest,
    pass: async (kind, generation) => {
      if (generation === undefined || generation.epoch < 1n) throw failure('input.invalid', { field: 'generation', reason: 'missing' });
      if (generation.epoch < newest().epoch || older(generation, seen[kind])) throw failure('helper.stale', { ...textOf('got', generation), ...textOf('seen', newest()) });
      if (older(seen[kind], generation)) {
        seen[kind] = generation;
        await file.write(JSON.stringify({ tunnel: textOf('', seen.tunnel), node: textOf('', seen.node) }));
      }
      return generation;
    },
  };
}

export function older(a: Generation, b: Generation): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.revision < b.revision);
}

function textOf(name: string, { epoch, revision }: Generation): Record<string, string> {
  return name === '' ? { epoch: String(epoch), revision: String(revision) } : { [name]: `${epoch}.${revision}` };
}

/** A file that cannot be read counts as none: the fence then starts low, and the first order of this life raises it. */
function parse(text: string | undefined): Record<OrderKind, Generation> {
  const value: unknown = text === undefined ? {} : safeJson(text);
  return { tunnel: generationFrom(value, 'tunnel'), node: generationFrom(value, 'node') };
}

function generationFrom(value: unknown, kind: OrderKind): Generation {
  const part = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[kind] : undefined;
  if (typeof part !== 'object' || part === null || !('epoch' in part) || !('revision' in part)) return none;
  const [epoch, revision] = [part.epoch, part.revision].map((text) => (typeof text === 'string' && /^\d{1,20}$/.test(text) ? BigInt(text) : uint64Max + 1n)) as [bigint, bigint];
  return epoch > uint64Max || revision > uint64Max ? none : { epoch, revision };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Treated as no file, see above.
    return {};
  }
}
