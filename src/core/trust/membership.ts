import { isAbort } from '../../base/abort.ts';
import { asFailure, failure, type FailureCode } from '../../base/failure.ts';
import type { Identity, Role } from '../../base/identity.ts';
import type { Log } from '../../base/log.ts';
import { type Random, shortId } from '../../base/random.ts';
import { clearText, type Door } from '../mesh/door.ts';
import type { CorePorts } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { enroll, type Enrolled } from './enroll.ts';
import { readInvite } from './invite.ts';
import { identityOf, type Keyring, type NetworkSecrets } from './keyring.ts';
import { plainName } from './names.ts';
import { renewCertificate, standing } from './renewal.ts';

export interface MembershipPorts extends Pick<CorePorts, 'clock' | 'mesh' | 'node' | 'pki' | 'random' | 'network'> {
  readonly log: Log;
  readonly keyring: Keyring;
  readonly profiles: Profiles;
}

/** Who this device is in each of its networks, and how it became so. */
export interface Membership {
  readonly keyring: Keyring;
  /**
   * Does what is missing before a Join: redeems the waiting invite, or renews a certificate that ended. Throws auth.pending, auth.expired
   * (too long ago), the mesh's refusals, internal.secrets. May give the profile another node id, when its own was taken.
   */
  authorise(profile: string, door: () => Promise<Door>, signal: AbortSignal): Promise<void>;
  /** A fresh certificate, stored. */
  renew(profile: Profile, ways: { readonly socketPath: string | null; readonly door: Door }, signal: AbortSignal): Promise<void>;
  /** How doors are opened. Throws auth.unauthenticated before enrolment. */
  security(profile: Profile): Promise<Door['security']>;
  /** What the node process proves itself with; null in clear text. Throws auth.unauthenticated before enrolment. */
  identity(profile: Profile): Promise<Identity | null>;
  /** False where the mesh said that this device is a guest: guests never vote. */
  mayVote(profile: Profile): boolean;
  /** What the mesh's log says of this device's role. */
  heardRole(profile: Profile, role: Role): Promise<void>;
  /** True when this device's certificate ended. */
  ended(profile: Profile): Promise<boolean>;
  /** Remembers a refusal after which only a new invite helps. Passes every other code by. */
  heard(profile: string, code: FailureCode): Promise<void>;
}

const drawsMax = 3;

export function createMembership({ clock, mesh, node, pki, random, network, log, keyring, profiles }: MembershipPorts): Membership {
  async function identity(profile: Profile): Promise<Identity | null> {
    if (profile.trust === 'clear-text') return null;
    const present = identityOf(await keyring.need(profile.id));
    if (!present) throw failure('auth.unauthenticated', { problem: 'this device has no certificate of the network yet' });
    return present;
  }

  /** Enrols under the profile's node id; when another device has that, under the same name with other letters behind it. */
  async function redeem(id: string, { key, invite: link }: NetworkSecrets, signal: AbortSignal): Promise<void> {
    if (link === null) throw failure('auth.unauthenticated', { problem: 'this device has no invite to this network' });
    const invite = readInvite(link, pki.digest);
    for (let draw = 1; ; draw++) {
      const { nodeId } = profiles.get(id);
      try {
        await keep(id, await enroll({ invite, key, nodeId, deviceName: plainName(network.hostname, nodeId) }, { clock, mesh, pki }, signal));
        return;
      } catch (error) {
        if (isAbort(error) || asFailure(error).code !== 'node.id-taken' || draw >= drawsMax) throw error;
        log.info('id-taken', { draw });
        await profiles.update(id, { nodeId: otherId(nodeId, random) });
      }
    }
  }

  async function keep(id: string, { chain, role }: Enrolled): Promise<void> {
    await keyring.change(id, (old) => ({ ...old, chain, role, invite: null, refused: null }));
    log.info('enrolled', { role });
  }

  async function renew(profile: Profile, ways: { readonly socketPath: string | null; readonly door: Door }, signal: AbortSignal): Promise<void> {
    const { key, chain } = await keyring.need(profile.id);
    const fresh = await renewCertificate({ key, chain, nodeId: profile.nodeId, ...ways }, { clock, mesh, node, pki }, signal);
    await keyring.change(profile.id, (old) => ({ ...old, chain: fresh, refused: null }));
    log.info('renewed', {});
  }

  function standingOf({ chain: [certificate] }: NetworkSecrets) {
    return certificate ? standing(pki.readCertificate(certificate), clock.nowMs()) : null;
  }

  async function heard(profile: string, code: FailureCode): Promise<void> {
    if (code !== 'auth.revoked' && code !== 'auth.expired') return;
    if (keyring.known.get().get(profile)?.refused === code) return;
    try {
      await keyring.change(profile, (old) => ({ ...old, refused: code }));
    } catch (error) {
      log.warn('refusal-not-kept', { code: asFailure(error).code }); // The mesh says it again at the next try.
    }
  }

  return {
    keyring,
    renew,
    identity,
    heard,
    authorise: async (id, door, signal) => {
      const profile = profiles.get(id);
      if (profile.trust === 'clear-text') return;
      const secrets = await keyring.need(id);
      switch (standingOf(secrets)) {
        case null: return redeem(id, secrets, signal);
        // A host's own node signs for it, whatever the time; see session/actions.
        case 'ended': return profile.kind === 'host' ? undefined : renew(profile, { socketPath: null, door: await door() }, signal);
        case 'lost': if (profile.kind === 'member') throw failure('auth.expired', { network: profile.name });
      }
    },
    security: async (profile) => {
      const present = await identity(profile);
      return present ? (expectId) => ({ kind: 'mtls', identity: present, expectId }) : clearText;
    },
    mayVote: ({ id }) => keyring.known.get().get(id)?.role !== 'guest',
    heardRole: async ({ id }, role) => {
      const known = keyring.known.get().get(id);
      if (known && known.role !== role) await keyring.change(id, (old) => ({ ...old, role }));
    },
    ended: async (profile) => {
      if (profile.trust === 'clear-text') return false;
      const now = standingOf(await keyring.need(profile.id));
      return now === 'ended' || now === 'lost';
    },
  };
}

/** The same name with five other letters behind it. */
export function otherId(nodeId: string, random: Random): string {
  const stem = nodeId.replace(/-[a-z0-9]{5}$/, '').slice(0, 57).replace(/[^A-Za-z0-9]+$/, '');
  return `${stem || 'device'}-${shortId(random, 5)}`;
}
