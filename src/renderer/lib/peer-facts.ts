import type { ClusterRole, DeviceView, PeerView, Role, TrustTopic } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import { given } from './format.ts';
import { roleWord as permissionWord } from './invites.ts';

/** What the network's records say of a peer's device, in words that are safe to show. */
export interface PeerFacts {
  /** What its owner called the device; empty where nobody said. */
  readonly name: string;
  readonly role: Role | null;
  /** Id of the device that added it; its own for the founder; null where nobody knows. */
  readonly owner: string | null;
  /** This device, or one that was added by it. */
  readonly mine: boolean;
}

export type FactsOf = (id: string) => PeerFacts;

const unknown: PeerFacts = { name: '', role: null, owner: null, mine: false };

/** Joins peers with the network's records. A mesh knows devices and not persons: a device belongs with the one whose invite added it. */
export function factsOf(trust: Pick<TrustTopic, 'devices'> | null): FactsOf {
  const devices = new Map((trust?.devices ?? []).map((device) => [device.id, device]));
  const own = trust?.devices.find(({ self }) => self)?.id;
  const known = new Map<string, PeerFacts>();
  return (id) => {
    const facts = known.get(id) ?? read(devices.get(id), own);
    known.set(id, facts);
    return facts;
  };
}

function read(device: DeviceView | undefined, own: string | undefined): PeerFacts {
  if (device === undefined) return unknown;
  const { id, name, role, self, invitedBy } = device;
  return { name: given(name, ''), role, owner: invitedBy === '' ? id : invitedBy, mine: self || (own !== undefined && invitedBy === own) };
}

/** What people call the device that added others. */
export function ownerWord(owner: string | null, facts: FactsOf, own: string | undefined): string {
  if (owner === null) return t.peers.ownerUnknown;
  return owner === own ? t.peers.thisDevice : facts(owner).name || given(owner);
}

/** One word for what a device is in the network: what it may do, or where nobody recorded that, its part in voting. */
export function roleWord({ id, role }: Pick<PeerView, 'id' | 'role'>, facts: FactsOf): string {
  const permission = facts(id).role;
  return permission === null ? t.peers.parts[role].word : permissionWord(permission);
}

const clusterOrder: readonly ClusterRole[] = ['leader', 'voter', 'observer', 'unknown'];
const permissionOrder: readonly Role[] = ['admin', 'member', 'guest'];

/** Most permissions first, then those who vote. */
export function roleRank({ id, role }: Pick<PeerView, 'id' | 'role'>, facts: FactsOf): number {
  const permission = facts(id).role;
  return (permission === null ? permissionOrder.length : permissionOrder.indexOf(permission)) * clusterOrder.length + clusterOrder.indexOf(role);
}
