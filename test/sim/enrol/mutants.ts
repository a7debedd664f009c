import { type Consensus, type Database } from '../../../src/node/ports.ts';
import { decodeEntry, encodeEntry } from '../../../src/node/consensus/entry.ts';
import { type MeshReads } from '../../../src/node/state/reads.ts';
import { type Plan } from './plan.ts';

/** One thing wrong, from outside: the product's code is never changed. */
export interface Mutation {
  readonly database?: (db: Database, member: string) => Database;
  readonly reads?: (reads: MeshReads) => MeshReads;
  readonly consensus?: (consensus: Consensus) => Consensus;
  /** After a snapshot was restored. */
  readonly restored?: (db: Database) => void;
  readonly plan?: Partial<Plan>;
}

/** Leaders that look at old facts: what they miss, the entries must notice. */
const careless = { careless: true, redeemersMax: 4, callDuplication: 0.5, voters: 3, patienceMs: 3_000, latencyMeanMs: 60 };
const retrying = { callAnswerLoss: 0.6, callDuplication: 0.3, patienceMs: 300 };
const crashing = { crashEveryMs: 700, voters: 3 };

export const mutants: Readonly<Record<string, Mutation>> = {
  'does not recognise a retry': { reads: forgetful, plan: retrying },
  'lets more use an invite than may': { database: (db) => schemaOf(db, [[', CONSTRAINT "used-up" CHECK (uses <= uses_max)', '']]), plan: careless },
  'counts a use in another entry': { consensus: (consensus) => splitting(consensus, 'UPDATE invites SET uses'), plan: crashing },
  'records the certificate in another entry': { consensus: (consensus) => splitting(consensus, 'INSERT INTO certificates'), plan: crashing },
  'does not look at the revocation again': { database: (db) => without(db, 'revoked'), plan: { ...careless, revokesInvites: 1 } },
  'lets a key enrol twice': {
    database: (db) => schemaOf(without(db, 'already-enrolled'), [['key_hash TEXT NOT NULL UNIQUE', 'key_hash TEXT NOT NULL']]), reads: forgetful, plan: { ...careless, ...retrying },
  },
  'approves whoever was approved': { database: (db) => without(db, 'not-pending'), plan: { ...careless, approvals: 1 } },
  'answers a retry with another certificate': { reads: anotherCertificate, plan: retrying },
  'leaves the certificates out of snapshots': { restored: (db) => db.exec('DELETE FROM certificates'), plan: { snapshotEntries: 4, trailingEntries: 0, losesState: 1, crashEveryMs: 700 } },
  'seals events with the time of the machine': { database: (db, member) => prepared(db, 'UPDATE audit SET hash', (sql) => (member === 'b' ? `${sql} AND 1 = 0` : sql)), plan: { voters: 3 } },
  'enrols without an event': { consensus: (consensus) => rewriting(consensus, 'INSERT INTO audit') },
};

function forgetful(reads: MeshReads): MeshReads {
  return { ...reads, trust: { ...reads.trust, enrolled: () => undefined } };
}

function anotherCertificate(reads: MeshReads): MeshReads {
  return {
    ...reads,
    trust: {
      ...reads.trust,
      enrolled: (inviteId, keyHash) => {
        const found = reads.trust.enrolled(inviteId, keyHash);
        if (!found?.certificate) return found;
        const [first = new Uint8Array(), ...rest] = found.certificate.chain;
        return { ...found, certificate: { ...found.certificate, chain: [Uint8Array.of(...first, 32), ...rest] } };
      },
    },
  };
}

/** The tables as another text makes them. Throws when there is nothing to replace: a mutant that changes nothing proves nothing. */
function schemaOf(db: Database, changes: readonly (readonly [string, string])[]): Database {
  return {
    ...db,
    exec: (sql) => {
      const flat = sql.replaceAll(/\s+/g, ' ');
      if (!flat.includes('CREATE TABLE IF NOT EXISTS invites')) return db.exec(sql);
      for (const [from] of changes) if (!flat.includes(from)) throw new Error(`no ${from} in the schema`);
      db.exec(changes.reduce((text, [from, to]) => text.replace(from, to), flat));
    },
  };
}

/** Without one demand. */
function without(db: Database, reason: string): Database {
  return { ...db, exec: (sql) => db.exec(sql.replace('WHEN NEW.holds IS NOT 1', `WHEN NEW.reason <> '${reason}' AND NEW.holds IS NOT 1`)) };
}

function prepared(db: Database, prefix: string, change: (sql: string) => string): Database {
  return { ...db, prepare: (sql) => db.prepare(sql.startsWith(prefix) ? change(sql) : sql) };
}

/** Proposes the statement with this beginning by itself, after the rest. */
function splitting(consensus: Consensus, prefix: string): Consensus {
  return {
    ...consensus,
    propose: async (data, signal) => {
      const parts = partsOf(data, prefix);
      if (!parts) return consensus.propose(data, signal);
      const applied = await consensus.propose(parts.rest, signal);
      await consensus.propose(parts.part, signal);
      return applied;
    },
  };
}

/** Leaves the statement with this beginning out of enrolments. */
function rewriting(consensus: Consensus, prefix: string): Consensus {
  return { ...consensus, propose: (data, signal) => consensus.propose(partsOf(data, prefix)?.rest ?? data, signal) };
}

function partsOf(data: Uint8Array, prefix: string): { readonly rest: Uint8Array; readonly part: Uint8Array } | undefined {
  const entry = decodeEntry(data);
  const statement = entry.sqlExec?.statement;
  const all = statement?.sql.split(';\n') ?? [];
  const own = all.filter((sql) => sql.startsWith(prefix));
  if (!entry.sqlExec || !statement || own.length === 0 || !all.some((sql) => sql.startsWith('INSERT INTO devices'))) return undefined;
  const entryOf = (sqls: readonly string[]): Uint8Array => encodeEntry({ ...entry, sqlExec: { transaction: true, statement: { ...statement, sql: sqls.join(';\n') } } });
  return { rest: entryOf(all.filter((sql) => !own.includes(sql))), part: entryOf(own) };
}
