import { type Database } from '../ports.ts';
import { refusalText } from '../statements/refusals.ts';
import { auditHash, hashBytes, noHash } from './audit-chain.ts';
import { auditRow } from './audit-reads.ts';
import { bytesOf } from './values.ts';

/**
 * Gives the events that an entry added their hashes, inside its transaction. The numbers of new events follow on the last one; an entry
 * that leaves a gap is refused.
 */
export function createSealer(db: Database): () => void {
  const unsealed = db.prepare('SELECT sequence, at_ms, actor, node, action, subject, detail FROM audit WHERE hash IS NULL ORDER BY sequence');
  const hashOf = db.prepare('SELECT hash FROM audit WHERE sequence = ?');
  const write = db.prepare('UPDATE audit SET hash = ? WHERE sequence = ?');
  const hashBefore = (sequence: number): Uint8Array => (sequence === 1 ? noHash : bytesOf(hashOf.all(BigInt(sequence - 1))[0]?.[0]));
  return () => {
    for (const event of unsealed.all().map(auditRow)) {
      const before = hashBefore(event.sequence);
      if (before.length !== hashBytes) throw new Error(refusalText('audit'));
      write.run(auditHash(before, event), BigInt(event.sequence));
    }
  };
}
