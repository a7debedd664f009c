import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { RaftApplyResponse, RaftCommandType, type RaftLogEntry, SQLParameterType } from '../../gen/v1/node_raft.ts';
import { openDatabase } from '../../platform/sqlite.ts';
import { type Entry, entryType } from '../../raft/types.ts';
import { encodeConfiguration } from '../consensus/codec.ts';
import { encodeEntry } from '../consensus/entry.ts';
import { type Database, type SqlValue } from '../ports.ts';
import { createMeshState, type MeshState } from './mesh-state.ts';
import { readTables } from './snapshot.ts';
import { parameter } from './values.ts';

interface World {
  readonly db: Database;
  readonly state: MeshState;
  command(entry: RaftLogEntry): RaftApplyResponse;
  rows(sql: string): readonly SqlValue[][];
}

function world(): World {
  const db = openDatabase({ path: ':memory:', durability: 'normal' });
  const state = createMeshState(db);
  const command = (entry: RaftLogEntry): RaftApplyResponse => {
    const [answer] = state.apply([commandAt(state.appliedIndex() + 1, encodeEntry(entry))]);
    return RaftApplyResponse.decode(answer as Uint8Array);
  };
  return { db, state, command, rows: (sql) => db.prepare(sql).all() };
}

function commandAt(index: number, data: Uint8Array, type: Entry['type'] = entryType.command): Entry {
  return { index, term: 1, type, data, extensions: null, appendedAt: null };
}

const text = (str: string, name = ''): ReturnType<typeof parameter> => parameter({ type: SQLParameterType.SQL_PARAM_STRING, str, name });
const int = (int64: bigint): ReturnType<typeof parameter> => parameter({ type: SQLParameterType.SQL_PARAM_INT64, int64 });
const exec = (sql: string, parameters: ReturnType<typeof parameter>[] = [], transaction = true): RaftLogEntry =>
  ({ type: RaftCommandType.EXECUTE, sqlQuery: undefined, sqlExec: { transaction, statement: { sql, parameters } } });
const query = (sql: string, parameters: ReturnType<typeof parameter>[] = []): RaftLogEntry =>
  ({ type: RaftCommandType.QUERY, sqlExec: undefined, sqlQuery: { transaction: true, statement: { sql, parameters } } });
const putState = 'INSERT INTO mesh_state (key, value) VALUES (?1, ?2)';

test('an entry and the note about it are written together; what was applied is skipped', () => {
  const { state, rows, command } = world();
  const seen: number[] = [];
  state.revision.subscribe((revision) => seen.push(revision));
  expect(command(exec(putState, [text('a'), text('1')])).execResult).toEqual({ lastInsertId: 1n, rowsAffected: 1n, error: '', time: '0s' });
  expect(rows('SELECT term, log_index FROM applied')).toEqual([[1n, 1n]]);
  const again = state.apply([commandAt(1, encodeEntry(exec(putState, [text('a'), text('2')]))), commandAt(2, new Uint8Array(), entryType.noop)]);
  expect(again).toEqual([null, null]);
  expect([state.appliedIndex(), state.get('a'), seen]).toEqual([2, '1', [1, 2]]);
});

test('a gap in the log is a bug, not a state', () => {
  expect(() => world().state.apply([commandAt(7, new Uint8Array())])).toThrow('entry 7 follows 0');
});

test('a failing statement undoes the whole entry, is told, and counts as applied', () => {
  const { state, command, rows } = world();
  command(exec(putState, [text('a'), text('1')]));
  const answer = command(exec(`${putState}; INSERT INTO mesh_state (key, value) VALUES ('a', 'twice')`, [text('b'), text('2')]));
  expect(answer.execResult?.error).toBe('UNIQUE constraint failed: mesh_state.key');
  expect([rows('SELECT key FROM mesh_state'), state.appliedIndex()]).toEqual([[['a']], 2]);
});

test('without a transaction the earlier statements of the text stay', () => {
  const { command, rows } = world();
  const answer = command(exec(`${putState}; INSERT INTO mesh_state (key, value) VALUES ('x', NULL)`, [text('b'), text('2')], false));
  expect(rows('SELECT log_index FROM applied')).toEqual([[1n]]);
  expect([answer.execResult?.error, rows('SELECT key FROM mesh_state')]).toEqual(['NOT NULL constraint failed: mesh_state.value', [['b']]]);
});

