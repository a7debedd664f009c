import { gunzipSync, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { compress } from 'snappyjs';
import { chance } from '../../../src/base/random.ts';
import { RaftApplyResponse, RaftLogEntry } from '../../../src/gen/v1/node_raft.ts';
import { decodeEntry, encodeEntry, entryBytesMax } from '../../../src/node/consensus/entry.ts';
import { unsnappy } from '../../../src/node/consensus/snappy.ts';
import { createMeshState, type MeshState } from '../../../src/node/state/mesh-state.ts';
import { replicatedNames } from '../../../src/node/state/schema.ts';
import { splitSql } from '../../../src/node/state/sql-text.ts';
import { joinEntry, leaveEntry } from '../../../src/node/statements/statements.ts';
import { openDatabase } from '../../../src/platform/sqlite.ts';
import { entryType } from '../../../src/raft/types.ts';
import { bytes } from '../shapes/bytes.ts';
import { json } from '../shapes/json.ts';
import { proto } from '../shapes/proto.ts';
import { type Shape } from '../shapes/shape.ts';
import { text } from '../shapes/text.ts';
import { bytesOf, holds, jsonOf, refusals, type Target, utf8 } from '../target.ts';

const leader = 'a leader that lies: what a voter puts into the log';
const sqlWords = [
  ...replicatedNames, 'SELECT', 'INSERT INTO', 'OR REPLACE', 'UPDATE', 'DELETE FROM', 'WHERE', 'VALUES', 'WITH RECURSIVE', 'UNION ALL', 'JOIN', 'ORDER BY', 'LIMIT 1', 'RETURNING *', 'sqlite_master', 'pragma_table_info',
  'ATTACH', 'PRAGMA', 'VACUUM', 'random()', "datetime('now')", 'load_extension', 'randomblob(9)', 'zeroblob(99999999)', 'rowid', 'ON CONFLICT DO NOTHING', 'COMMIT;', 'ROLLBACK;', 'BEGIN;', 'SAVEPOINT x;', '?1', ':a', '@a', '$a',
  '/*', '*/', '--', ';', "'", '"', '`', '[', ']', 'x\'00\'', '9223372036854775808', 'CAST(1 AS TEXT)', 'json_each', 'group_concat', 'printf',
];
const now = { seconds: 1_700_000_000n, nanos: 0 };
const node = { id: 'a', publicKey: 'k', raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: '10.0.0.1', networkIpv6: 'fd00::/64', leaseIpv4: '172.16.0.2/12', asVoter: true, preferRaftIpv6: false, now };
const query = (sql: string): RaftLogEntry => RaftLogEntry.fromPartial({ type: 1, sqlQuery: { transaction: false, statement: { sql, parameters: [{ name: 'a', type: 5, str: 'b' }] } } });
const entries: readonly RaftLogEntry[] = [
  joinEntry(node), leaveEntry('a'), query('SELECT * FROM nodes WHERE id = :a; SELECT count(*) FROM leases'), query("WITH x AS (SELECT 1) SELECT upper(hex('a')), max(1, 2) FROM x -- ?"),
  RaftLogEntry.fromPartial({ type: 2, sqlExec: { transaction: false, statement: { sql: 'INSERT INTO mesh_state (key, value) VALUES (?1, ?2)', parameters: [{ type: 5, str: 'k' }, { type: 1, int64: 5n }] } } }),
];

/** Changes the message inside the snappy block; every eighth change is to the block. */
const packed: Shape = (input, help) => {
  if (chance(help.random, 0.12)) return bytes(input, help);
  const inner = refusals(() => unsnappy(input, entryBytesMax), 'DecodeError');
  return inner === undefined ? bytes(input, help) : new Uint8Array(compress(proto(inner, help)));
};

/** Two replicas with the same history: they must answer alike, whatever stands in the entry, and end alike. */
function replicas(): { apply(data: Uint8Array): Uint8Array; close(): void } {
  const databases = [0, 1].map(() => openDatabase({ path: ':memory:', durability: 'normal' }));
  const [one, other] = databases.map(createMeshState) as [MeshState, MeshState];
  const empty = one.snapshot();
  const configuration = { servers: [] };
  let index = 0;
  return {
    apply: (data) => {
      index++;
      const [a, b] = [one, other].map((state) => state.apply([{ index, term: 1, type: entryType.command, data, extensions: null, appendedAt: null }])[0] as Uint8Array) as [Uint8Array, Uint8Array];
      holds(Buffer.compare(a, b) === 0, 'replicas answer alike');
      if (index % 500 !== 0) return a;
      holds(Buffer.compare(one.snapshot(), other.snapshot()) === 0, 'replicas hold the same');
      for (const state of [one, other]) state.restore(empty, index, 1, configuration);
      return a;
    },
    close: () => databases.forEach((db) => db.close()),
  };
}

const entry: Target = {
  name: 'raft-entry', from: leader, shape: packed, words: sqlWords,
  open: () => {
    const world = replicas();
    return {
      seeds: entries.map(encodeEntry),
      close: world.close,
      // Forty kilobytes of SQL, on every replica of the world.
      slowMs: 400,
      run: (input) => {
        refusals(() => decodeEntry(input), 'DecodeError');
        RaftApplyResponse.decode(world.apply(input));
        return undefined;
      },
    };
  },
};

const snappy: Target = {
  name: 'snappy', from: leader, shape: bytes,
  open: () => ({
    seeds: ['', 'a', 'abcabcabcabcabcabcabcabc', 'x'.repeat(300), JSON.stringify(sqlWords)].map((plain) => new Uint8Array(compress(Buffer.from(plain)))),
    run: (input) => {
      const plain = refusals(() => unsnappy(input, 65_536), 'DecodeError');
      if (plain) holds(Buffer.compare(unsnappy(new Uint8Array(compress(plain)), 65_536), plain) === 0, 'what was unpacked can be packed');
      return undefined;
    },
  }),
};

const sql: Target = {
  name: 'sql-text', from: leader, shape: text, words: sqlWords,
  open: () => ({
    seeds: entries.map(({ sqlExec, sqlQuery }) => bytesOf((sqlExec ?? sqlQuery)?.statement?.sql ?? '')),
    run: (input) => {
      const statements = splitSql(utf8(input), ['a', 'b']);
      for (const { sql: one } of statements) holds(splitSql(one, ['a', 'b']).length <= 1, 'a statement is one statement');
      return statements.reduce((sum, { sql: one }) => sum + one.length, 0);
    },
  }),
};

const gunzipped = (input: Uint8Array): Buffer | undefined => refusals(() => gunzipSync(input, { maxOutputLength: 1 << 20 }), 'Error', 'RangeError', 'TypeError');

/** Changes the JSON inside; mostly the checksum is then made right again, or nothing behind it would ever be reached. */
const snapshotShape: Shape = (input, help) => {
  const plain = chance(help.random, 0.1) ? undefined : gunzipped(input);
  if (plain === undefined) return bytes(input, help);
  const changed = json(plain, help);
  const value = refusals(() => JSON.parse(utf8(changed)) as unknown, 'SyntaxError');
  const sealed = typeof value === 'object' && value !== null && 'tables' in value && chance(help.random, 0.9) ? jsonOf({ ...value, checksum: createHash('sha256').update(JSON.stringify(value.tables) ?? '').digest('hex') }) : changed;
  return new Uint8Array(gzipSync(sealed, { level: 1 }));
};

const foreign = {
  state: [{ key: 'NetworkName', value: 'x' }], leases: [{ node_id: 'a', ipv4: '172.16.0.2/12', created_at: '2023-05-26T18:15:08Z' }],
  nodes: [{ id: 'a', public_key: { String: 'k', Valid: true }, raft_port: 1, grpc_port: 2, wireguard_port: 3, primary_endpoint: { String: '', Valid: false }, endpoints: null, network_ipv6: null, created_at: '2023-05-26T18:15:08Z', updated_at: '2023-05-26T18:15:08.5+02:00' }],
};

const snapshot: Target = {
  name: 'snapshot', from: 'a leader that lies, also one of the Go implementation', shape: snapshotShape, heavy: true,
  open: () => {
    const db = openDatabase({ path: ':memory:', durability: 'normal' });
    const state = createMeshState(db);
    state.apply(entries.slice(0, 1).map((one, i) => ({ index: i + 1, term: 1, type: entryType.command, data: encodeEntry(one), extensions: null, appendedAt: null })));
    return {
      seeds: [state.snapshot(), new Uint8Array(gzipSync(jsonOf(foreign))), new Uint8Array(gzipSync('{}'))],
      close: () => db.close(),
      run: (input) => {
        const before = state.appliedIndex();
        const taken = refusals(() => {
          state.restore(input, before + 1, 1, { servers: [] });
          return true;
        });
        holds((taken === true) === (state.appliedIndex() === before + 1), 'a refused snapshot changes nothing');
        if (taken) {
          const own = state.snapshot();
          state.restore(own, before + 2, 1, { servers: [] });
          holds(Buffer.compare(state.snapshot(), own) === 0, 'what was restored is snapshot again alike');
        }
        return undefined;
      },
    };
  },
};

export const state: readonly Target[] = [entry, snappy, sql, snapshot];
