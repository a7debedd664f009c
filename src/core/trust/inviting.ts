import { failure } from '../../base/failure.ts';
import { joinHostPort } from '../../base/ip.ts';
import { type Random, shortId } from '../../base/random.ts';
import type { Parsed } from '../../contract/commands.ts';
import { publicApi, type RosterNode } from '../mesh/roster.ts';
import type { Profile } from '../profiles.ts';
import { serves } from '../paths/offers.ts';
import type { Advertised } from '../tunnel/endpoints.ts';
import { type Endpoint, endpointsMax, type Invite, isEndpoint, tokenBytes } from './invite.ts';

const lifeSeconds = 86_400;

export interface InvitingInput {
  readonly networkName: string;
  readonly invitedBy: string;
  readonly rootFingerprint: Uint8Array;
  readonly endpoints: readonly Endpoint[];
  readonly nowMs: number;
}

/** A new invite with an id and a token of its own. Good for one device and a day, as a member, unless told otherwise. */
export function draw({ role, expiresInSeconds, needsApproval }: Parsed<'invite.create'>, { nowMs, ...rest }: InvitingInput, random: Random): Invite {
  return {
    ...rest, inviteId: shortId(random, 16), token: random.bytes(tokenBytes), role: role ?? 'member',
    expiresAtMs: nowMs + (expiresInSeconds ?? lifeSeconds) * 1000, needsApproval: needsApproval ?? false,
  };
}

/**
 * Where whoever is invited can reach the mesh: this machine first if it serves, then other voters, then the ends of the invite that brought
 * this machine here (its list of voters may still be on its way), then this machine's other addresses.
 * Throws input.invalid with what to do when there is no such place.
 */
export function inviteEndpoints(profile: Profile, nodes: readonly RosterNode[], { primary, others }: Advertised): readonly Endpoint[] {
  // A machine without a network can still be joined by itself.
  const own = (serves(profile) ? [primary || '127.0.0.1', ...others] : []).map((host) => ({ nodeId: profile.nodeId, address: joinHostPort(host, profile.grpcPort) }));
  const voters = nodes.filter(({ id, role }) => id !== profile.nodeId && (role === 'leader' || role === 'voter')).flatMap((node) => {
    const address = publicApi(node);
    return address === undefined ? [] : [{ nodeId: node.id, address }];
  });
  const all = [...own.slice(0, 1), ...voters, ...profile.endpoints, ...own.slice(1)].filter(isEndpoint);
  const usable = [...new Map(all.map(({ nodeId, address }) => [`${nodeId} ${address}`, { nodeId, address }])).values()].slice(0, endpointsMax);
  if (usable.length > 0) return usable;
  throw failure('input.invalid', {
    field: 'link', problem: 'no device that manages this network has an address that others can reach; connect a host, or let a device with a public address join as a voter, and make the invite then',
  });
}
