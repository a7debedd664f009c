/**
 * Edge coverage of the product's own sources, and the words that stand in them. The instrumented sources call `hit` at the beginning of
 * every branch; nobody else does, so without instrumentation everything here stays empty.
 */
const edgesMax = 1 << 17;
const counts = new Uint32Array(edgesMax);
const touched = new Uint32Array(edgesMax);
let touchedCount = 0;
let edges = 0;

/** Which of the eight bits stand for how often an edge was taken, as AFL has it: 1, 2, 3, 4+, 8+, 16+, 32+, 128+. */
function bucketOf(count: number): number {
  if (count < 4) return 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}

/** A new edge; instrumentation asks for one at each branch. */
export function newEdge(): number {
  if (edges >= edgesMax) throw new Error(`more than ${edgesMax} branches: raise edgesMax`);
  return edges++;
}

/** Called by instrumented code. */
export function hit(edge: number): void {
  if (counts[edge] === 0) touched[touchedCount++] = edge;
  counts[edge] = (counts[edge] as number) + 1;
}

/** Forgets what the last input took. */
export function startInput(): void {
  for (let i = 0; i < touchedCount; i++) counts[touched[i] as number] = 0;
  touchedCount = 0;
}

/** What one target has seen so far. */
export interface Seen {
  /** True when the last input took an edge, or took it as often, as no input before. */
  learn(): boolean;
  edges(): number;
  /** Files with a branch that some input took. */
  files(): readonly string[];
}

export function newSeen(): Seen {
  const buckets = new Uint8Array(edgesMax);
  let known = 0;
  return {
    learn: () => {
      let fresh = false;
      for (let i = 0; i < touchedCount; i++) {
        const edge = touched[i] as number;
        const bucket = bucketOf(counts[edge] as number);
        const before = buckets[edge] as number;
        if ((before & bucket) !== 0) continue;
        if (before === 0) known++;
        buckets[edge] = before | bucket;
        fresh = true;
      }
      return fresh;
    },
    edges: () => known,
    files: () => [...sources].filter(([, { from, to }]) => buckets.subarray(from, to).some((bucket) => bucket !== 0)).map(([file]) => file),
  };
}

interface Source {
  readonly from: number;
  readonly to: number;
  readonly words: readonly string[];
}

const sources = new Map<string, Source>();

/** Notes one instrumented file: its edges and the literal texts and numbers in it, which mutations like to write into inputs. */
export function noteSource(file: string, source: Source): void {
  sources.set(file, source);
}

/** Literals of the given files, in the order of the files' names: the same for the same set. */
export function wordsOf(files: readonly string[]): readonly string[] {
  return [...new Set([...files].sort().flatMap((file) => sources.get(file)?.words ?? []))];
}
