import { type Grouping, groupings, type Sort, type SortKey, sortKeys } from './peer-browse.ts';

/** Columns beside the name, in the order in which they stand. */
export const columnNames = ['path', 'address', 'role', 'owner', 'part', 'endpoint', 'handshake', 'traffic', 'latency'] as const;
export type ColumnName = (typeof columnNames)[number];

export interface Column {
  readonly name: ColumnName | 'name';
  readonly sort: SortKey | null;
  /** Of the grid's template. */
  readonly track: string;
  readonly leastPx: number;
}

const nameColumn: Column = { name: 'name', sort: 'name', track: 'minmax(130px, 1.4fr)', leastPx: 130 };
const columns: Readonly<Record<ColumnName, Column>> = {
  path: { name: 'path', sort: 'path', track: 'minmax(110px, 1.25fr)', leastPx: 110 },
  address: { name: 'address', sort: 'address', track: '116px', leastPx: 116 },
  role: { name: 'role', sort: 'role', track: 'minmax(72px, 0.5fr)', leastPx: 72 },
  owner: { name: 'owner', sort: 'owner', track: 'minmax(96px, 1fr)', leastPx: 96 },
  part: { name: 'part', sort: 'part', track: 'minmax(72px, 0.5fr)', leastPx: 72 },
  endpoint: { name: 'endpoint', sort: null, track: 'minmax(120px, 1.1fr)', leastPx: 120 },
  handshake: { name: 'handshake', sort: 'handshake', track: '84px', leastPx: 84 },
  traffic: { name: 'traffic', sort: 'traffic', track: '80px', leastPx: 80 },
  latency: { name: 'latency', sort: 'latency', track: '76px', leastPx: 76 },
};

export const columnGapPx = 14;
const paddingPx = 36;
/** What gives way first where there is no room. */
const dispensable: readonly ColumnName[] = ['endpoint', 'part', 'traffic', 'role', 'owner', 'handshake', 'address', 'latency', 'path'];

/** The chosen columns that fit into the width, the name first. */
export function fitColumns(chosen: readonly ColumnName[], widthPx: number): readonly Column[] {
  let kept = columnNames.filter((name) => chosen.includes(name));
  const needed = (): number => [nameColumn, ...kept.map((name) => columns[name])].reduce((sum, { leastPx }) => sum + leastPx + columnGapPx, paddingPx - columnGapPx);
  for (const name of dispensable) {
    if (needed() <= widthPx) break;
    kept = kept.filter((each) => each !== name);
  }
  return [nameColumn, ...kept.map((name) => columns[name])];
}

/** How this window shows peers: kept by the browser for the next time. Searches and filters are not, for they would hide devices unasked. */
export interface PeersLook {
  readonly columns: readonly ColumnName[];
  readonly group: Grouping;
  readonly sort: Sort;
  readonly map: boolean;
}

export const plainLook: PeersLook = { columns: ['path', 'address', 'role', 'endpoint', 'handshake', 'traffic', 'latency'], group: 'none', sort: { key: 'name', down: false }, map: false };

/** Reads what was kept; what makes no sense, or nothing, is the plain look. */
export function readLook(text: string | null): PeersLook {
  const kept = parsed(text);
  const sort = recordOf(kept['sort']);
  const named = kept['columns'];
  return {
    columns: Array.isArray(named) ? columnNames.filter((name) => named.includes(name)) : plainLook.columns,
    group: groupings.find((name) => name === kept['group']) ?? plainLook.group,
    sort: { key: sortKeys.find((key) => key === sort['key']) ?? plainLook.sort.key, down: sort['down'] === true },
    map: kept['map'] === true,
  };
}

function parsed(text: string | null): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(text ?? '{}'));
  } catch {
    return {}; // Somebody else's, or half of ours.
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

const keptAs = 'webmesh.peers';

/** A browser may forbid storage, or have none left: then the look lasts as long as the page. */
export function loadLook(page: Pick<Window, 'localStorage'>): PeersLook {
  try {
    return readLook(page.localStorage.getItem(keptAs));
  } catch {
    return plainLook;
  }
}

export function keepLook(page: Pick<Window, 'localStorage'>, look: PeersLook): void {
  try {
    page.localStorage.setItem(keptAs, JSON.stringify(look));
  } catch {
    // See loadLook.
  }
}
