import type { Cell } from '../../base/cell.ts';
import { failure } from '../../base/failure.ts';
import type { Handlers } from '../../contract/commands.ts';
import type { Invitation } from '../../contract/state.ts';
import { hostProfile } from '../commands.ts';
import { atLeader } from '../mesh/join.ts';
import type { CorePorts, MeshConnection } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import type { Network } from '../networks/network.ts';
import type { Networks } from '../networks/networks.ts';
import type { Session } from '../session/session.ts';
import { auditPage, auditText } from './audit.ts';
import { toHex } from './bytes.ts';
import { found } from './found.ts';
import { invitationOf, readInvite, writeInvite } from './invite.ts';
import { draw, inviteEndpoints } from './inviting.ts';
import { type Keyring, rootOf } from './keyring.ts';
import { plainName, slugOf } from './names.ts';
import { profileOf, redeem } from './redeem.ts';
import { roleToWire } from './roles.ts';
import { exportRoot, importRoot, withoutRoot } from './root.ts';

export interface TrustHandlerPorts {
  readonly ports: CorePorts;
  readonly keyring: Keyring;
  readonly profiles: Profiles;
  readonly networks: Pick<Networks, 'find'>;
  /** The named network, else the selected one. Throws input.unknown-profile. */
  readonly meant: (profile: string | undefined) => Network;
  readonly invitation: Cell<{ readonly offer: Invitation | null }>;
}

type Name = 'mesh.create' | `invite.${'create' | 'revoke' | 'inspect' | 'open' | 'dismiss' | 'redeem'}` | `device.${'approve' | 'revoke' | 'role'}` | 'certificate.renew' | `root.${'export' | 'remove' | 'import'}` | `audit.${'list' | 'export'}`;

