import { failure } from '../../base/failure.ts';
import { updateLimits } from './limits.ts';

/**
 * Looks whether bytes are JSON that is safe to hand to the library: an object in well-formed UTF-8, not too long, not nested deeply (the library
 * walks it by recursion). Throws update.damaged or update.too-large.
 */
export function checkMetadataJson(file: string, bytes: Uint8Array): void {
  if (bytes.length > updateLimits.metadataBytesMax) throw failure('update.too-large', { file, bytesMax: updateLimits.metadataBytesMax });
  const value = parse(file, bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw failure('update.damaged', { file, problem: 'no object' });
  if (!isShallow(value)) throw failure('update.damaged', { file, problem: 'nested too deeply' });
}

function parse(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw failure('update.damaged', { file, problem: 'no JSON' }, error);
  }
}

/** Level by level, without recursion. */
function isShallow(value: object): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < updateLimits.depthMax; depth++) {
    level = level.flatMap((part) => (typeof part === 'object' && part !== null ? Object.values(part) : []));
    if (level.length === 0) return true;
  }
  return false;
}
