import { type Database, type SqlValue } from '../ports.ts';
import { trustSchema, trustTriggers } from './trust-schema.ts';

/** The replicated tables: what SQL text in the log may read and write. */
export const tableNames = ['mesh_state', 'nodes', 'leases', 'raft_acls', 'network_acls', 'devices', 'certificates', 'invites', 'authorities', 'audit'] as const;
export type TableName = (typeof tableNames)[number];

const viewNames = [
  'node_private_rpc_addresses', 'node_private_raft_addresses', 'node_public_rpc_addresses', 'node_public_raft_addresses',
  'node_primary_wireguard_endpoints', 'node_all_wireguard_endpoints',
] as const;

export const replicatedNames: ReadonlySet<string> = new Set([...tableNames, ...viewNames, 'demands', 'touched']);

/** Log SQL may add rows to these and read them, nothing else. */
export const appendOnlyNames: ReadonlySet<string> = new Set(['audit', 'touched']);

/** Columns in the order in which the tables are made, snapshots are written and rows are restored. */
export const columnsOf: Readonly<Record<TableName, readonly string[]>> = {
  mesh_state: ['key', 'value'],
  nodes: ['id', 'public_key', 'raft_port', 'grpc_port', 'wireguard_port', 'primary_endpoint', 'endpoints', 'network_ipv6', 'created_at', 'updated_at'],
  leases: ['node_id', 'ipv4', 'created_at'],
  raft_acls: ['name', 'nodes', 'voter', 'observer', 'created_at', 'updated_at'],
  network_acls: ['name', 'proto', 'action', 'src_cidrs', 'dst_cidrs', 'src_nodes', 'dst_nodes', 'priority', 'created_at', 'updated_at'],
  devices: ['id', 'role', 'state', 'name', 'invited_by', 'invite_id', 'key_hash', 'certificate_request', 'created_at_ms', 'revoked_at_ms'],
  certificates: ['fingerprint', 'device_id', 'key_hash', 'certificate', 'authority', 'not_before_ms', 'not_after_ms', 'recorded_at_ms'],
  invites: ['id', 'token_hash', 'role', 'created_by', 'created_at_ms', 'expires_at_ms', 'uses', 'uses_max', 'needs_approval', 'revoked_at_ms', 'note'],
  authorities: ['node_id', 'certificate_request', 'certificate', 'not_after_ms'],
  audit: ['sequence', 'at_ms', 'actor', 'node', 'action', 'subject', 'detail', 'hash'],
};

/** Rows as a snapshot holds them: the row id first, then the columns in order. */
export type Rows = readonly (readonly SqlValue[])[];
export type Tables = Readonly<Record<TableName, Rows>>;

/** `host:port` in SQL, IPv6 in brackets. */
const hostPort = (host: string, port: string): string => `CASE WHEN instr(${host}, ':') > 0 THEN '[' || ${host} || ']:' || ${port} ELSE ${host} || ':' || ${port} END`;

/** An address without its prefix length. */
const bare = (text: string): string => `CASE WHEN instr(${text}, '/') > 0 THEN substr(${text}, 1, instr(${text}, '/') - 1) ELSE ${text} END`;

const privateAddresses = (view: string, port: string): string => `
  CREATE VIEW IF NOT EXISTS ${view} AS
  SELECT node_id, ${hostPort('host', 'port')} AS address FROM (
    SELECT nodes.id AS node_id, ${bare('coalesce(leases.ipv4, nodes.network_ipv6)')} AS host, nodes.${port} AS port
    FROM nodes LEFT JOIN leases ON leases.node_id = nodes.id WHERE coalesce(leases.ipv4, nodes.network_ipv6) IS NOT NULL);`;

const publicAddresses = (view: string, column: string, port: string): string => `
  CREATE VIEW IF NOT EXISTS ${view} AS
  SELECT id AS node_id, ${hostPort('primary_endpoint', port)} AS ${column} FROM nodes WHERE primary_endpoint IS NOT NULL AND primary_endpoint <> '';`;

/**
 * The replicated schema of the mesh (version 1), and one table of ours beside it: how far the log was applied. It is written in the
 * transaction of the change itself, so a crash can neither lose an entry nor run it twice.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS mesh_state (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS nodes (
    id TEXT NOT NULL PRIMARY KEY,
    public_key TEXT,
    raft_port INTEGER NOT NULL DEFAULT 9444,
    grpc_port INTEGER NOT NULL DEFAULT 8443,
    wireguard_port INTEGER NOT NULL DEFAULT 51820,
    primary_endpoint TEXT UNIQUE,
    endpoints TEXT UNIQUE,
    network_ipv6 TEXT UNIQUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL);
  CREATE TABLE IF NOT EXISTS leases (
    node_id TEXT NOT NULL UNIQUE REFERENCES nodes (id) ON DELETE CASCADE,
    ipv4 TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL);
  CREATE TABLE IF NOT EXISTS raft_acls (
    name TEXT NOT NULL PRIMARY KEY,
    nodes TEXT NOT NULL,
    voter BOOLEAN NOT NULL DEFAULT FALSE,
    observer BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL);
  CREATE TABLE IF NOT EXISTS network_acls (
    name TEXT NOT NULL PRIMARY KEY,
    proto TEXT NOT NULL,
    action TEXT NOT NULL,
    src_cidrs TEXT,
    dst_cidrs TEXT,
    src_nodes TEXT,
    dst_nodes TEXT,
    priority INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL);
  ${privateAddresses('node_private_rpc_addresses', 'grpc_port')}
  ${privateAddresses('node_private_raft_addresses', 'raft_port')}
  ${publicAddresses('node_public_rpc_addresses', 'address', 'grpc_port')}
  ${publicAddresses('node_public_raft_addresses', 'address', 'raft_port')}
  ${publicAddresses('node_primary_wireguard_endpoints', 'endpoint', 'wireguard_port')}
  CREATE VIEW IF NOT EXISTS node_all_wireguard_endpoints AS
  SELECT id AS node_id, primary_endpoint || ',' || CASE WHEN endpoints IS NULL OR endpoints = '' THEN '' ELSE endpoints || ',' END AS endpoints, wireguard_port AS port
  FROM nodes WHERE primary_endpoint IS NOT NULL AND primary_endpoint <> '';
  CREATE TABLE IF NOT EXISTS applied (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    term INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    configuration TEXT NOT NULL);
  INSERT INTO applied (id, term, log_index, configuration) VALUES (1, 0, 0, '{"servers":[]}') ON CONFLICT (id) DO NOTHING;`;

/** Makes what is missing. A row that REPLACE removes is a deleted row to triggers as well. */
export function migrate(db: Database): void {
  db.exec('PRAGMA recursive_triggers = ON');
  db.transaction(() => db.exec(`${schema}${trustSchema}${trustTriggers}`));
}