/** The commands about who belongs to a network. */
export function trustHandlers({ ports, keyring, profiles, networks, meant, invitation }: TrustHandlerPorts): Pick<Handlers, Name> {
  const { clock, pki, random, network, documents, mesh } = ports;

  function secured({ profile: known }: Network): Profile {
    const profile = known();
    if (!profile) throw failure('input.unknown-profile', { profile: '' });
    if (profile.trust === 'clear-text') throw failure('mesh.incompatible', { problem: 'this network is in clear text: it knows no devices, invites or roles' });
    return profile;
  }

  /** One call to the mesh's trust service. The mesh says whether this device may. */
  async function tell(of: string | undefined, what: string, signal: AbortSignal, call: (connection: MeshConnection, signal: AbortSignal) => Promise<void>): Promise<null> {
    const network = meant(of);
    await atLeader(await network.session.door(secured(network)), { mesh, clock }, what, call, signal);
    return null;
  }

  async function rootHash(profile: Profile): Promise<Uint8Array> {
    const root = rootOf(await keyring.need(profile.id));
    if (!root) throw failure('auth.unauthenticated', { problem: 'this device does not belong to the network yet' });
    return pki.digest(root);
  }

  function inspect(text: string): Invitation {
    const invite = readInvite(text, pki.digest);
    return invitationOf(text, invite, clock.nowMs(), profileOf(profiles, invite)?.name ?? null);
  }

  function audit({ client }: Network, signal: AbortSignal) {
    const path = client.report.get()?.node?.socketPath;
    if (!path) throw failure('app.busy', { problem: 'connect first: the log is kept by the part of the app that takes part in the network' });
    return (query: Parameters<typeof ports.node.audit>[1]) => ports.node.audit(path, query, signal);
  }

  function deviceName({ session }: Network, profile: Profile): string {
    const own = session.replica.get()?.trust?.devices.find(({ id }) => id === profile.nodeId)?.name ?? '';
    return plainName(own, plainName(network.hostname, profile.nodeId));
  }

  return {
    'mesh.create': async (input) => {
      const profile = await hostProfile(input, profiles.document.get().list, ports);
      if (profile.trust === 'clear-text') {
        await profiles.add(profile);
        return { profile: profile.id };
      }
      const secrets = await found({ name: profile.name, nodeId: profile.nodeId, nowMs: clock.nowMs() }, ports);
      const root = rootOf(secrets) ?? new Uint8Array();
      await keyring.create(profile.id, secrets);
      try {
        await profiles.add({ ...profile, rootFingerprint: toHex(pki.digest(root)) });
      } catch (error) {
        await keyring.remove(profile.id);
        throw error;
      }
      return { profile: profile.id };
    },
    'invite.create': async (input, signal) => {
      const network = meant(input.profile);
      const { session } = network;
      const profile = secured(network);
      const lease = leaseOf(session);
      const invite = draw(input, {
        networkName: plainName(session.replica.get()?.networkName || profile.name, 'network'), invitedBy: deviceName(network, profile), rootFingerprint: await rootHash(profile),
        endpoints: inviteEndpoints(profile, session.roster.get().nodes, session.advertised(profile, lease)), nowMs: clock.nowMs(),
      }, random);
      await tell(input.profile, 'CreateInvite', signal, (connection, inner) => connection.createInvite({
        id: invite.inviteId, tokenHash: Buffer.from(pki.digest(invite.token)), role: roleToWire(invite.role), expiresAtMs: BigInt(invite.expiresAtMs),
        usesMax: input.uses ?? 1, needsApproval: invite.needsApproval, note: input.note ?? '',
      }, inner));
      return { id: invite.inviteId, link: writeInvite(invite, pki.digest), expiresAtMs: invite.expiresAtMs };
    },
    'invite.revoke': ({ id, profile }, signal) => tell(profile, 'RevokeInvite', signal, (connection, inner) => connection.revokeInvite(id, inner)),
    'invite.inspect': async ({ link }) => ({ invitation: inspect(link) }),
    'invite.open': async ({ link }) => {
      invitation.set({ offer: inspect(link) });
      return null;
    },
    'invite.dismiss': async () => {
      invitation.set({ offer: null });
      return null;
    },
    'invite.redeem': async (input) => {
      const profile = await redeem(input, { ...ports, keyring, profiles, inUse: (id) => isInUse(networks.find(id)), blocked: (id) => isTurnedAway(networks.find(id)) });
      if (invitation.get().offer?.link === input.link) invitation.set({ offer: null });
      return { profile };
    },
    'device.approve': ({ id, profile }, signal) => tell(profile, 'ApproveDevice', signal, (connection, inner) => connection.approveDevice(id, inner)),
    'device.revoke': ({ id, profile }, signal) => tell(profile, 'RevokeDevice', signal, (connection, inner) => connection.revokeDevice(id, inner)),
    'device.role': ({ id, role, profile }, signal) => tell(profile, 'SetRole', signal, (connection, inner) => connection.setRole({ id, role: roleToWire(role) }, inner)),
    'certificate.renew': async ({ profile }, signal) => {
      await meant(profile).session.renewNow(signal);
      return null;
    },
    'root.export': async ({ passphrase, ...of }) => {
      const profile = secured(meant(of.profile));
      const sealed = await exportRoot(await keyring.need(profile.id), profile.name, passphrase, ports.passphrases);
      const path = await documents.report(`${slugOf(profile.name)}-root-key-${clock.nowMs()}.age`, sealed);
      await keyring.change(profile.id, (old) => ({ ...old, rootExported: true }));
      return { path };
    },
    'root.remove': async ({ profile }) => {
      await keyring.change(secured(meant(profile)).id, withoutRoot);
      return null;
    },
    'root.import': async ({ file, passphrase, ...of }) => {
      const profile = secured(meant(of.profile));
      const key = await importRoot(await keyring.need(profile.id), file, passphrase, ports);
      await keyring.change(profile.id, (old) => ({ ...old, rootKey: key, rootRemoved: false, rootExported: true }));
      return null;
    },
    'audit.list': async ({ profile, ...query }, signal) => auditPage(query, audit(meant(profile), signal)),
    'audit.export': async ({ profile }, signal) => {
      const network = meant(profile);
      const name = network.profile()?.name ?? '';
      return { path: await documents.report(`webmesh-audit-${slugOf(name)}-${clock.nowMs()}.json`, await auditText(name, clock.nowMs(), audit(network, signal))) };
    },
  };
}

function leaseOf({ view }: Session) {
  const { phase } = view.get().state;
  return phase.name === 'connected' || phase.name === 'configuring' ? phase.lease : null;
}

/** True while a session holds something of the network. */
export function isInUse(network: Pick<Network, 'session'> | undefined): boolean {
  const phase = network?.session.view.get().state.phase.name ?? 'disconnected';
  return phase !== 'disconnected' && phase !== 'blocked';
}

/** True while its session is blocked by what the mesh said of this device. */
function isTurnedAway(network: Pick<Network, 'session'> | undefined): boolean {
  const phase = network?.session.view.get().state.phase;
  return phase?.name === 'blocked' && phase.failure.code.startsWith('auth.');
}
