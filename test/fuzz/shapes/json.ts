import { between, chance, pick } from '../../../src/base/random.ts';
import { bytes } from './bytes.ts';
import { type Help, type Shape } from './shape.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Holder = Json[] | { [key: string]: Json };

/** Names by which a careless assignment reaches what all objects share. */
const poison = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'then'];
const spicy: readonly Json[] = [null, true, false, 0, -1, 1, 0.5, -0, 65_536, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, '', ' ', '0', '-1', 'NaN', '\u0000', '\ud800', '﷐', [], {}, [[]], [null]];

/** One change somewhere in a JSON value. Every fourth change is to the text's bytes. */
export const json: Shape = (input, help) => {
  if (chance(help.random, 0.25)) return bytes(input, help);
  try {
    return Buffer.from(JSON.stringify(changed(JSON.parse(Buffer.from(input).toString('utf8')) as Json, help)));
  } catch {
    return bytes(input, help); // Not JSON any more.
  }
};

/** JSON lines: one of them is changed, or lines are dropped, doubled and joined. */
export const jsonLines: Shape = (input, help) => {
  const { random } = help;
  const lines = Buffer.from(input).toString('utf8').split('\n');
  const at = between(random, 0, lines.length - 1);
  const line = lines[at] as string;
  const choice = between(random, 0, 9);
  if (choice === 0) lines.splice(at, 1);
  else if (choice === 1) lines.splice(at, 0, line);
  else if (choice === 2) lines[at] = Buffer.from(bytes(Buffer.from(line), help)).toString('utf8');
  else lines[at] = Buffer.from(json(Buffer.from(line), help)).toString('utf8');
  return Buffer.from(lines.join('\n'));
};

function changed(value: Json, help: Help): Json {
  const holders: Holder[] = [];
  collect(value, holders);
  const holder = holders.length === 0 ? undefined : pick(help.random, holders);
  if (holder === undefined || chance(help.random, 0.05)) return fresh(value, help);
  if (Array.isArray(holder)) changeList(holder, help);
  else changeObject(holder, help);
  return value;
}

function collect(value: Json, holders: Holder[]): void {
  if (typeof value !== 'object' || value === null || holders.length > 1000) return;
  holders.push(value);
  for (const part of Object.values(value)) collect(part, holders);
}

function changeList(list: Json[], help: Help): void {
  const { random } = help;
  const at = between(random, 0, Math.max(0, list.length - 1));
  const one = list[at] ?? null;
  switch (between(random, 0, 5)) {
    case 0: list.splice(at, 1); break;
    case 1: list.push(one); break;
    case 2: for (let i = between(random, 2, chance(random, 0.05) ? 5_000 : 20); i > 0; i--) list.push(one); break;
    default: list[at] = fresh(one, help);
  }
}

function changeObject(object: { [key: string]: Json }, help: Help): void {
  const { random, words } = help;
  const keys = Object.keys(object);
  const key = keys.length === 0 ? 'a' : pick(random, keys);
  const own = Object.getOwnPropertyDescriptor(object, key)?.value as Json | undefined;
  switch (between(random, 0, 6)) {
    case 0: delete object[key]; break;
    case 1: put(object, pick(random, poison), chance(random, 0.5) ? { polluted: true } : (own ?? null)); break;
    case 2: put(object, pick(random, words), own ?? null); break;
    default: put(object, key, fresh(own ?? null, help));
  }
}

/** An own property, whatever its name is. */
function put(object: { [key: string]: Json }, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Another value in the place of one: of another type, or near it. */
function fresh(value: Json, help: Help): Json {
  const { random, words } = help;
  if (typeof value === 'string' && chance(random, 0.5)) return Buffer.from(bytes(Buffer.from(value), help)).toString('utf8');
  if (typeof value === 'number' && chance(random, 0.4)) return value + pick(random, [-1, 1, 0.5, 2 ** 16, 2 ** 32]);
  switch (between(random, 0, 5)) {
    case 0: return pick(random, words);
    case 1: return { [pick(random, words)]: value };
    case 2: return [value];
    case 3: return 'x'.repeat(between(random, 1, 400));
    default: return structuredClone(pick(random, spicy));
  }
}
