import { failure } from '../../base/failure.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import { atLeader } from '../mesh/join.ts';
import type { Door } from '../mesh/door.ts';
import type { CorePorts } from '../ports.ts';
import type { Profile } from '../profiles.ts';
import { authorityStep, grant, grantable } from './authorities.ts';
import { type NetworkSecrets, rootOf } from './keyring.ts';
import type { Membership } from './membership.ts';
import { keyIsDue, standing } from './renewal.ts';
import type { Chore } from './upkeep.ts';

/** What the chores of one connection work with. */
export interface ChoreContext {
  readonly profile: Profile;
  readonly membership: Membership;
  readonly view: () => WatchReplicaResponse | null;
  readonly door: () => Promise<Door>;
  /** Of the node process here, or null. */
  readonly socketPath: () => string | null;
  /** When the tunnel's present key was made. */
  readonly keyMadeMs: () => number;
  /** Gives the node process here the newest identity. */
  readonly sendIdentity: (signal: AbortSignal) => Promise<void>;
  /** Makes the tunnel's next key the present one. */
  readonly rotateKey: (signal: AbortSignal) => Promise<void>;
  /** Whether the audit log's chain of hashes holds, as the node here found. */
  readonly auditSeen: (intact: boolean) => void;
}

/** Everything that renews itself while a secured network is connected. */
export function choresOf(context: ChoreContext, ports: Pick<CorePorts, 'clock' | 'mesh' | 'node' | 'pki' | 'random'>): readonly Chore[] {
  const { profile, membership } = context;
  const secrets = (): Promise<NetworkSecrets> => membership.keyring.need(profile.id);
  return [
    {
      name: 'certificate',
      due: async (nowMs) => {
        const [certificate] = (await secrets()).chain;
        return certificate !== undefined && standing(ports.pki.readCertificate(certificate), nowMs) !== 'good';
      },
      run: async (signal) => {
        await membership.renew(profile, { socketPath: context.socketPath(), door: await context.door() }, signal);
        await context.sendIdentity(signal);
      },
    },
    { name: 'wireguard-key', due: (nowMs) => keyIsDue(context.keyMadeMs(), nowMs), run: (signal) => context.rotateKey(signal) },
    authorityChore(context, secrets, ports),
    grantChore(context, secrets, ports),
    auditChore(context, ports),
  ];
}

const auditEveryMs = 3_600_000;

/** Computing the chain again is cheap and says at once when somebody wrote into a replica by hand. */
function auditChore({ view, socketPath, auditSeen }: ChoreContext, { clock, node }: Pick<CorePorts, 'clock' | 'node'>): Chore {
  let lookedMs = Number.NEGATIVE_INFINITY;
  return {
    name: 'audit',
    // The node here may still be starting; its first view says that it answers.
    due: () => view() !== null && socketPath() !== null && clock.monotonicMs() - lookedMs >= auditEveryMs,
    run: async (signal) => {
      const path = socketPath();
      if (path === null) return;
      auditSeen((await node.audit(path, { search: '', before: 0n, limit: 1 }, signal)).intact);
      lookedMs = clock.monotonicMs();
    },
  };
}

/** A voter asks for an authority of its own and takes it when it was granted. The key is kept before anybody is asked. */
function authorityChore({ profile, membership, view, door, sendIdentity }: ChoreContext, secrets: () => Promise<NetworkSecrets>, { clock, mesh, pki }: Pick<CorePorts, 'clock' | 'mesh' | 'pki'>): Chore {
  const hashes = new WeakMap<Uint8Array, string>();
  const keyHash = async ({ authority }: NetworkSecrets): Promise<string | null> => {
    if (authority === null) return null;
    const known = hashes.get(authority.key) ?? (await pki.readRequest(await pki.createRequest(authority.key, profile.nodeId))).keyHash;
    hashes.set(authority.key, known);
    return known;
  };
  const next = async () => {
    const now = view();
    const held = await secrets();
    return now ? authorityStep(now, profile.nodeId, held, await keyHash(held), pki, clock.nowMs()) : ({ kind: 'none' } as const);
  };
  /** Asked lately: the answer needs a moment to come back through the log, and a renewal needs the root's keeper. */
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return {
    name: 'authority',
    due: async () => {
      const { kind } = await next();
      return kind === 'adopt' || (kind === 'request' && clock.monotonicMs() - askedAtMs >= askAgainMs);
    },
    run: async (signal) => {
      const todo = await next();
      if (todo.kind === 'none') return;
      if (todo.kind === 'adopt') {
        await membership.keyring.change(profile.id, (old) => adopt(old, todo.certificate));
        return sendIdentity(signal);
      }
      const fresh = await pki.createKey();
      const { authority } = await membership.keyring.change(profile.id, (old) => withAuthority(old, fresh));
      const request = await pki.createRequest(authority?.key ?? fresh, profile.nodeId);
      await atLeader(await door(), { mesh, clock }, 'RequestAuthority', (connection, inner) => connection.requestAuthority(request, inner), signal);
      askedAtMs = clock.monotonicMs();
    },
  };
}

const askAgainMs = 600_000;

function adopt(old: NetworkSecrets, certificate: Uint8Array): NetworkSecrets {
  const root = rootOf(old);
  if (!old.authority || !root) throw failure('internal.secrets', { problem: 'the key of this authority is gone' });
  return { ...old, authority: { ...old.authority, chain: [certificate, root] } };
}

function withAuthority(old: NetworkSecrets, key: Uint8Array): NetworkSecrets {
  return old.authority ? old : { ...old, authority: { key, chain: [] } };
}

/** Whoever holds the root's key grants authorities to active voters, by itself. */
function grantChore({ view, door }: ChoreContext, secrets: () => Promise<NetworkSecrets>, { clock, mesh, pki, random }: Pick<CorePorts, 'clock' | 'mesh' | 'pki' | 'random'>): Chore {
  /** One that makes no sense waits for its node to ask again; one that was granted is on its way through the log. */
  const done = new Set<string>();
  const open = () => grantable(view()).filter(({ certificateRequest }) => !done.has(certificateRequest.toString('base64')));
  return {
    name: 'grant',
    due: async () => open().length > 0 && (await secrets()).rootKey !== null,
    run: async (signal) => {
      const held = await secrets();
      const certificate = rootOf(held);
      if (held.rootKey === null || !certificate) return;
      for (const request of open()) {
        const granted = await grant(request, { privateKey: held.rootKey, certificate }, { pki, random, nowMs: clock.nowMs() }).catch(() => null); // Unreadable: its node must ask anew.
        if (granted) await atLeader(await door(), { mesh, clock }, 'GrantAuthority', (connection, inner) => connection.grantAuthority({ nodeId: request.nodeId, certificate: Buffer.from(granted) }, inner), signal);
        done.add(request.certificateRequest.toString('base64'));
      }
    },
  };
}
