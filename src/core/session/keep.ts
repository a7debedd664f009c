import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { asFailure, failure, toData } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import type { CorePorts, TunnelClient } from '../ports.ts';
import type { Profile } from '../profiles.ts';
import { choresOf } from '../trust/chores.ts';
import type { Membership } from '../trust/membership.ts';
import { roleFromWire } from '../trust/roles.ts';
import { keepUp, type Trouble, type Upkeep } from '../trust/upkeep.ts';
import type { Seen } from './driver.ts';
import type { Presence } from './presence.ts';
import type { Lease } from './state.ts';

export interface KeepPorts extends Pick<CorePorts, 'clock' | 'mesh' | 'node' | 'pki' | 'random'> {
  readonly helper: Pick<TunnelClient, 'report'>;
  readonly log: Log;
  readonly membership: Membership;
  readonly replica: ReadCell<WatchReplicaResponse | null>;
}

export interface KeepInput {
  readonly profile: Profile;
  readonly lease: Lease;
  readonly sendIdentity: (signal: AbortSignal) => Promise<void>;
  /** The tunnel has another key now. */
  readonly turned: () => void;
  readonly see: (seen: Seen) => void;
}

export interface Keeping {
  readonly troubles: ReadCell<readonly Trouble[]>;
  /** Null while nobody looked. */
  readonly auditIntact: ReadCell<boolean | null>;
  /** Returns what ends it. */
  start(input: KeepInput): () => void;
  renewNow(signal: AbortSignal): Promise<void>;
}

/** Certificates, keys and authorities of the connected network renew themselves here; clear text has none of them. */
export function keepMembership(ports: KeepPorts, presence: Presence): Keeping {
  const { clock, log, helper, membership, replica } = ports;
  const troubles: Cell<readonly Trouble[]> = cell<readonly Trouble[]>([]);
  const auditIntact: Cell<boolean | null> = cell<boolean | null>(null);
  let present: Upkeep | null = null;

  function start({ profile, lease, sendIdentity, turned, see }: KeepInput): () => void {
    if (profile.trust === 'clear-text') return () => {};
    const chores = choresOf({
      profile, membership, sendIdentity,
      view: replica.get,
      door: () => presence.door(profile),
      socketPath: () => helper.report.get()?.node?.socketPath || null,
      keyMadeMs: () => presence.tunnel()?.keyMadeMs ?? 0,
      rotateKey: async (signal) => {
        await presence.rotate(profile, lease, signal);
        turned();
      },
      auditSeen: auditIntact.set,
    }, ports);
    const upkeep = keepUp(chores, { clock, log }, (chore, problem) => {
      // Only a renewal that is refused says that there is no way back; anything else may meet a certificate that just ended.
      if (problem.code === 'auth.revoked' || (problem.code === 'auth.expired' && chore === 'certificate')) see({ kind: 'refused', failure: toData(problem) });
    });
    let seen = '';
    const stops = [
      upkeep.troubles.subscribe((list) => troubles.set(list)),
      replica.subscribe((view) => {
        const now = view ? keyOf(view) : '';
        if (now !== seen) upkeep.poke();
        seen = now;
        keepRole(profile, view);
      }),
    ];
    present = upkeep;
    return () => {
      for (const stop of stops) stop();
      upkeep.close();
      if (present === upkeep) present = null;
      troubles.set([]);
      auditIntact.set(null);
    };
  }

  function keepRole(profile: Profile, view: WatchReplicaResponse | null): void {
    const own = view?.trust?.devices.find(({ id }) => id === profile.nodeId);
    const role = own ? roleFromWire(own.role) : null;
    if (role) void membership.heardRole(profile, role).catch((error: unknown) => log.warn('role-not-kept', { code: asFailure(error).code }));
  }

  return {
    troubles,
    auditIntact,
    start,
    renewNow: async (signal) => {
      if (!present) throw failure('app.busy', { problem: 'connect to a secured network first' });
      await present.runNow(['certificate', 'wireguard-key'], signal);
    },
  };
}

/** What of the mesh's view the chores depend on. */
function keyOf({ trust, raft }: WatchReplicaResponse): string {
  const authorities = trust?.authorities.map(({ nodeId, certificateRequest, certificate }) => `${nodeId} ${certificateRequest.toString('base64')} ${certificate.length}`);
  const devices = trust?.devices.map(({ id, state }) => `${id} ${state}`);
  return JSON.stringify([authorities, devices, raft?.servers.filter(({ voter }) => voter).map(({ id }) => id)]);
}
