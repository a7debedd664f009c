import { failure } from '../../base/failure.ts';
import type { Parsed } from '../../contract/commands.ts';
import { invitedProfile } from '../commands.ts';
import type { CorePorts } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { toHex } from './bytes.ts';
import { type Invite, readInvite } from './invite.ts';
import { type Keyring, type NetworkSecrets, withKey } from './keyring.ts';
import { standing } from './renewal.ts';

export interface RedeemPorts extends Pick<CorePorts, 'clock' | 'network' | 'pki' | 'random'> {
  readonly keyring: Keyring;
  readonly profiles: Profiles;
  /** True while a session uses the profile. */
  readonly inUse: (profile: string) => boolean;
  /** True while a session was ended by the mesh's word about this device. */
  readonly blocked: (profile: string) => boolean;
}

/**
 * Takes an invite on: a profile, a key, and the invite that waits to be redeemed by the session. Nobody is asked yet. The key and the invite
 * are kept before the profile is, so that a profile never stands without them. A network that is here already is not added twice, unless its
 * mesh refused this device for good: then a new profile with a new key and a new id takes the old one's place.
 */
export async function redeem(input: Parsed<'invite.redeem'>, ports: RedeemPorts): Promise<string> {
  const { clock, pki, profiles, keyring } = ports;
  const invite = readInvite(input.link, pki.digest);
  const known = profileOf(profiles, invite);
  const secrets = known ? await keyring.load(known.id) : null;
  if (known && secrets?.invite === input.link) return known.id;
  if (invite.expiresAtMs <= clock.nowMs()) throw failure('auth.invite-expired', { network: invite.networkName });
  if (invite.role === 'guest' && input.asVoter === true) throw failure('input.invalid', { field: 'asVoter', problem: 'a guest does not vote' });
  if (!known) return add(input, invite, withKey(await pki.createKey()), null, ports);
  if (secrets && secrets.chain.length === 0) return again(known, input.link, invite, ports);
  if (secrets && !isLost(secrets, ports) && !ports.blocked(known.id)) throw failure('input.invalid', { field: 'link', problem: `this device is in that network already, as ${known.name}`, network: known.name, profile: known.id });
  if (ports.inUse(known.id)) throw failure('app.busy', { problem: 'disconnect first', profile: known.id });
  return replace(known, input, invite, secrets, ports);
}

/** The network of the invite's mesh on this machine, whatever it is called. */
export function profileOf(profiles: Profiles, { rootFingerprint }: Pick<Invite, 'rootFingerprint'>): Profile | undefined {
  const fingerprint = toHex(rootFingerprint);
  return profiles.document.get().list.find((profile) => profile.rootFingerprint === fingerprint);
}

/** Nothing but a new enrolment helps. */
function isLost({ refused, chain: [certificate] }: NetworkSecrets, { pki, clock }: RedeemPorts): boolean {
  return refused !== null || (certificate !== undefined && standing(pki.readCertificate(certificate), clock.nowMs()) === 'lost');
}

/**
 * Never enrolled, as far as this device knows: another invite takes the place of the one that waits. With a new key, because the mesh may
 * have recorded the old one for the old invite.
 */
async function again(known: Profile, link: string, invite: Invite, { keyring, pki, profiles }: RedeemPorts): Promise<string> {
  const key = await pki.createKey();
  await keyring.change(known.id, (old) => ({ ...old, key, invite: link }));
  await profiles.update(known.id, { endpoints: [...invite.endpoints], address: invite.endpoints[0]?.address ?? known.address });
  await profiles.select(known.id);
  return known.id;
}

/** A new tunnel id as well: the folder of the old node holds the state of an id that the mesh cut off. */
async function replace(old: Profile, input: Parsed<'invite.redeem'>, invite: Invite, secrets: NetworkSecrets | null, ports: RedeemPorts): Promise<string> {
  const kept = secrets && { rootKey: secrets.rootKey, rootRemoved: secrets.rootRemoved, rootExported: secrets.rootExported };
  const id = await add({ ...input, name: input.name ?? old.name }, invite, { ...withKey(await ports.pki.createKey()), ...kept }, old.id, ports);
  await ports.keyring.remove(old.id);
  return id;
}

async function add(input: Parsed<'invite.redeem'>, invite: Invite, secrets: NetworkSecrets, inPlaceOf: string | null, ports: RedeemPorts): Promise<string> {
  const others = ports.profiles.document.get().list.filter(({ id }) => id !== inPlaceOf);
  const profile = await invitedProfile(input, invite, others, ports);
  await ports.keyring.create(profile.id, { ...secrets, invite: input.link });
  try {
    if (inPlaceOf === null) await ports.profiles.add(profile);
    else await ports.profiles.replace(inPlaceOf, profile);
  } catch (error) {
    await ports.keyring.remove(profile.id);
    throw error;
  }
  return profile.id;
}
