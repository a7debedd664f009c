/** Limits of one message of a page: values in it, depth, and characters in all its texts and names. */
export const plainLimits = { valuesMax: 10_000, depthMax: 16, charactersMax: 1 << 20 } as const;

/**
 * True for a small value of plain JSON. Electron hands over whatever can be cloned: maps, buffers of gigabytes, objects that hold themselves.
 * Nothing of that belongs in the contract, and finding it out costs no more than the limits say.
 */
export function isPlainMessage(message: unknown): boolean {
  let values = 0;
  let characters = 0;
  const waiting: { readonly value: unknown; readonly depth: number }[] = [{ value: message, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, depth } = next;
    if (++values > plainLimits.valuesMax || depth > plainLimits.depthMax) return false;
    if (typeof value === 'string') characters += value.length;
    else if (typeof value === 'object' && value !== null) {
      const inner = partsOf(value);
      if (inner === undefined || inner.length > plainLimits.valuesMax) return false;
      for (const [name, part] of inner) {
        characters += name.length;
        waiting.push({ value: part, depth: depth + 1 });
      }
    } else if (!isPlainLeaf(value)) return false;
    if (characters > plainLimits.charactersMax) return false;
  }
  return true;
}

function isPlainLeaf(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number';
}

/** Undefined for everything that is neither a plain object nor a whole array. */
function partsOf(value: object): readonly (readonly [string, unknown])[] | undefined {
  if (Array.isArray(value)) return value.length > plainLimits.valuesMax ? undefined : value.map((part: unknown) => ['', part] as const);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined;
}
