import { failure } from '../../base/failure.ts';
import { deviceIdPattern, type Role } from '../../base/identity.ts';
import type { Pki } from '../../base/pki.ts';
import type { Invitation } from '../../contract/state.ts';
import { InvitePayload } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { checkAddress } from '../mesh/address.ts';
import { equalBytes, fromBase, toFingerprint } from './bytes.ts';
import { isPlainName } from './names.ts';
import { roleFromWire, roleToWire } from './roles.ts';

/** An invite as one device makes it and another redeems it. Whoever has the token can use it: it is as secret as a password. */
export interface Invite {
  readonly networkName: string;
  /** One to four, the best one first. */
  readonly endpoints: readonly Endpoint[];
  /** SHA-256 of the root certificate. */
  readonly rootFingerprint: Uint8Array;
  readonly inviteId: string;
  readonly token: Uint8Array;
  readonly role: Role;
  readonly expiresAtMs: number;
  readonly invitedBy: string;
  readonly needsApproval: boolean;
}

/** Where a node's mesh API answers, and which node must prove itself there. */
export interface Endpoint {
  readonly nodeId: string;
  /** host:port */
  readonly address: string;
}

type Digest = Pki['digest'];

export const linkStart = 'webmesh://join/';
/** Characters of a link or an invite file. */
export const linkMax = 4_096;
export const endpointsMax = 4;
export const tokenBytes = 32;
const checksumBytes = 4;
const version = 1;
const idPattern = /^[a-z0-9]{16}$/;
/** The last instant that a Date can hold. */
const timeMaxMs = 8_640_000_000_000_000;

/** The link of an invite. The caller gives only what readInvite takes back. */
export function writeInvite(invite: Invite, digest: Digest): string {
  const bytes = InvitePayload.encode(toWire(invite)).finish();
  const sum = digest(bytes).subarray(0, checksumBytes);
  return linkStart + Buffer.concat([bytes, sum]).toString('base64url');
}

/**
 * Reads a link or the content of an invite file. Pure: nothing is dialled, stored or opened. Only the one proper spelling is taken.
 * Throws input.invite-damaged {problem}; what was given is never repeated, since it may hold a token.
 */
export function readInvite(text: string, digest: Digest): Invite {
  if (text.length > linkMax) throw damaged('it is too long');
  const link = text.trim();
  if (!link.startsWith(linkStart)) throw damaged('it does not begin with webmesh://join/');
  const bytes = fromBase(link.slice(linkStart.length), 'base64url');
  if (!bytes || bytes.length <= checksumBytes) throw damaged('a part is missing or was changed');
  const payload = bytes.subarray(0, -checksumBytes);
  if (!equalBytes(digest(payload).subarray(0, checksumBytes), bytes.subarray(-checksumBytes))) throw damaged('a part is missing or was changed');
  return fromWire(decode(payload));
}

/** What a person reads before anything happens. `known` names a network of the same mesh on this machine. */
export function invitationOf(link: string, invite: Invite, nowMs: number, known: string | null): Invitation {
  return {
    link: link.trim(), inviteId: invite.inviteId, networkName: invite.networkName, invitedBy: invite.invitedBy,
    fingerprint: toFingerprint(invite.rootFingerprint), role: invite.role, expiresAtMs: invite.expiresAtMs, expired: invite.expiresAtMs <= nowMs,
    needsApproval: invite.needsApproval, addresses: invite.endpoints.map(({ address }) => address), known,
  };
}

function toWire({ role, expiresAtMs, rootFingerprint, token, ...rest }: Invite): InvitePayload {
  return { ...rest, version, role: roleToWire(role), expiresAtMs: BigInt(expiresAtMs), rootFingerprint: Buffer.from(rootFingerprint), token: Buffer.from(token) };
}

/** Protobuf takes unknown, repeated and reordered fields; an invite does not: it must be what we would write ourselves. */
function decode(bytes: Uint8Array): InvitePayload {
  let message: InvitePayload;
  try {
    message = InvitePayload.decode(bytes);
  } catch (error) {
    throw damaged('its content makes no sense', error);
  }
  if (message.version !== version) throw damaged('it was made by a version of the app that this one does not know');
  if (!equalBytes(InvitePayload.encode(message).finish(), bytes)) throw damaged('its content makes no sense');
  return message;
}

function fromWire(message: InvitePayload): Invite {
  const { networkName, inviteId, invitedBy, needsApproval } = message;
  if (!isPlainName(networkName)) throw damaged('the network has no proper name');
  if (!isPlainName(invitedBy)) throw damaged('whoever invites has no proper name');
  if (message.rootFingerprint.length !== 32) throw damaged('the fingerprint is incomplete');
  if (message.token.length !== tokenBytes) throw damaged('the token is incomplete');
  if (!idPattern.test(inviteId)) throw damaged('the invite has no proper id');
  if (message.endpoints.length < 1 || message.endpoints.length > endpointsMax) throw damaged('it names no address, or too many');
  const role = roleFromWire(message.role);
  if (role === null) throw damaged('it gives no role');
  const expiresAtMs = Number(message.expiresAtMs);
  if (!(expiresAtMs > 0 && expiresAtMs <= timeMaxMs)) throw damaged('its end makes no sense');
  return {
    networkName, inviteId, invitedBy, needsApproval, role, expiresAtMs, endpoints: message.endpoints.map(endpointFrom),
    rootFingerprint: Uint8Array.from(message.rootFingerprint), token: Uint8Array.from(message.token),
  };
}

function endpointFrom({ nodeId, address }: Endpoint): Endpoint {
  if (!isEndpoint({ nodeId, address })) throw damaged('an address makes no sense');
  return { nodeId, address };
}

/** True for an address and an id that can stand in an invite. */
export function isEndpoint({ nodeId, address }: Endpoint): boolean {
  if (!deviceIdPattern.test(nodeId) || address.length > 300) return false;
  try {
    return checkAddress(address) === address;
  } catch {
    return false; // Whatever is wrong with it, it is no address.
  }
}


function damaged(problem: string, cause?: unknown) {
  return failure('input.invite-damaged', { problem }, cause);
}
