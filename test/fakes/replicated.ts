import { RaftApplyResponse, type RaftLogEntry } from '../../src/gen/v1/node_raft.ts';
import { encodeEntry } from '../../src/node/consensus/entry.ts';
import { type Database, type SqlValue } from '../../src/node/ports.ts';
import { createMeshState, type MeshState } from '../../src/node/state/mesh-state.ts';
import { type AuditInput } from '../../src/node/statements/audit.ts';
import { type InviteInput } from '../../src/node/statements/invites.ts';
import { refusalReason } from '../../src/node/statements/refusals.ts';
import { bootstrapEntry, type JoiningNode } from '../../src/node/statements/statements.ts';
import { type CertificateInput } from '../../src/node/statements/trust.ts';
import { openDatabase } from '../../src/platform/sqlite.ts';
import { type Entry, entryType } from '../../src/raft/types.ts';

/** The real replicated state over SQLite in memory, and a log of one. */
export interface Replicated {
  readonly db: Database;
  readonly state: MeshState;
  /** Applies one entry and answers its error: the reason of a refusal, another text, or '' when it was done. */
  apply(entry: RaftLogEntry): string;
  rows(sql: string): readonly SqlValue[][];
}

export function replicated(): Replicated {
  const db = openDatabase({ path: ':memory:', durability: 'normal' });
  const state = createMeshState(db);
  return {
    db, state,
    apply: (entry) => {
      const [answer] = state.apply([commandAt(state.appliedIndex() + 1, encodeEntry(entry))]);
      return outcomeOf(answer ?? new Uint8Array());
    },
    rows: (sql) => db.prepare(sql).all(),
  };
}

export function outcomeOf(answer: Uint8Array): string {
  const { error, execResult, queryResult } = RaftApplyResponse.decode(answer);
  const problem = error || execResult?.error || queryResult?.error || '';
  return refusalReason(problem) ?? problem;
}

export function commandAt(index: number, data: Uint8Array): Entry {
  return { index, term: 1, type: entryType.command, data, extensions: null, appendedAt: null };
}

/** Certificates that only look like some: bytes and hashes that follow from the names. */
export function certificateOf(id: string, key: string, notAfterMs = 1_000_000): CertificateInput {
  const text = `${id}/${key}/${notAfterMs}`;
  return { fingerprint: `fp-${text}`, keyHash: Buffer.from(key).toString('hex'), certificate: Buffer.from(text), authority: Buffer.from('authority'), notBeforeMs: 0, notAfterMs };
}

export function auditOf(action: string, actor = 'founder', subject = ''): AuditInput {
  return { atMs: 10, actor, node: 'founder', action, subject, detail: {} };
}

export function nodeOf(id: string, asVoter = false): JoiningNode {
  const number = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 60_000, 7);
  return {
    id, publicKey: `key of ${id}`, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: null, networkIpv6: `fd00:0:0:${number.toString(16)}::/64`,
    leaseIpv4: `10.${number >> 8}.${number & 255}.1/8`, asVoter, preferRaftIpv6: false, now: { seconds: 0n, nanos: 0 },
  };
}

export function inviteOf(id: string, change: Partial<InviteInput> = {}): InviteInput {
  return { id, tokenHash: new Uint8Array(32).fill(7), role: 'member', nowMs: 0, expiresAtMs: 1_000, usesMax: 1, needsApproval: false, note: '', audit: auditOf('invite.create'), ...change };
}

/** The first entry of a mesh whose founder is called `founder`. */
export function foundedEntry(secured: boolean): RaftLogEntry {
  const certificate = certificateOf('founder', 'founder-key');
  const trust = {
    nowMs: 0, root: Buffer.from('root'), deviceId: 'founder', name: "the founder's", certificate, authority: { certificate: Buffer.from('authority'), notAfterMs: 5 },
    audit: auditOf('mesh.found'),
  };
  return bootstrapEntry({ ulaPrefix: 'fd00::/48', ipv4Prefix: '10.0.0.0/8', networkName: 'home', acls: [], founder: nodeOf('founder', true), now: { seconds: 0n, nanos: 0 }, trust: secured ? trust : null });
}

/** What a replica knows of a certificate that says it is `id`'s: the device's state and role, or unknown. */
export function standingOf({ trust }: MeshState, id: string, fingerprint: string): string {
  const device = trust.certificate(fingerprint)?.deviceId === id ? trust.device(id) : undefined;
  return device ? `${device.state} ${device.role}` : 'unknown';
}
