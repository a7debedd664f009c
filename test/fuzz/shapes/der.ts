import { between, chance, pick } from '../../../src/base/random.ts';
import { bytes, joined } from './bytes.ts';
import { type Help, type Shape } from './shape.ts';

/** One element of DER (X.690): a tag and either bytes or further elements. */
interface Element {
  tag: number;
  content: Uint8Array | Element[];
}

const tags = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31, 0x80, 0x82, 0xa0, 0xa1, 0xa3, 0x1f];

/** One change somewhere in a tree of DER elements, with lengths made right again. Every fifth change is to the bytes. */
export const der: Shape = (input, help) => {
  const elements = chance(help.random, 0.2) ? undefined : elementsOf(input, 0);
  return elements === undefined || elements.length === 0 ? bytes(input, help) : joined(...changed(elements, help).map(written));
};

function changed(elements: Element[], help: Help): Element[] {
  const { random } = help;
  const at = between(random, 0, elements.length - 1);
  const element = elements[at] as Element;
  const inside = Array.isArray(element.content) && element.content.length > 0 && chance(random, 0.85) ? element.content : undefined;
  const replaced = (next: Element): Element[] => elements.map((one, i) => (i === at ? next : one));
  if (inside !== undefined) return replaced({ ...element, content: changed(inside, help) });
  switch (between(random, 0, 7)) {
    case 0: return elements.filter((_, i) => i !== at);
    case 1: return [...elements, element];
    case 2: return replaced({ ...element, tag: pick(random, tags) });
    case 3: return replaced({ tag: 0x30, content: [element] });
    case 4: return [...elements.slice(0, at), { tag: pick(random, tags), content: Buffer.from(pick(random, help.words)) }, ...elements.slice(at)];
    default: return replaced({ ...element, content: bytes(flat(element), help) });
  }
}

function elementsOf(input: Uint8Array, depth: number): Element[] | undefined {
  const elements: Element[] = [];
  let at = 0;
  while (at < input.length) {
    const [tag, first] = [input[at], input[at + 1]];
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f || first === 0x80 || first > 0x83) return undefined;
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    let length = first < 0x80 ? first : 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (input[at + 2 + i] ?? 0);
    const from = at + 2 + lengthBytes;
    if (from + length > input.length) return undefined;
    const body = input.subarray(from, from + length);
    const inner = (tag & 0x20) !== 0 && depth < 20 ? elementsOf(body, depth + 1) : undefined;
    elements.push({ tag, content: inner ?? body });
    at = from + length;
  }
  return elements;
}

function flat({ content }: Element): Uint8Array {
  return Array.isArray(content) ? joined(...content.map(written)) : content;
}

function written(element: Element): Uint8Array {
  const body = flat(element);
  const { length } = body;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : length < 0x10000 ? [0x82, length >> 8, length & 255] : [0x83, length >> 16, (length >> 8) & 255, length & 255];
  return joined(Uint8Array.from([element.tag, ...head]), body);
}
