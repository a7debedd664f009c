import { refusalText } from '../statements/refusals.ts';

/**
 * The tables of trust. Empty in meshes of clear text. Times are milliseconds since 1970, 0 where there is none; hashes are lower-case hex
 * where they are names, bytes where they are compared.
 *
 * devices: who was ever let in. A row is never removed, so that an id is never given twice. Pending ones keep the request that waits.
 * certificates: every certificate that may be used; one that is not here is nobody's, whoever signed it.
 * authorities: the intermediate CA of a voter, or the request for one, or both while it is renewed.
 * audit: append-only; the number and the hash are given by apply (audit-chain).
 * touched: empty between entries, in no snapshot: whose node or device an entry wrote, so that the guards need not look at all of them, and
 * whether it wrote a table of trust.
 */
export const trustSchema = `
  CREATE TABLE IF NOT EXISTS devices (
    id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    role TEXT NOT NULL CHECK (role IN ('guest', 'member', 'admin')),
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'revoked')),
    name TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    invite_id TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    certificate_request BLOB,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE INDEX IF NOT EXISTS devices_by_state ON devices (state, role);
  CREATE TABLE IF NOT EXISTS certificates (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices (id),
    key_hash TEXT NOT NULL,
    certificate BLOB NOT NULL,
    authority BLOB NOT NULL,
    not_before_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    recorded_at_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS certificates_of_device ON certificates (device_id);
  CREATE INDEX IF NOT EXISTS certificates_of_key ON certificates (key_hash);
  CREATE TABLE IF NOT EXISTS invites (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    role TEXT NOT NULL CHECK (role IN ('guest', 'member', 'admin')),
    created_by TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    uses_max INTEGER NOT NULL,
    needs_approval INTEGER NOT NULL,
    revoked_at_ms INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL,
    CONSTRAINT "used-up" CHECK (uses <= uses_max)) STRICT;
  CREATE TABLE IF NOT EXISTS authorities (
    node_id TEXT NOT NULL PRIMARY KEY REFERENCES devices (id) DEFERRABLE INITIALLY DEFERRED,
    certificate_request BLOB,
    certificate BLOB,
    not_after_ms INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS audit (
    sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    node TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB) STRICT;
  CREATE INDEX IF NOT EXISTS audit_unsealed ON audit (sequence) WHERE hash IS NULL;
  CREATE TABLE IF NOT EXISTS touched (id TEXT, joined INTEGER NOT NULL DEFAULT 0, trust INTEGER NOT NULL DEFAULT 0) STRICT;`;

/** A change of one of these leaves an event in the audit log. */
const auditedTables = ['devices', 'certificates', 'invites', 'authorities'] as const;
const noting = auditedTables.flatMap((table) => ['INSERT', 'UPDATE', 'DELETE'].map((verb) => ({ name: `${table}_${verb.toLowerCase()}_noted`, table, verb })));

/**
 * Made after the rows of a snapshot were written, because they would refuse those.
 * demands: a statement that refuses its whole entry unless something holds. audit: no event is written over another one (REPLACE), nor with a hash.
 * The others fill `touched`.
 */
export const trustTriggers = `
  CREATE VIEW IF NOT EXISTS demands AS SELECT NULL AS reason, NULL AS holds;
  CREATE TRIGGER IF NOT EXISTS demand INSTEAD OF INSERT ON demands WHEN NEW.holds IS NOT 1
  BEGIN SELECT RAISE(ABORT, 'refused: ' || NEW.reason); END;
  CREATE TRIGGER IF NOT EXISTS audit_append BEFORE INSERT ON audit
  WHEN NEW.hash IS NOT NULL OR EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)
  BEGIN SELECT RAISE(ABORT, '${refusalText('audit')}'); END;
  CREATE TRIGGER IF NOT EXISTS nodes_inserted AFTER INSERT ON nodes BEGIN INSERT INTO touched (id, joined) VALUES (NEW.id, 1); END;
  CREATE TRIGGER IF NOT EXISTS nodes_renamed AFTER UPDATE OF id ON nodes BEGIN INSERT INTO touched (id, joined) VALUES (NEW.id, 1); END;
  CREATE TRIGGER IF NOT EXISTS devices_changed AFTER UPDATE OF id, state ON devices BEGIN INSERT INTO touched (id) VALUES (OLD.id); END;
  CREATE TRIGGER IF NOT EXISTS devices_deleted AFTER DELETE ON devices BEGIN INSERT INTO touched (id) VALUES (OLD.id); END;
  ${noting.map(({ name, table, verb }) => `CREATE TRIGGER IF NOT EXISTS ${name} AFTER ${verb} ON ${table} BEGIN INSERT INTO touched (trust) VALUES (1); END;`).join('\n  ')}`;

export const dropTrustTriggers = ['audit_append', 'nodes_inserted', 'nodes_renamed', 'devices_changed', 'devices_deleted', ...noting.map(({ name }) => name)]
  .map((name) => `DROP TRIGGER IF EXISTS ${name};`).join(' ');
