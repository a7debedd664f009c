import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { auditOf, certificateOf, foundedEntry, inviteOf, nodeOf, type Replicated, replicated } from '../../../test/fakes/replicated.ts';
import { openDatabase } from '../../platform/sqlite.ts';
import { createInviteEntry } from '../statements/invites.ts';
import { joinEntry } from '../statements/statements.ts';
import { enrolEntry, pendingDeviceEntry } from '../statements/trust.ts';
import { createMeshState } from './mesh-state.ts';
import { readTables } from './snapshot.ts';

const configuration = { servers: [{ id: 'founder', address: 'x:1', voter: true }] };

function world(secured: boolean): Replicated {
  const it = replicated();
  expect([it.apply(foundedEntry(secured)), secured ? it.apply(createInviteEntry(inviteOf('inv'))) : '']).toEqual(['', '']);
  return it;
}

const enrol = (deviceId: string) => enrolEntry({ inviteId: 'inv', deviceId, name: '', nowMs: 1, certificate: certificateOf(deviceId, deviceId), audit: auditOf('device.enroll') });
const contents = (bytes: Uint8Array): Record<string, unknown> => JSON.parse(gunzipSync(bytes).toString()) as Record<string, unknown>;

test('a restored replica holds the tables of trust, goes on with the chain, and refuses what the first one refuses', () => {
  const [first, second] = [world(true), replicated()];
  expect(first.apply(enrol('bob'))).toBe('');
  second.state.restore(first.state.snapshot(), first.state.appliedIndex(), 1, configuration);
  expect([second.apply(enrol('eve')), first.apply(enrol('eve'))]).toEqual(['used-up', 'used-up']);
  for (const each of [first, second]) expect(each.apply(joinEntry(nodeOf('bob'), auditOf('node.join', 'bob')))).toBe('');
  expect(readTables(second.db)).toEqual(readTables(first.db));
  expect([second.state.trust.auditIntact(), second.state.trust.audit({ search: '', before: 0, limit: 9 }).total]).toEqual([true, 4]);
  expect(second.state.snapshot()).toEqual(first.state.snapshot());
});

test('after a restore the log is still append-only', () => {
  const [first, second] = [world(true), replicated()];
  second.state.restore(first.state.snapshot(), 7, 1, configuration);
  expect(() => second.db.exec("REPLACE INTO audit (sequence, at_ms, actor, node, action, subject, detail) VALUES (1, 1, '', '', '', '', '')")).toThrow('refused: audit');
});

test('a mesh in clear text writes the bytes that members without trust have always written', () => {
  const value = contents(world(false).state.snapshot());
  expect([value['version'], Object.keys(value['tables'] as object)]).toEqual([1, ['mesh_state', 'nodes', 'leases', 'raft_acls', 'network_acls']]);
  const secured = contents(world(true).state.snapshot());
  expect([secured['version'], Object.keys(secured['tables'] as object).slice(5)]).toEqual([2, ['devices', 'certificates', 'invites', 'authorities', 'audit']]);
});

test('a snapshot of before there was trust is restored, over whatever stood', () => {
  const tables = { mesh_state: [[['i', '1'], 'IPv4Prefix', '10.0.0.0/8']], nodes: [], leases: [], raft_acls: [], network_acls: [] };
  const checksum = createHash('sha256').update(JSON.stringify(tables)).digest('hex');
  const { state, rows } = world(true);
  state.restore(new Uint8Array(gzipSync(JSON.stringify({ state: null, nodes: null, leases: null, version: 1, checksum, tables }))), 9, 2, configuration);
  expect([state.get('IPv4Prefix'), state.trust.secure(), rows('SELECT count(*) FROM devices'), rows('SELECT count(*) FROM audit')]).toEqual(['10.0.0.0/8', false, [[0n]], [[0n]]]);
});

test('version 2 without a table, or with rows that break a constraint, changes nothing', () => {
  const { state } = world(true);
  const held = state.snapshot();
  const value = contents(held);
  const tables = value['tables'] as Record<string, unknown[]>;
  const zip = (change: Record<string, unknown>): Uint8Array => {
    const next = { ...tables, ...change };
    return new Uint8Array(gzipSync(JSON.stringify({ ...value, tables: next, checksum: createHash('sha256').update(JSON.stringify(next)).digest('hex') })));
  };
  const stray = [['i', '5'], 'fp', 'nobody', 'k', ['b', ''], ['b', ''], ['i', '0'], ['i', '0'], ['i', '0']];
  for (const bytes of [zip({ audit: undefined }), zip({ certificates: [stray] }), zip({ devices: [] })]) {
    expect(() => state.restore(bytes, 50, 5, configuration)).toThrow(expect.objectContaining({ code: 'node.data-damaged' }));
    expect(state.snapshot()).toEqual(held);
  }
});

test('a database of before there was trust gets the tables when it is opened, and keeps its rows', () => {
  const db = openDatabase({ path: ':memory:', durability: 'normal' });
  db.exec(`CREATE TABLE mesh_state (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL); INSERT INTO mesh_state VALUES ('IPv4Prefix', '10.0.0.0/8');
    CREATE TABLE applied (id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, log_index INTEGER NOT NULL, configuration TEXT NOT NULL);
    INSERT INTO applied VALUES (1, 3, 77, '{"servers":[]}')`);
  const state = createMeshState(db);
  expect([state.get('IPv4Prefix'), state.appliedIndex(), state.trust.secure(), state.trust.view().devices]).toEqual(['10.0.0.0/8', 77, false, []]);
  expect(createMeshState(db).appliedIndex()).toBe(77);
});

test('the view is what the API gives, with the newest certificate of each device, and no token', () => {
  const { state, apply } = world(true);
  expect([apply(createInviteEntry(inviteOf('ask', { needsApproval: true, note: 'for Eve', role: 'guest' }))), apply(enrol('bob'))]).toEqual(['', '']);
  expect(apply(pendingDeviceEntry({ inviteId: 'ask', deviceId: 'eve', name: "Eve's", nowMs: 3, keyHash: 'e0', certificateRequest: Buffer.from('csr'), audit: auditOf('device.request') }))).toBe('');
  const { devices, invites, ...rest } = state.trust.view();
  expect(devices.map(({ id, role, state: is, certificateNotAfterMs, keyHash }) => [id, role, is, certificateNotAfterMs, keyHash.toString('hex')])).toEqual([
    ['bob', 2, 2, 1_000_000n, Buffer.from('bob').toString('hex')], ['eve', 1, 1, 0n, 'e0'], ['founder', 3, 2, 1_000_000n, Buffer.from('founder-key').toString('hex')],
  ]);
  expect(invites).toEqual([
    { id: 'ask', role: 1, createdBy: 'founder', createdAtMs: 0n, expiresAtMs: 1_000n, uses: 1, usesMax: 1, needsApproval: true, revokedAtMs: 0n, note: 'for Eve' },
    { id: 'inv', role: 2, createdBy: 'founder', createdAtMs: 0n, expiresAtMs: 1_000n, uses: 1, usesMax: 1, needsApproval: false, revokedAtMs: 0n, note: '' },
  ]);
  expect(rest).toMatchObject({ secure: true, rootCertificate: Buffer.from('root'), authorities: [{ nodeId: 'founder', notAfterMs: 5n }] });
  expect(state.trust.view()).toBe(state.trust.view());
  expect(state.trust.devices().map(({ id }) => id)).toEqual(['bob', 'eve', 'founder']);
});
