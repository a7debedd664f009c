import { type Role } from '../../base/identity.ts';
import { mayTakePart } from '../statements/acl.ts';
import { type RefusalReason } from '../statements/refusals.ts';
import { type RaftAcl } from '../statements/statements.ts';

/** What the guards read of the tables, as an entry would leave them. */
export interface GuardReads {
  founded(): boolean;
  /** The texts of Trust and RootCertificate. */
  trust(): string | undefined;
  root(): string | undefined;
  /** Ids of the nodes that wish to vote. */
  wishes(): readonly string[];
  /** Ids of the nodes that the entry added. */
  joined(): readonly string[];
  raftAcls(): readonly RaftAcl[];
  /** The role of an active device. */
  activeRole(id: string): Role | undefined;
  hasActiveAdmin(): boolean;
  /** A row of nodes without an active device of the same id, among those that the entry touched. */
  strayNode(): string | undefined;
  revokedDevices(): number;
  /** Whether the entry wrote a table of trust, whatever it wrote. */
  touchedTrust(): boolean;
  /** Number of the newest event of the audit log. */
  events(): number;
}

/** What is compared with the state after an entry. */
export interface Standing {
  readonly founded: boolean;
  readonly trust: string | undefined;
  readonly root: string | undefined;
  readonly wishes: readonly string[];
  readonly revokedDevices: number;
  readonly events: number;
}

export function standingOf(reads: GuardReads): Standing {
  return { founded: reads.founded(), trust: reads.trust(), root: reads.root(), wishes: reads.wishes(), revokedDevices: reads.revokedDevices(), events: reads.events() };
}

/**
 * What no entry may bring about, whatever its SQL says and whoever led when it was proposed; an entry that does is refused as a whole,
 * on every replica alike. The first two rules hold in every mesh, the others where the mesh is secured. Nodes and wishes that stand already
 * are not asked again: an ACL that comes later does not undo an entry of the past, it demotes (docs/raft-acls.md).
 */
export function breach(before: Standing, reads: GuardReads): RefusalReason | undefined {
  const wishes = reads.wishes();
  if (breaksAcl(wishes.filter((id) => !before.wishes.includes(id)), reads.joined(), reads)) return 'raft-acl';
  if (before.founded && (reads.trust() !== before.trust || reads.root() !== before.root)) return 'trust-fixed';
  return reads.trust() === undefined ? undefined : securedBreach(before, wishes, reads);
}

function breaksAcl(voters: readonly string[], observers: readonly string[], reads: GuardReads): boolean {
  if (voters.length === 0 && observers.length === 0) return false;
  const acls = reads.raftAcls();
  return voters.some((id) => !mayTakePart(acls, id, 'voter')) || observers.some((id) => !mayTakePart(acls, id, 'observer'));
}

function securedBreach(before: Standing, wishes: readonly string[], reads: GuardReads): RefusalReason | undefined {
  if (!reads.hasActiveAdmin()) return 'last-admin';
  if (reads.revokedDevices() < before.revokedDevices) return 'revoked-for-ever';
  if (reads.strayNode() !== undefined || wishes.some((id) => reads.activeRole(id) === undefined)) return 'no-device';
  if (wishes.some((id) => reads.activeRole(id) === 'guest')) return 'guest-vote';
  return reads.touchedTrust() && reads.events() === before.events ? 'unaudited' : undefined;
}