test('a statement that ends the transaction by itself cannot lose the note', () => {
  for (const transaction of [true, false]) {
    const { state, command, rows } = world();
    command(exec(putState, [text('a'), text('1')]));
    command(exec("INSERT OR ROLLBACK INTO mesh_state (key, value) VALUES ('a', '2')", [], transaction));
    expect([state.appliedIndex(), rows('SELECT log_index FROM applied'), rows('SELECT value FROM mesh_state')]).toEqual([2, [[2n]], [['1']]]);
  }
});

test('undecodable entries, empty commands and parameters without a type are answers', () => {
  const { state, command } = world();
  const [garbage] = state.apply([commandAt(1, Uint8Array.of(5, 16, 1, 2))]);
  expect(RaftApplyResponse.decode(garbage as Uint8Array).error).toMatch(/^undecodable entry: /);
  expect(command({ type: RaftCommandType.UNKNOWN, sqlExec: undefined, sqlQuery: undefined }).error).toBe('unknown or empty command 0');
  const untyped = parameter({ type: SQLParameterType.SQL_PARAM_UNKNOWN });
  expect(command(exec('DELETE FROM nodes WHERE id = ?', [untyped])).execResult?.error).toBe('unsupported parameter type 0');
  expect(command(exec('DELETE FROM nodes WHERE id = ?')).execResult?.error).toBe('missing parameter 1');
  expect(state.appliedIndex()).toBe(4);
});

