import { isAbort } from '../../base/abort.ts';
import type { Cell } from '../../base/cell.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, failure } from '../../base/failure.ts';
import { splitHostPort } from '../../base/ip.ts';
import { type Door, placesOf } from '../mesh/door.ts';
import { join, leave } from '../mesh/join.ts';
import type { Roster } from '../mesh/watch.ts';
import type { MeshClient, Network, TunnelClient } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import type { Membership } from '../trust/membership.ts';
import { advertise, type Advertised } from '../tunnel/endpoints.ts';
import { askHelper, helperMs } from '../tunnel/helper.ts';
import type { Lease } from './state.ts';

export interface PresencePorts {
  readonly clock: Clock;
  readonly mesh: MeshClient;
  readonly helper: TunnelClient;
  readonly network: Network;
  readonly profiles: Profiles;
  readonly membership: Membership;
  /** Tells the session which generation the helper has seen. */
  readonly fence: (epoch: number) => void;
}

/** The tunnel as the mesh knows it. */
export interface Tunnel {
  readonly profile: Profile;
  readonly publicKey: string;
  /** When its key was made; 0 when nobody knows. */
  readonly keyMadeMs: number;
}

/** How this machine stands in a mesh: its tunnel's key, its row, and the addresses that it told. */
export interface Presence {
  /** From the helper's Hello on; null once the tunnel was cleared. */
  tunnel(): Tunnel | null;
  forget(): void;
  hello(profile: Profile, signal: AbortSignal): Promise<Tunnel>;
  /** The tunnel of a profile, asked of the helper when it is not the present one. */
  of(profile: string, signal: AbortSignal): Promise<Tunnel>;
  /** Which doors of the mesh are known now. Throws what Membership.security throws. */
  door(profile: Profile): Promise<Door>;
  advertised(profile: Profile, lease: Lease | null): Advertised;
  /** True when the mesh was last told other addresses than we have now. */
  moved(profile: Profile, lease: Lease): boolean;
  /** Joins, or joins again, with the key of the tunnel. One at a time. */
  join(profile: Profile, lease: Lease | null, signal: AbortSignal): Promise<Lease>;
  /** Tells the mesh the tunnel's next key. From its answer on, `tunnel` names that key. */
  rotate(profile: Profile, lease: Lease, signal: AbortSignal): Promise<void>;
  leave(profile: Profile, signal: AbortSignal): Promise<void>;
}

export function createPresence({ clock, mesh, helper, network, profiles, membership, fence }: PresencePorts, roster: Cell<Roster>): Presence {
  let tunnel: Tunnel | null = null;
  let advertisedText = '';
  let turn: Promise<unknown> = Promise.resolve();

  /** Two Joins at once could leave the mesh with the key of the earlier one. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => {}); // Whoever asked hears of it.
    return next;
  }

  async function ask(nextKey: boolean, signal: AbortSignal) {
    const answer = await askHelper(clock, helperMs.hello, 'Hello', signal, (inner) => helper.hello(inner, nextKey ? { nextKey } : {}));
    fence(Number(answer.generation?.epoch ?? 0n));
    if (answer.publicKey === '' || (nextKey && answer.nextPublicKey === '')) throw failure('helper.version', { version: answer.version });
    return answer;
  }

  async function hello(profile: Profile, signal: AbortSignal): Promise<Tunnel> {
    const { publicKey, nextPublicKey, keyMadeMs } = await ask(false, signal);
    // A life that ended between telling the mesh of the next key and using it: the mesh's word counts.
    const told = roster.get().nodes.find(({ id }) => id === profile.nodeId)?.publicKey;
    const turned = nextPublicKey !== '' && told === nextPublicKey;
    tunnel = { profile, publicKey: turned ? nextPublicKey : publicKey, keyMadeMs: turned ? clock.nowMs() : Number(keyMadeMs) };
    return tunnel;
  }

  async function door(profile: Profile): Promise<Door> {
    return { places: placesOf(profile, roster.get().nodes), security: await membership.security(profile) };
  }

  function advertised(profile: Profile, lease: Lease | null): Advertised {
    return advertise(network.addresses.get(), lease, profile.kind === 'host' ? '' : (splitHostPort(profile.address)?.host ?? ''));
  }

  async function joinWith(profile: Profile, publicKey: string, lease: Lease | null, signal: AbortSignal): Promise<Lease> {
    const { primary, others } = advertised(profile, lease);
    const request = {
      id: profile.nodeId, publicKey, raftPort: profile.raftPort, grpcPort: profile.grpcPort, wireguardPort: profile.wireguardPort,
      // An old leader ends itself when a node that it lists with several endpoints joins again with several.
      primaryEndpoint: primary, endpoints: roster.get().source === 'polling' ? [] : [...others],
      assignIpv4: true, preferRaftIpv6: false, asVoter: profile.asVoter && membership.mayVote(profile),
    };
    const joined = await renewedIfEnded(profile, async () => join(request, await door(profile), { mesh, clock }, signal), signal);
    advertisedText = JSON.stringify(advertised(profile, joined.lease));
    if (roster.get().source !== 'replica' || joined.peers.length > roster.get().nodes.length) roster.set({ source: 'none', nodes: joined.peers });
    return joined.lease;
  }

  /** A certificate may end while the machine sleeps; the mesh says so, and takes it for its own renewal for a while. */
  async function renewedIfEnded<T>(profile: Profile, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (isAbort(error) || asFailure(error).code !== 'auth.expired') throw error;
      await membership.renew(profile, { socketPath: null, door: await door(profile) }, signal);
      return ask();
    }
  }

  async function of(id: string, signal: AbortSignal): Promise<Tunnel> {
    const profile = profiles.get(id);
    return tunnel?.profile === profile ? tunnel : hello(profile, signal);
  }

  return {
    tunnel: () => tunnel,
    forget: () => {
      tunnel = null;
    },
    hello,
    of,
    door,
    advertised,
    moved: (profile, lease) => JSON.stringify(advertised(profile, lease)) !== advertisedText,
    join: (profile, lease, signal) => inTurn(async () => joinWith(profile, (await of(profile.id, signal)).publicKey, lease, signal)),
    rotate: (profile, lease, signal) => inTurn(async () => {
      const { nextPublicKey } = await ask(true, signal);
      await joinWith(profile, nextPublicKey, lease, signal);
      tunnel = { profile, publicKey: nextPublicKey, keyMadeMs: clock.nowMs() };
    }),
    leave: async (profile, signal) => leave(profile.nodeId, await door(profile), { mesh, clock }, signal),
  };
}
