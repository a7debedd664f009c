/**
 * Values as text between main process, preload world and page world. Structured clone is cut down to what JSON says, plus undefined and,
 * across the context bridge, functions. Everything else throws instead of arriving changed. It is shipped into the page as source text,
 * so it uses nothing from outside itself.
 */
export interface Codec {
  encode(value: unknown, nameFunction?: (run: Function) => number): string;
  decode(text: string, makeFunction?: (id: number) => Function): unknown;
}

export function makeCodec(): Codec {
  const refuse = (what: string): never => {
    throw new Error(`An object could not be cloned. (${what})`);
  };
  const pack = (value: unknown, nameFunction: ((run: Function) => number) | undefined, above: readonly unknown[]): unknown => {
    if (value === undefined) return { $: 'undefined' };
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return Number.isFinite(value) ? value : refuse(String(value));
    if (typeof value === 'function') return nameFunction ? { $: 'function', id: nameFunction(value) } : refuse('a function');
    if (typeof value !== 'object') return refuse(typeof value);
    if (above.includes(value)) return refuse('a cycle');
    const inside = [...above, value];
    if (Array.isArray(value)) return value.map((item) => pack(item, nameFunction, inside));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return refuse('an instance of a class; the stand-in carries plain objects');
    if ('$' in value) return refuse('a key named $');
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item, nameFunction, inside)]));
  };
  const unpack = (value: unknown, makeFunction: ((id: number) => Function) | undefined): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => unpack(item, makeFunction));
    if ('$' in value) return value.$ === 'function' && 'id' in value ? makeFunction?.(Number(value.id)) : undefined;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, makeFunction)]));
  };
  return {
    encode: (value, nameFunction) => JSON.stringify(pack(value, nameFunction, [])),
    decode: (text, makeFunction) => unpack(JSON.parse(text), makeFunction),
  };
}
