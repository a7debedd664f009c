import type { AppState, TopicName } from './state.ts';

/**
 * Topics that are a long list and little else, of which one change touches few rows. Between two ends that both know how, only those rows travel;
 * either end still sees whole values.
 */
export const rowTopics = { peers: 'list' } as const satisfies { readonly [K in TopicName]?: keyof AppState[K] };
export type RowTopicName = keyof typeof rowTopics;

interface Row {
  readonly id: string;
}

/** What leads from one value to the next. Rows that stay keep their order. */
export interface RowsChange {
  /** The value without its list. */
  readonly rest: Readonly<Record<string, unknown>>;
  readonly removed: readonly string[];
  /** Rows that are new or other than before, each with its place in the new list, in that order. */
  readonly put: readonly (readonly [place: number, row: Row])[];
}

export function isRowTopic(name: unknown): name is RowTopicName {
  return typeof name === 'string' && Object.hasOwn(rowTopics, name);
}

/** Undefined where the whole value says it better: rows changed their order, most of them changed, or an id is there twice. */
export function changeOf(name: RowTopicName, before: unknown, after: unknown): RowsChange | undefined {
  const [was, is] = [listIn(name, before), listIn(name, after)];
  if (was === undefined || is === undefined) return undefined;
  const [old, wanted] = [new Map(was.map((row) => [row.id, row])), new Set(is.map(({ id }) => id))];
  if (old.size !== was.length || wanted.size !== is.length) return undefined;
  const kept = was.filter(({ id }) => wanted.has(id));
  const put: [number, Row][] = [];
  let at = 0;
  for (const [place, row] of is.entries()) {
    const known = old.get(row.id);
    if (known !== undefined && kept[at++] !== known) return undefined;
    if (known === undefined || !same(known, row)) put.push([place, row]);
  }
  if (put.length * 2 > is.length) return undefined;
  return { rest: restOf(name, after as object), removed: was.filter(({ id }) => !wanted.has(id)).map(({ id }) => id), put };
}

/** The next value; rows that did not change are the very same objects. Undefined when the change does not fit, or is none: it comes from another process. */
export function changed(name: RowTopicName, before: unknown, change: unknown): unknown {
  const was = listIn(name, before);
  if (was === undefined || !isChange(change)) return undefined;
  const gone = new Set(change.removed);
  const kept = was.filter(({ id }) => !gone.has(id));
  if (kept.length !== was.length - change.removed.length) return undefined;
  const ids = new Set(kept.map(({ id }) => id));
  const list: Row[] = [];
  let at = 0;
  for (const [place, row] of change.put) {
    while (list.length < place && at < kept.length) list.push(kept[at++] as Row);
    if (list.length !== place) return undefined;
    if (ids.has(row.id) && kept[at++]?.id !== row.id) return undefined;
    ids.add(row.id);
    list.push(row);
  }
  for (const row of kept.slice(at)) list.push(row);
  return { ...change.rest, [rowTopics[name]]: list };
}

function listIn(name: RowTopicName, value: unknown): readonly Row[] | undefined {
  const list = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[rowTopics[name]] : undefined;
  return Array.isArray(list) ? (list as Row[]) : undefined;
}

function restOf(name: RowTopicName, value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== rowTopics[name]));
}

function isChange(value: unknown): value is RowsChange {
  if (typeof value !== 'object' || value === null) return false;
  const { rest, removed, put } = value as Partial<Record<keyof RowsChange, unknown>>;
  return typeof rest === 'object' && rest !== null && Array.isArray(removed) && Array.isArray(put) && put.every(isPut);
}

function isPut(value: unknown): boolean {
  if (!Array.isArray(value) || !Number.isSafeInteger(value[0])) return false;
  const row: unknown = value[1];
  return typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string';
}

/** Of plain values: the same as their JSON, without writing it. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}
