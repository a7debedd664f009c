import { failure } from '../base/failure.ts';
import { type PeersTopic, type PeerView, type ProfilesTopic, type ProfileView } from '../contract/state.ts';

/** A profile by its id, or by its name when only one has it. Fails with input.unknown-profile. */
export function findProfile({ list }: ProfilesTopic, wanted: string): ProfileView {
  const named = list.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const found = list.find(({ id }) => id === wanted) ?? (named.length === 1 ? named[0] : undefined);
  if (found !== undefined) return found;
  throw failure('input.unknown-profile', { profile: wanted, ...(named.length > 1 ? { problem: `${named.length} networks have this name; use the id` } : {}) });
}

/** A peer by its id or by one of its addresses. What is not in the list is passed on as it is: the core knows more. */
export function findPeer({ list }: PeersTopic, wanted: string): Pick<PeerView, 'id'> {
  return list.find(({ id, ipv4, ipv6 }) => id === wanted || ipv4 === wanted || ipv6 === wanted) ?? { id: wanted };
}
