import { type SqlValue } from '../ports.ts';
import { goTimeText, parseTime, rfc3339 } from './go-time.ts';
import { type Rows, type Tables } from './schema.ts';
import { integerOf, textOf, timeOf } from './values.ts';

/** The three tables in the JSON that Go nodes write: nullable texts as {String, Valid}, times as RFC 3339, an empty table as null. */
export function goTables({ mesh_state, nodes, leases }: Tables): Record<string, unknown> {
  return {
    state: listOrNull(mesh_state, ([, key, value]) => ({ key: textOf(key), value: textOf(value) })),
    nodes: listOrNull(nodes, ([, id, publicKey, raftPort, grpcPort, wireguardPort, primary, endpoints, network, created, updated]) => ({
      id: textOf(id), public_key: nullable(publicKey), raft_port: integerOf(raftPort), grpc_port: integerOf(grpcPort), wireguard_port: integerOf(wireguardPort),
      primary_endpoint: nullable(primary), endpoints: nullable(endpoints), network_ipv6: nullable(network), created_at: time(created), updated_at: time(updated),
    })),
    leases: listOrNull(leases, ([, nodeId, ipv4, created]) => ({ node_id: textOf(nodeId), ipv4: textOf(ipv4), created_at: time(created) })),
  };
}

/**
 * The tables of a foreign snapshot. Keys match in any case, as Go's decoder has it. Leases of nodes that are gone are left behind:
 * the writer had no foreign keys. Access lists are not in that form at all.
 */
export function foreignTables(value: Record<string, unknown>): Tables {
  const nodes = objects(value, 'nodes').map((row) => [
    text(row, 'id'), optional(row, 'public_key'), integer(row, 'raft_port'), integer(row, 'grpc_port'), integer(row, 'wireguard_port'),
    optional(row, 'primary_endpoint'), optional(row, 'endpoints'), optional(row, 'network_ipv6'), stored(row, 'created_at'), stored(row, 'updated_at'),
  ]);
  const ids = new Set(nodes.map(([id]) => id));
  return {
    mesh_state: numbered(objects(value, 'state').map((row) => [text(row, 'key'), text(row, 'value')])),
    nodes: numbered(nodes),
    leases: numbered(objects(value, 'leases').map((row) => [text(row, 'node_id'), text(row, 'ipv4'), stored(row, 'created_at')]).filter(([id]) => ids.has(id as string))),
    raft_acls: [],
    network_acls: [],
    ...noTrust,
  };
}

/** What snapshots from before there was trust, and those of older nodes, hold of it. */
export const noTrust = { devices: [], certificates: [], invites: [], authorities: [], audit: [] } as const satisfies Partial<Tables>;

function listOrNull(rows: Rows, convert: (row: readonly SqlValue[]) => unknown): unknown[] | null {
  return rows.length === 0 ? null : rows.map(convert);
}

function nullable(value: SqlValue | undefined): { String: string; Valid: boolean } {
  return { String: textOf(value), Valid: value !== null };
}

function time(value: SqlValue | undefined): string {
  return rfc3339(timeOf(value)) ?? '0001-01-01T00:00:00Z';
}

const numbered = (rows: readonly (readonly SqlValue[])[]): Rows => rows.map((row, i) => [BigInt(i + 1), ...row]);

function field(row: Record<string, unknown>, name: string): unknown {
  if (name in row) return row[name];
  const found = Object.keys(row).find((key) => key.toLowerCase() === name);
  return found === undefined ? undefined : row[found];
}

function objects(value: Record<string, unknown>, name: string): readonly Record<string, unknown>[] {
  const list = field(value, name) ?? [];
  if (!Array.isArray(list)) throw new Error(`${name} is no list`);
  return list.map((row: unknown) => {
    if (typeof row !== 'object' || row === null) throw new Error(`a row of ${name} is no object`);
    return row as Record<string, unknown>;
  });
}

function text(row: Record<string, unknown>, name: string): string {
  const value = field(row, name);
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

function optional(row: Record<string, unknown>, name: string): string | null {
  const value = field(row, name);
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') throw new Error(`${name} is no nullable text`);
  const parts = value as Record<string, unknown>;
  return field(parts, 'valid') === true ? String(field(parts, 'string') ?? '') : null;
}

function integer(row: Record<string, unknown>, name: string): bigint {
  const value = field(row, name) ?? 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Error(`${name} is no integer`);
  return BigInt(value);
}

function stored(row: Record<string, unknown>, name: string): string {
  const instant = parseTime(text(row, name));
  const written = instant && goTimeText(instant);
  if (written === undefined) throw new Error(`${name} is no time`);
  return written;
}