test.each([
  ['SELECT random()', 'not authorized to use function: random'],
  ['SELECT CURRENT_TIMESTAMP', 'not authorized to use function: CURRENT_TIMESTAMP'],
  ["INSERT INTO mesh_state (key, value) VALUES ('t', datetime('now'))", 'not authorized to use function: datetime'],
  ["INSERT INTO mesh_state (key, value) VALUES ('t', last_insert_rowid())", 'not authorized to use function: last_insert_rowid'],
  ["SELECT load_extension('x')", 'not authorized to use function: load_extension'],
  ['SELECT zeroblob(1000000000)', 'not authorized to use function: zeroblob'],
  ['CREATE TABLE x (a)', 'not allowed: CREATE'],
  ['DROP TABLE nodes', 'not allowed: DROP'],
  ['PRAGMA foreign_keys = OFF', 'not allowed: PRAGMA'],
  ["ATTACH 'x' AS y", 'not allowed: ATTACH'],
  ['COMMIT', 'not allowed: COMMIT'],
  ['VACUUM', 'not allowed: VACUUM'],
  ['EXPLAIN SELECT 1', 'not allowed: EXPLAIN'],
  ['UPDATE applied SET log_index = 9', 'not authorized'],
  ['DELETE FROM sqlite_master', 'table sqlite_master may not be modified'],
  ['SELECT sql FROM sqlite_master', 'access to sqlite_master.sql is prohibited'],
  ['SELECT rowid FROM nodes', 'access to nodes.ROWID is prohibited'],
  ["SELECT * FROM pragma_table_info('nodes')", 'access to pragma_table_info.cid is prohibited'],
  ["SELECT * FROM json_each('[1]')", 'access to json_each.key is prohibited'],
  ['WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT * FROM r', 'not authorized'],
  ['', ''],
])('the gate: %s', (sql, error) => {
  const { command, db } = world();
  const before = JSON.stringify(readTables(db), (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
  expect(command(query(sql)).queryResult?.error).toBe(error);
  expect(JSON.stringify(readTables(db), (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))).toBe(before);
});

test('several statements share parameters by number; names and positions work as well; a query answers typed rows', () => {
  const { command } = world();
  const time = parameter({ type: SQLParameterType.SQL_PARAM_TIME, time: { seconds: 1685124908n, nanos: 120000000 } });
  const insert = "INSERT INTO nodes (id, created_at, updated_at, raft_port) VALUES (?1, ?2, ?2, ?3); INSERT INTO leases (node_id, ipv4, created_at) VALUES (?1, '10.0.0.1/8', ?2)";
  expect(command(exec(insert, [text('n;1'), time, int(1n)])).execResult?.error).toBe('');
  const rows = command(query("SELECT id /* ? ; */, raft_port, created_at, NULL AS empty, 1.5 AS half, x'00ff' AS raw FROM nodes WHERE id = :who AND '?;' <> ''", [text('n;1', 'who')])).queryResult;
  expect(rows?.types).toEqual(['TEXT', 'INTEGER', 'TIMESTAMP', '', '', '']);
  expect(rows?.values[0]?.values).toEqual([
    text('n;1'), int(1n), parameter({ type: SQLParameterType.SQL_PARAM_TIME, time: { seconds: 1685124908n, nanos: 120000000 } }),
    parameter({ type: SQLParameterType.SQL_PARAM_NULL }), parameter({ type: SQLParameterType.SQL_PARAM_DOUBLE, double: 1.5 }),
    parameter({ type: SQLParameterType.SQL_PARAM_BYTES, bytes: Buffer.from([0, 255]) }),
  ]);
  expect(command(query('SELECT node_id FROM leases WHERE ipv4 = ? AND node_id = ?', [text('10.0.0.1/8'), text('n;1')])).queryResult?.values).toHaveLength(1);
});

test('a lease cannot outlive its node, nor be made without one', () => {
  const { command, rows } = world();
  const orphan = command(exec("INSERT INTO leases (node_id, ipv4, created_at) VALUES ('ghost', '10.0.0.1/8', 't')"));
  expect(orphan.execResult?.error).toBe('FOREIGN KEY constraint failed');
  command(exec("INSERT INTO nodes (id, created_at, updated_at) VALUES ('a', 't', 't'); INSERT INTO leases (node_id, ipv4, created_at) VALUES ('a', '10.0.0.1/8', 't')"));
  command(exec("DELETE FROM nodes WHERE id = 'a'"));
  expect(rows('SELECT * FROM leases')).toEqual([]);
});

test('the views put IPv6 in brackets', () => {
  const { command, rows } = world();
  command(exec(`INSERT INTO nodes (id, grpc_port, primary_endpoint, endpoints, network_ipv6, created_at, updated_at) VALUES ('six', 1, '2001:db8::1', NULL, 'fd00:1::/64', 't', 't');
    INSERT INTO nodes (id, grpc_port, primary_endpoint, endpoints, created_at, updated_at) VALUES ('four', 2, '203.0.113.1', '10.0.0.1,10.0.0.2', 't', 't');
    INSERT INTO leases (node_id, ipv4, created_at) VALUES ('four', '172.16.0.2/12', 't');
    INSERT INTO nodes (id, created_at, updated_at) VALUES ('none', 't', 't')`));
  expect(rows('SELECT * FROM node_private_rpc_addresses ORDER BY 1')).toEqual([['four', '172.16.0.2:2'], ['six', '[fd00:1::]:1']]);
  expect(rows('SELECT * FROM node_private_raft_addresses ORDER BY 1')).toEqual([['four', '172.16.0.2:9444'], ['six', '[fd00:1::]:9444']]);
  expect(rows('SELECT * FROM node_public_rpc_addresses ORDER BY 1')).toEqual([['four', '203.0.113.1:2'], ['six', '[2001:db8::1]:1']]);
  expect(rows('SELECT * FROM node_primary_wireguard_endpoints ORDER BY 1')).toEqual([['four', '203.0.113.1:51820'], ['six', '[2001:db8::1]:51820']]);
  expect(rows('SELECT * FROM node_all_wireguard_endpoints ORDER BY 1')).toEqual([['four', '203.0.113.1,10.0.0.1,10.0.0.2,', 51820n], ['six', '2001:db8::1,', 51820n]]);
});

test('the configuration is kept with the index', () => {
  const { state, db } = world();
  const configuration = { servers: [{ id: 'a', address: '127.0.0.1:1', voter: true }] };
  state.apply([commandAt(1, encodeConfiguration(configuration), entryType.configuration)]);
  expect(state.appliedConfiguration()).toEqual(configuration);
  expect(createMeshState(db).appliedConfiguration()).toEqual(configuration);
});

function filled(): World {
  const it = world();
  it.command(exec(`INSERT INTO nodes (id, public_key, primary_endpoint, network_ipv6, created_at, updated_at) VALUES ('a<&>', 'key', '10.1.1.1', 'fd00::/64', '2023-05-26 18:15:08.12 +0000 UTC', 'no time');
    INSERT INTO nodes (id, raft_port, created_at, updated_at) VALUES ('b', 'not a port', '2023-05-26T18:15:08Z', x'00ff');
    INSERT INTO nodes (id, raft_port, created_at, updated_at) VALUES ('gone', 9007199254740993, 't', 't'); DELETE FROM nodes WHERE id = 'gone';
    INSERT INTO nodes (id, created_at, updated_at) VALUES ('c', 1.5, 't');
    INSERT INTO leases (node_id, ipv4, created_at) VALUES ('b', '172.16.0.2/12', '0001-01-01 00:00:00 +0000 UTC');
    INSERT INTO mesh_state (key, value) VALUES ('IPv4Prefix', '172.16.0.0/12');
    INSERT INTO raft_acls (name, nodes, voter, observer, created_at, updated_at) VALUES ('all', '*', 0, 1, 't', 't');
    INSERT INTO network_acls (name, proto, action, priority, created_at, updated_at) VALUES ('n', 'tcp', 'deny', 1, 't', 't')`));
  return it;
}

const configuration = { servers: [{ id: 'a', address: 'x:1', voter: true }] };

test('a snapshot restores every row of every table, whatever its type, with its row id; equal states give equal bytes', () => {
  const first = filled();
  const bytes = first.state.snapshot();
  const second = world();
  second.command(exec(putState, [text('old'), text('row')]));
  second.state.restore(bytes, 9, 3, configuration);
  expect(readTables(second.db)).toEqual(readTables(first.db));
  expect([second.state.appliedIndex(), second.state.appliedTerm(), second.state.appliedConfiguration()]).toEqual([9, 3, configuration]);
  expect(second.state.snapshot()).toEqual(bytes);
  expect([...bytes.slice(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
});

test('the snapshot holds the form that Go nodes read', () => {
  const value = JSON.parse(gunzipSync(filled().state.snapshot()).toString()) as Record<string, unknown[]>;
  expect(value['state']).toEqual([{ key: 'IPv4Prefix', value: '172.16.0.0/12' }]);
  expect(value['leases']).toEqual([{ node_id: 'b', ipv4: '172.16.0.2/12', created_at: '0001-01-01T00:00:00Z' }]);
  expect(value['nodes']?.[0]).toEqual({
    id: 'a<&>', public_key: { String: 'key', Valid: true }, raft_port: 9444, grpc_port: 8443, wireguard_port: 51820, primary_endpoint: { String: '10.1.1.1', Valid: true },
    endpoints: { String: '', Valid: false }, network_ipv6: { String: 'fd00::/64', Valid: true }, created_at: '2023-05-26T18:15:08.12Z', updated_at: '0001-01-01T00:00:00Z',
  });
  const empty = JSON.parse(gunzipSync(world().state.snapshot()).toString()) as Record<string, unknown>;
  expect([empty['state'], empty['nodes'], empty['leases']]).toEqual([null, null, null]);
});

test("a Go node's snapshot is accepted; leases of nodes that left are not", () => {
  const time = '2023-05-26T18:15:08.12Z';
  const nullText = { String: '', Valid: false };
  const go = { State: [{ KEY: 'ULAPrefix', value: 'fd00::/48' }], leases: [{ node_id: 'n', ipv4: '172.16.0.2/12', created_at: time }, { node_id: 'left', ipv4: '172.16.0.3/12', created_at: time }],
    nodes: [{ id: 'n', public_key: { String: 'k', Valid: true }, raft_port: 1, grpc_port: 2, wireguard_port: 3, primary_endpoint: nullText, endpoints: nullText, network_ipv6: nullText, created_at: time, updated_at: time }], future: 1 };
  const { state } = world();
  state.restore(new Uint8Array(gzipSync(`${JSON.stringify(go)}\n`)), 4, 2, configuration);
  const at = { seconds: 1685124908n, nanos: 120000000 };
  expect(state.nodes()).toEqual([{ id: 'n', publicKey: 'k', raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: [], networkIpv6: null, leaseIpv4: '172.16.0.2/12', createdAt: at, updatedAt: at }]);
  expect([state.get('ULAPrefix'), state.leases()]).toEqual(['fd00::/48', ['172.16.0.2/12']]);
});

test('a damaged snapshot changes nothing', () => {
  const good = filled().state.snapshot();
  const value = JSON.parse(gunzipSync(good).toString()) as Record<string, unknown>;
  const zip = (change: Record<string, unknown>): Uint8Array => new Uint8Array(gzipSync(JSON.stringify({ ...value, ...change })));
  const twice = { nodes: [], leases: [], state: [{ key: 'a', value: '1' }, { key: 'a', value: '2' }] };
  const bad = [new Uint8Array(), good.slice(0, 40), zip({ version: 2 }), zip({ checksum: 'x' }), zip({ tables: {} }), new Uint8Array(gzipSync('[]')), new Uint8Array(gzipSync('{"nodes":5}')), new Uint8Array(gzipSync(JSON.stringify(twice)))];
  const it = world();
  it.command(exec(putState, [text('kept'), text('yes')]));
  for (const bytes of bad) expect(() => it.state.restore(bytes, 50, 5, configuration)).toThrow(expect.objectContaining({ code: 'node.data-damaged' }));
  expect([it.state.get('kept'), it.state.appliedIndex(), it.rows('SELECT log_index FROM applied')]).toEqual(['yes', 1, [[1n]]]);
});
