import { atLeast, type Role } from '../../base/identity.ts';
import { type NodeId, type RaftView } from '../../raft/types.ts';
import { type Proof } from './transport.ts';

/** This long without a leader, and it may be that members have changed without us. */
const lonelyTicks = 50;

type Touch = Pick<RaftView, 'configuration' | 'leader' | 'leaderContactTicks'>;

/**
 * In clear text: members and the present leader are heard. Others only by a node that has lost touch, or never had it: its configuration
 * may be old, and whom it does not know yet may be the leader that brings it the new one. The core itself refuses votes to those who are
 * no members.
 */
export function hears({ configuration: { servers }, leader, leaderContactTicks }: Touch, from: NodeId): boolean {
  if (servers.length === 0 || from === leader || servers.some((server) => server.id === from)) return true;
  return isLonely(leaderContactTicks);
}

/** What this node's replica knows of those who speak to it. */
export interface MemberFacts {
  /** The mesh's first entry was applied here. */
  readonly founded: boolean;
  device(id: NodeId): { readonly role: Role; readonly state: 'pending' | 'active' | 'revoked' } | undefined;
  /** Whether the mesh recorded this certificate for this id, and the grace after its end is not over. */
  recorded(id: NodeId, fingerprint: string): boolean;
  /** Whether the ACLs let it vote. */
  mayVote(id: NodeId): boolean;
}

/**
 * With certificates, a request is heard from who proves to be its sender and votes: observers only ever answer. The certificate must be a
 * recorded one as well, so that whoever stole an authority's key still leads nobody.
 *
 * Two exceptions keep a node from being left behind for ever. Without any state, the chain alone must do: that is how the state arrives.
 * And a node that lost touch may not have heard of a new voter or of a voter's new certificate, which only that voter's log can tell it;
 * it listens to whom it has no reason to refuse: nobody that it knows as a guest, as revoked, or as denied a vote. A certificate that
 * ended is heard for the grace, when it is a recorded one: voters that all slept for too long must elect a leader before any can renew.
 */
export function hearsProven({ configuration: { servers }, leader, leaderContactTicks }: Touch, from: NodeId, { provenId, fingerprint, expired = false }: Proof, facts: MemberFacts): boolean {
  if (provenId !== from || fingerprint === undefined) return false;
  const device = facts.device(from);
  if (device?.state === 'revoked') return false;
  const recorded = facts.recorded(from, fingerprint);
  if (expired && !recorded) return false;
  if (!facts.founded) return true;
  const votes = from === leader || servers.some((server) => server.id === from && server.voter);
  if (votes && recorded) return true;
  const able = device === undefined || (device.state === 'active' && atLeast(device.role, 'member'));
  return isLonely(leaderContactTicks) && able && facts.mayVote(from);
}

/** Whether a member that was dialled may be told the log: it proved its id; if its certificate ended, that must be one which may still be used. */
export function trustsDialled(id: NodeId, { fingerprint, expired = false }: Proof, facts: Pick<MemberFacts, 'recorded'>): boolean {
  return !expired || (fingerprint !== undefined && facts.recorded(id, fingerprint));
}

function isLonely(leaderContactTicks: number | null): boolean {
  return leaderContactTicks === null || leaderContactTicks > lonelyTicks;
}
