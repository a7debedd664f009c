import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { auditOf, foundedEntry, inviteOf, type Replicated, replicated } from '../../../test/fakes/replicated.ts';
import { addAudit, type AuditInput, detailText } from '../statements/audit.ts';
import { entryBuilder } from '../statements/entry.ts';
import { createInviteEntry } from '../statements/invites.ts';
import { auditHash, noHash } from './audit-chain.ts';

function told(world: Replicated, ...events: Partial<AuditInput>[]): void {
  const builder = entryBuilder();
  for (const event of events) addAudit(builder, { ...auditOf('act'), ...event });
  expect(world.apply(builder.entry())).toBe('');
}

test('the hash is over the bytes that the documents name', () => {
  const event = { sequence: 2, atMs: -1, actor: 'ä', node: 'n', action: '', subject: 's', detail: '{}' };
  const bytes = Buffer.concat([
    Buffer.alloc(32, 9), Buffer.from('0000000000000002', 'hex'), Buffer.from('ffffffffffffffff', 'hex'), Buffer.from('00000002c3a4', 'hex'),
    Buffer.from('000000016e', 'hex'), Buffer.from('00000000', 'hex'), Buffer.from('0000000173', 'hex'), Buffer.from('000000027b7d', 'hex'),
  ]);
  expect(Buffer.from(auditHash(new Uint8Array(32).fill(9), event))).toEqual(createHash('sha256').update(bytes).digest());
});

test('no two different events have the same bytes: the lengths are in them', () => {
  const base = { sequence: 1, atMs: 0, actor: 'ab', node: 'c', action: '', subject: '', detail: '' };
  expect(auditHash(noHash, base)).not.toEqual(auditHash(noHash, { ...base, actor: 'a', node: 'bc' }));
});

test('each event is sealed by the entry that brought it, also several at once, and the chain is whole', () => {
  const world = replicated();
  told(world, { action: 'one' }, { action: 'two' });
  told(world, { action: 'three' });
  expect(world.rows('SELECT sequence, action, length(hash) FROM audit')).toEqual([[1n, 'one', 32n], [2n, 'two', 32n], [3n, 'three', 32n]]);
  expect(world.state.trust.auditIntact()).toBe(true);
});

test.each([
  ["UPDATE audit SET actor = 'nobody' WHERE sequence = 2"],
  ['UPDATE audit SET at_ms = at_ms + 1 WHERE sequence = 3'],
  ['DELETE FROM audit WHERE sequence = 2'],
  ['DELETE FROM audit WHERE sequence = 1'],
  ["UPDATE audit SET hash = zeroblob(32) WHERE sequence = 3"],
  ['UPDATE audit SET hash = (SELECT hash FROM audit WHERE sequence = 1) WHERE sequence = 2'],
  ['UPDATE audit SET hash = NULL WHERE sequence = 1'],
])('who changes the file by hand is found out: %s', (sql) => {
  const world = replicated();
  told(world, {}, {}, {});
  world.db.exec(sql);
  expect(world.state.trust.auditIntact()).toBe(false);
});

test('the check reads long logs in pieces', () => {
  const world = replicated();
  for (let i = 0; i < 50; i++) told(world, ...Array.from({ length: 50 }, () => ({})));
  expect([world.state.trust.auditIntact(), world.state.trust.audit({ search: '', before: 0, limit: 1 }).total]).toEqual([true, 2500]);
  world.db.exec('UPDATE audit SET at_ms = 1 WHERE sequence = 2001');
  told(world, {});
  expect(world.state.trust.auditIntact()).toBe(false);
});

test('pages are newest first; a search looks into every field without regard to case, and tells how many there are', () => {
  const world = replicated();
  told(world, { actor: 'Zoë' }, { node: 'zoË-2' }, { subject: 'ÜBER' }, { action: 'x.y' }, { detail: { b: 'last', a: "it's über" } });
  const page = (search: string, before = 0, limit = 10): unknown[] => {
    const { events, total } = world.state.trust.audit({ search, before, limit });
    return [events.map(({ sequence }) => sequence), total];
  };
  expect([page('zoë'), page('ZOË'), page('über'), page('X.Y'), page("IT'S"), page('%'), page('founder', 4, 2), page('nothing')]).toEqual([
    [[2, 1], 2], [[2, 1], 2], [[5, 3], 2], [[4], 1], [[5], 1], [[], 0], [[3, 2], 5], [[], 0],
  ]);
  expect(world.state.trust.audit({ search: '', before: 0, limit: 1 }).events[0]?.detail).toBe('{"a":"it\'s über","b":"last"}');
});

test('details are one text, whatever order they were given in', () => {
  expect([detailText({ b: '1', a: '2' }), detailText({ a: '2', b: '1' }), detailText({})]).toEqual(['{"a":"2","b":"1"}', '{"a":"2","b":"1"}', '{}']);
});

test('a refused entry leaves no event', () => {
  const world = replicated();
  for (const entry of [foundedEntry(true), createInviteEntry(inviteOf('a'))]) expect(world.apply(entry)).toBe('');
  expect([world.apply(createInviteEntry(inviteOf('a'))), world.state.trust.audit({ search: '', before: 0, limit: 9 }).total, world.state.trust.auditIntact()]).toEqual(['id-taken', 2, true]);
});
