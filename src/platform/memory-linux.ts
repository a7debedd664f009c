import { readFileSync } from 'node:fs';
import { nativeFunction } from './native.ts';

/** madvise(2): the pages may go; those of a file come back from it, or from the system's copy of it, when they are touched again. */
const dontNeed = 4;

/**
 * Linux: gives back what this process holds and does not use. What the C library keeps after `free`, and the pages of programs and libraries that
 * only the start needed: they stay in the system's memory for whoever runs the same file, but no longer count as ours. Answers the bytes of
 * file pages that were let go and could come back; 0 where the C library or the kernel cannot.
 */
export function giveMemoryBack(): number {
  if (process.platform !== 'linux') return 0;
  try {
    nativeFunction('int malloc_trim(size_t pad)')(0);
    const madvise = nativeFunction('int madvise(uintptr_t address, size_t bytes, int advice)');
    let bytes = 0;
    for (const { from, to, residentBytes } of cleanFileMappings(readFileSync('/proc/self/smaps', 'utf8'))) if (madvise(from, to - from, dontNeed) === 0) bytes += residentBytes;
    return bytes;
  } catch {
    return 0; // another C library, or another kernel: it is only thrift
  }
}

/** mallopt(3), of malloc.h: few pools, and what is freed goes back to the system instead of waiting in them. For a process that cannot be told by its environment. */
export function keepMallocSmall(): void {
  if (process.platform !== 'linux') return;
  try {
    const mallopt = nativeFunction('int mallopt(int parameter, int value)');
    for (const [parameter, value] of [[-8, 2], [-1, 131_072], [-3, 131_072]] as const) mallopt(parameter, value);
  } catch {
    // Another C library: it is only thrift.
  }
}

interface Mapping {
  readonly from: bigint;
  readonly to: bigint;
  readonly residentBytes: number;
}

/** Of proc(5) smaps: mappings of files that nobody writes to through them and none of whose pages is this process's own copy. Letting go of those loses nothing. */
export function cleanFileMappings(smaps: string): Mapping[] {
  const found: Mapping[] = [];
  let at: { readonly from: bigint; readonly to: bigint; residentBytes: number } | undefined;
  for (const line of smaps.split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)$/.exec(line);
    if (head) {
      const [, from, to, rights = '', path = ''] = head;
      at = path.startsWith('/') && !rights.includes('w') ? { from: BigInt(`0x${from}`), to: BigInt(`0x${to}`), residentBytes: 0 } : undefined;
    } else if (at && line.startsWith('Rss:')) at.residentBytes = kilobytes(line) * 1024;
    else if (at && line.startsWith('Anonymous:') && kilobytes(line) === 0 && at.residentBytes > 0) found.push(at);
  }
  return found;
}

function kilobytes(line: string): number {
  return Number(/(\d+) kB/.exec(line)?.[1] ?? Number.NaN);
}
