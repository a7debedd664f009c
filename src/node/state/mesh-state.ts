import { assert } from '../../base/assert.ts';
import { cell } from '../../base/cell.ts';
import { RaftApplyResponse } from '../../gen/v1/node_raft.ts';
import { type Configuration, type Entry, entryType } from '../../raft/types.ts';
import { decodeConfiguration } from '../consensus/codec.ts';
import { decodeEntry } from '../consensus/entry.ts';
import { type Database, type StateMachine } from '../ports.ts';
import { refusalText } from '../statements/refusals.ts';
import { createSealer } from './audit-seal.ts';
import { execute, type Prepared, unreadable } from './execute.ts';
import { createGuardReads } from './guard-reads.ts';
import { breach, standingOf } from './guards.ts';
import { createReads, type MeshReads } from './reads.ts';
import { migrate } from './schema.ts';
import { decodeSnapshot, encodeSnapshot, readTables, writeTables } from './snapshot.ts';
import { integerOf, textOf } from './values.ts';

/** The replicated state in an open mesh.db: the state machine for consensus, and local reads for the services. */
export interface MeshState extends StateMachine, MeshReads {
  /** The members as of the applied index. */
  appliedConfiguration(): Configuration;
}

/** Makes the tables where they are missing. The database is used by nothing else. */
export function createMeshState(db: Database): MeshState {
  migrate(db);
  const readApplied = db.prepare('SELECT term, log_index, configuration FROM applied');
  // An insert each time: the row id that SQLite inserted last is part of an entry's answer, so every entry begins with the same one, also
  // after a restart and after a restore.
  const writeApplied = db.prepare('REPLACE INTO applied (id, term, log_index, configuration) SELECT 1, ?, ?, configuration FROM applied');
  const writeConfiguration = db.prepare('UPDATE applied SET configuration = ?');
  const revision = cell(0);
  const prepared: Prepared = new Map();
  const reads = createReads(db, revision);
  const guarded = createGuardReads(db, reads.raftAcls);
  const seal = createSealer(db);
  const forgetTouched = db.prepare('DELETE FROM touched');
  // What every entry so far left behind; the next one is compared with it.
  let standing = standingOf(guarded);
  let { term, index, configuration } = applied();
  writeApplied.run(BigInt(term), BigInt(index));

  function applied(): { term: number; index: number; configuration: Configuration } {
    const [row] = readApplied.all();
    return { term: integerOf(row?.[0]), index: integerOf(row?.[1]), configuration: JSON.parse(textOf(row?.[2])) as Configuration };
  }

  function note(entry: Entry): void {
    writeApplied.run(BigInt(entry.term), BigInt(entry.index));
  }

  /** One entry and the note about it, or nothing at all. */
  function applyOne(entry: Entry): Uint8Array | null {
    if (entry.index <= index) return null;
    assert(entry.index === index + 1, `entry ${entry.index} follows ${index}`);
    const answer = entry.type === entryType.command ? runCommand(entry) : null;
    if (entry.type === entryType.configuration) takeConfiguration(entry);
    else if (answer === null) db.transaction(() => note(entry));
    index = entry.index;
    term = entry.term;
    return answer && RaftApplyResponse.encode(answer).finish();
  }

  /** What an entry's statements did becomes part of the state, or nothing of it does. */
  function settle(): void {
    seal();
    const reason = breach(standing, guarded);
    if (reason !== undefined) throw new Error(refusalText(reason));
    forgetTouched.run();
  }

  function runCommand(entry: Entry): RaftApplyResponse {
    let decoded: ReturnType<typeof decodeEntry>;
    try {
      decoded = decodeEntry(entry.data);
    } catch (error) {
      return unreadable(db, error, () => note(entry));
    }
    const answer = execute(db, prepared, decoded, settle, () => note(entry));
    standing = standingOf(guarded);
    return answer;
  }

  function takeConfiguration(entry: Entry): void {
    const next = decodeConfiguration(entry.data);
    db.transaction(() => {
      note(entry);
      writeConfiguration.run(JSON.stringify(next));
    });
    configuration = next;
  }

  return {
    ...reads,
    appliedIndex: () => index,
    appliedTerm: () => term,
    appliedConfiguration: () => configuration,
    apply: (entries) => {
      const before = index;
      try {
        return entries.map(applyOne);
      } finally {
        // Also when a later entry could not be applied: the earlier ones are in the database.
        if (index !== before) revision.set(revision.get() + 1);
      }
    },
    snapshot: () => encodeSnapshot(readTables(db)),
    restore: (bytes, toIndex, toTerm, toConfiguration) => {
      const tables = decodeSnapshot(bytes);
      db.transaction(() => {
        writeTables(db, tables);
        writeApplied.run(BigInt(toTerm), BigInt(toIndex));
        writeConfiguration.run(JSON.stringify(toConfiguration));
      });
      [index, term, configuration] = [toIndex, toTerm, toConfiguration];
      standing = standingOf(guarded);
      revision.set(revision.get() + 1);
    },
  };
}
