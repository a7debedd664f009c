import { expect, test } from 'vitest';
import { between, chance, pick, type Random, seeded } from '../../base/random.ts';
import { RaftCommandType, type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { openDatabase } from '../../platform/sqlite.ts';
import { type Entry, entryType } from '../../raft/types.ts';
import { encodeEntry } from '../consensus/entry.ts';
import { type Database } from '../ports.ts';
import { bootstrapEntry, deleteRaftAclEntry, joinEntry, leaveEntry, putRaftAclEntry } from '../statements/statements.ts';
import { createMeshState, type MeshState } from './mesh-state.ts';
import { readTables } from './snapshot.ts';

const configuration = { servers: [{ id: 'a', address: 'x:1', voter: true }] };

interface Replica {
  readonly db: Database;
  readonly state: MeshState;
}

function replica(): Replica {
  const db = openDatabase({ path: ':memory:', durability: 'normal' });
  return { db, state: createMeshState(db) };
}

/** What a leader may propose, sensible or not: colliding addresses, unknown nodes, foreign SQL, wrong SQL, bytes that are no entry. */
function anything(random: Random): Uint8Array {
  const id = `n${between(random, 0, 6)}`;
  const now = { seconds: BigInt(between(random, 0, 2 ** 31)), nanos: between(random, 0, 999_999_999) };
  const name = pick(random, ['a', 'b', 'c']);
  const foreign = (sql: string, type: RaftLogEntry['type'] = RaftCommandType.EXECUTE): RaftLogEntry => {
    const body = { transaction: chance(random, 0.5), statement: { sql, parameters: [] } };
    return { type, sqlQuery: type === RaftCommandType.QUERY ? body : undefined, sqlExec: type === RaftCommandType.QUERY ? undefined : body };
  };
  const makers: readonly (() => RaftLogEntry)[] = [
    () => joinEntry({
      id, publicKey: name, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: pick(random, [null, '1.1.1.1', '2.2.2.2']), endpoints: pick(random, [null, '3.3.3.3', '4.4.4.4']),
      networkIpv6: `fd00:0:0:${between(random, 1, 9)}::/64`, leaseIpv4: pick(random, [null, `10.0.0.${between(random, 1, 9)}/24`]), asVoter: chance(random, 0.3), preferRaftIpv6: chance(random, 0.2), now,
    }),
    () => leaveEntry(id),
    () => putRaftAclEntry({ name, patterns: ['*'], voter: chance(random, 0.5), observer: true }, now),
    () => deleteRaftAclEntry(name),
    () => bootstrapEntry({ ulaPrefix: 'fd00::/48', ipv4Prefix: '10.0.0.0/24', networkName: name, acls: [], founder: null, now }),
    () => foreign(`INSERT INTO leases (node_id, ipv4, created_at) VALUES ('${id}', '10.0.0.${between(random, 1, 9)}/24', 't') ON CONFLICT DO UPDATE SET ipv4 = excluded.ipv4 RETURNING node_id, ipv4`, RaftCommandType.QUERY),
    () => foreign(`INSERT OR REPLACE INTO leases (node_id, ipv4, created_at) VALUES ('${id}', '10.0.0.${between(random, 1, 9)}/24', 't'); UPDATE nodes SET raft_port = raft_port + 1; DELETE FROM nodes WHERE id = '${id}' AND raft_port > 5`),
    () => foreign(`INSERT OR ROLLBACK INTO mesh_state (key, value) VALUES ('${name}', '1'); SELECT random()`),
    () => foreign('SELECT * FROM nodes ORDER BY id', RaftCommandType.QUERY),
    () => foreign('SYNTAX'),
  ];
  return chance(random, 0.05) ? random.bytes(between(random, 0, 20)) : encodeEntry(pick(random, makers)());
}

test.each([1, 2, 3, 4, 5, 6])('seed %i: replicas that got the log in pieces, twice, or as a snapshot answer alike and hold the same rows', (seed) => {
  const random = seeded(seed);
  const [steady, other] = [replica(), replica()];
  let restored = replica();
  const log: Entry[] = Array.from({ length: 250 }, (_, i) => ({
    index: i + 1, term: 1 + Math.floor(i / 60), type: chance(random, 0.05) ? entryType.noop : entryType.command, data: anything(random), extensions: null, appendedAt: null,
  }));
  const answers = log.map((entry) => steady.state.apply([entry])[0]);
  for (let at = 0; at < log.length; ) {
    const size = between(random, 1, 20);
    const overlap = Math.min(at, between(random, 0, 3));
    const given = log.slice(at - overlap, at + size);
    const got = other.state.apply(given);
    expect(got.slice(overlap)).toEqual(answers.slice(at, at + size));
    expect(got.slice(0, overlap)).toEqual(Array(overlap).fill(null));
    if (at > restored.state.appliedIndex()) {
      restored = replica();
      restored.state.restore(other.state.snapshot(), other.state.appliedIndex(), other.state.appliedTerm(), configuration);
    }
    const rest = log.slice(restored.state.appliedIndex(), at + size);
    expect(restored.state.apply(rest)).toEqual(answers.slice(rest[0]?.index === undefined ? 0 : rest[0].index - 1, at + size));
    at += size;
  }
  expect(readTables(other.db)).toEqual(readTables(steady.db));
  expect(readTables(restored.db)).toEqual(readTables(steady.db));
  for (const { db, state } of [steady, other, restored]) {
    expect([state.appliedIndex(), db.prepare('SELECT term, log_index FROM applied').all()]).toEqual([250, [[5n, 250n]]]);
  }
  const { nodes, leases } = readTables(steady.db);
  expect(leases.every(([, node]) => nodes.some(([, id]) => id === node))).toBe(true);
});
