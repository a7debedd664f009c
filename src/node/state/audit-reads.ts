import { type Database, type SqlValue } from '../ports.ts';
import { type AuditEvent, auditHash, noHash } from './audit-chain.ts';
import { bytesOf, integerOf, textOf } from './values.ts';

export interface AuditQuery {
  /** Only events that hold this text in a field, without regard to case. Empty: all. */
  readonly search: string;
  /** Only events before this number; 0: from the newest on. */
  readonly before: number;
  readonly limit: number;
}

export interface AuditPage {
  /** Newest first. */
  readonly events: readonly (AuditEvent & { readonly hash: Uint8Array })[];
  /** How many events fit the search, on all pages. */
  readonly total: number;
}

const columns = 'sequence, at_ms, actor, node, action, subject, detail, hash';
/** Rows that the chain check holds in memory at a time. */
const batch = 1_000;

export function createAuditReads(db: Database, revision: { get(): number }): { audit(query: AuditQuery): AuditPage; auditIntact(): boolean } {
  const text = "lower(actor || char(10) || node || char(10) || action || char(10) || subject || char(10) || detail)";
  // SQLite knows the case of ASCII letters only, so the other letters are asked for in both cases.
  const fits = `(?1 = '' OR instr(${text}, ?1) > 0 OR instr(${text}, ?2) > 0 OR instr(${text}, ?3) > 0)`;
  const page = db.prepare(`SELECT ${columns} FROM audit WHERE (?4 = 0 OR sequence < ?4) AND ${fits} ORDER BY sequence DESC LIMIT ?5`);
  const count = db.prepare(`SELECT count(*) FROM audit WHERE ${fits}`);
  const some = db.prepare(`SELECT ${columns} FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ${batch}`);
  let known: { readonly revision: number; readonly intact: boolean } | undefined;

  const intact = (): boolean => {
    let [hash, sequence] = [noHash, 0];
    for (;;) {
      const rows = some.all(BigInt(sequence)).map(auditRow);
      for (const row of rows) {
        if (row.sequence !== sequence + 1) return false;
        hash = auditHash(hash, row);
        sequence = row.sequence;
        if (Buffer.compare(hash, row.hash) !== 0) return false;
      }
      if (rows.length < batch) return true;
    }
  };

  return {
    audit: ({ search, before, limit }) => {
      const forms = [search, search.toLowerCase(), search.toUpperCase()].map(lowerAscii);
      return { events: page.all(...forms, BigInt(before), BigInt(limit)).map(auditRow), total: integerOf(count.all(...forms)[0]?.[0]) };
    },
    auditIntact: () => {
      if (known?.revision !== revision.get()) known = { revision: revision.get(), intact: intact() };
      return known.intact;
    },
  };
}

export function auditRow([sequence, atMs, actor, node, action, subject, detail, hash]: readonly SqlValue[]): AuditEvent & { readonly hash: Uint8Array } {
  return {
    sequence: integerOf(sequence), atMs: integerOf(atMs), actor: textOf(actor), node: textOf(node), action: textOf(action), subject: textOf(subject),
    detail: textOf(detail), hash: bytesOf(hash),
  };
}

const lowerAscii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
