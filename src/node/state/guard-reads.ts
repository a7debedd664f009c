import { roles } from '../../base/identity.ts';
import { type Database } from '../ports.ts';
import { ipv4PrefixKey, rootCertificateKey, trustKey, voterPrefix } from '../statements/keys.ts';
import { type RaftAcl } from '../statements/statements.ts';
import { type GuardReads } from './guards.ts';
import { integerOf, textOf } from './values.ts';

/** The tables as the guards see them, inside the transaction of an entry. Asked after every entry, so each is a look into an index. */
export function createGuardReads(db: Database, raftAcls: () => readonly RaftAcl[]): GuardReads {
  const value = db.prepare('SELECT value FROM mesh_state WHERE key = ?');
  // The names that begin with the prefix: up to the character behind its slash.
  const wishes = db.prepare(`SELECT substr(key, ${voterPrefix.length + 1}) FROM mesh_state
    WHERE key >= '${voterPrefix}' AND key < '${voterPrefix.slice(0, -1)}0' ORDER BY key`);
  const activeRole = db.prepare("SELECT role FROM devices WHERE id = ? AND state = 'active'");
  const admin = db.prepare("SELECT 1 FROM devices WHERE state = 'active' AND role = 'admin' LIMIT 1");
  const stray = db.prepare(`SELECT nodes.id FROM touched JOIN nodes ON nodes.id = touched.id
    WHERE NOT EXISTS (SELECT 1 FROM devices WHERE devices.id = nodes.id AND devices.state = 'active') LIMIT 1`);
  const joined = db.prepare('SELECT DISTINCT nodes.id FROM touched JOIN nodes ON nodes.id = touched.id WHERE touched.joined ORDER BY nodes.id');
  const revoked = db.prepare("SELECT count(*) FROM devices WHERE state = 'revoked'");
  const touchedTrust = db.prepare('SELECT 1 FROM touched WHERE trust LIMIT 1');
  const newest = db.prepare('SELECT max(sequence) FROM audit');
  const text = (key: string): string | undefined => value.all(key).map(([found]) => textOf(found))[0];
  return {
    founded: () => text(ipv4PrefixKey) !== undefined,
    trust: () => text(trustKey),
    root: () => text(rootCertificateKey),
    wishes: () => wishes.all().map(([id]) => textOf(id)),
    raftAcls,
    activeRole: (id) => activeRole.all(id).map(([role]) => roles.find((each) => each === role))[0],
    hasActiveAdmin: () => admin.all().length > 0,
    joined: () => joined.all().map(([id]) => textOf(id)),
    strayNode: () => stray.all().map(([id]) => textOf(id))[0],
    touchedTrust: () => touchedTrust.all().length > 0,
    events: () => integerOf(newest.all()[0]?.[0]),
    revokedDevices: () => integerOf(revoked.all()[0]?.[0]),
  };
}
