import { withDeadline } from '../../base/abort.ts';
import { failure } from '../../base/failure.ts';
import { parseIp } from '../../base/ip.ts';
import type { PathTier } from '../../base/path-reasons.ts';
import type { Handlers, Parsed } from '../../contract/commands.ts';
import type { OffersView, PathPing, PeerView } from '../../contract/state.ts';
import type { PingPeerResponse } from '../../gen/webmesh/local/v1/local.ts';
import type { CorePorts } from '../ports.ts';
import type { Profiles } from '../profiles.ts';
import type { Network } from '../networks/network.ts';
import type { Networks } from '../networks/networks.ts';
import { offersOf } from './offers.ts';
import { netcheckFrom, reasonFrom, tierFrom } from './view.ts';

export interface PathHandlersInput {
  readonly ports: Pick<CorePorts, 'clock' | 'node'>;
  readonly profiles: Profiles;
  readonly networks: Pick<Networks, 'list'>;
  /** The named network, else the selected one. Throws input.unknown-profile. */
  readonly meant: (profile: string | undefined) => Network;
}

type Name = 'peer.paths' | 'peer.retry' | 'network.check' | 'forward.open' | 'forward.close' | 'offers.set';

const netcheckMs = 30_000;
/** Of one round trip at worst, and of opening what is measured beside the path in use. */
const pingMs = { each: 1_200, atOnce: 20_000 } as const;
const pingsDefault = 3;
/** More answers than tiers times round trips make no sense. */
const answersMax = 1_000;

/** The commands about paths, forwards, and what this machine does for others. */
export function pathHandlers({ ports, profiles, networks, meant }: PathHandlersInput): Pick<Handlers, Name> {
  const { clock, node } = ports;

  /** The node process that answers now. Throws mesh.unreachable while nothing is connected, node.lost while it is away. */
  function socketPath({ session }: Network): string {
    if (session.view.get().state.phase.name !== 'connected') throw failure('mesh.unreachable', { problem: 'connect first' });
    const stream = session.paths.stream.get();
    if (!stream) throw failure('node.lost');
    return stream.socketPath;
  }

  function other({ topics }: Network, id: string): PeerView {
    const found = topics.peers.get().list.find((row) => row.id === id);
    if (!found) throw failure('mesh.not-found', { peer: id });
    if (found.self) throw failure('input.invalid', { field: 'id', problem: 'that is this device', given: id });
    return found;
  }

  return {
    'peer.paths': async ({ id, count = pingsDefault, mtu = false, profile }, signal) => {
      const network = meant(profile);
      const peer = other(network, id).id;
      const path = socketPath(network);
      return withDeadline(clock, pingMs.atOnce + count * pingMs.each, 'ping', signal, async (inner) => {
        const answers: PingPeerResponse[] = [];
        for await (const answer of node.pingPeer(path, { id: peer, count, mtu }, inner)) {
          answers.push(answer);
          if (answers.length >= answersMax) break;
        }
        return pingsFrom(answers);
      });
    },
    'peer.retry': async ({ id, profile }) => {
      const network = meant(profile);
      const peer = other(network, id).id;
      socketPath(network);
      network.session.paths.retry(peer);
      return null;
    },
    'network.check': async ({ profile }, signal) => ({ check: netcheckFrom(await withDeadline(clock, netcheckMs, 'netcheck', signal, (inner) => node.netcheck(socketPath(meant(profile)), inner))) }),
    'forward.open': async (input, signal) => {
      const network = meant(input.profile);
      const peer = other(network, input.peer).id;
      socketPath(network);
      return { forward: await network.forwards.open({ peer, ...ends(input) }, signal) };
    },
    'forward.close': async ({ id }) => {
      const holder = networks.list().find(({ forwards }) => forwards.list.get().some((forward) => forward.id === id));
      if (!holder) throw failure('mesh.not-found', { id });
      await holder.forwards.close(id);
      return null;
    },
    'offers.set': async ({ profile, ...changes }) => {
      const of = profiles.choose(profile);
      const offers = { ...offersOf(of), ...given(changes) };
      await profiles.update(of.id, { offers: { ...offers, shares: [...offers.shares] } });
      return null;
    },
  };
}

function given(changes: Omit<Parsed<'offers.set'>, 'profile'>): Partial<OffersView> {
  if (changes.shares !== undefined) for (const share of changes.shares) checkShare(share);
  const { shares, ...rest } = changes;
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...set, ...(shares === undefined ? {} : { shares: [...new Set(shares)] }) };
}

/** The schema knows the shape; whether it is an address is for us to say. */
function checkShare(share: string): void {
  const [, host = '', port = ''] = /^(?:tcp|udp) \[?([0-9a-fA-F:.]+)\]?:(\d+)$/.exec(share) ?? [];
  const sound = parseIp(host) !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
  if (!sound) throw failure('input.invalid', { field: 'shares', problem: 'each is an address and a port, such as tcp 127.0.0.1:8080', given: share });
}

function ends({ protocol = 'tcp', localAddress = '127.0.0.1', localPort = 0, remoteAddress = '127.0.0.1', remotePort }: Parsed<'forward.open'>) {
  for (const [field, address] of [['localAddress', localAddress], ['remoteAddress', remoteAddress]] as const) {
    if (parseIp(address) === undefined) throw failure('input.invalid', { field, problem: 'an address, not a name', given: address });
  }
  return { protocol, localAddress, localPort, remoteAddress, remotePort };
}

/** Round trips by path, in the order in which the paths were first heard of. */
export function pingsFrom(answers: readonly PingPeerResponse[]): { paths: PathPing[]; mtu: number | null } {
  const byTier = new Map<PathTier, { latenciesMs: number[]; lost: number; last: PingPeerResponse; reason: PathPing['reason'] }>();
  let mtu = 0;
  for (const answer of answers) {
    mtu = Math.max(mtu, answer.mtu);
    const tier = tierFrom(answer.tier);
    if (tier === null) continue;
    const path = byTier.get(tier) ?? { latenciesMs: [], lost: 0, last: answer, reason: null };
    byTier.set(tier, path);
    path.last = { ...answer, endpoint: answer.endpoint || path.last.endpoint, current: answer.current || path.last.current };
    path.reason = reasonFrom(answer.reason) ?? path.reason;
    if (answer.latencyMs >= 0 && Number.isFinite(answer.latencyMs)) path.latenciesMs.push(answer.latencyMs);
    // Without a reason it was sent and did not come back; with one it was not measured.
    else if (answer.reason === undefined && answer.mtu === 0) path.lost++;
  }
  return {
    paths: [...byTier].map(([tier, { latenciesMs, lost, last, reason }]) => ({ tier, current: last.current, endpoint: last.endpoint.slice(0, 64), latenciesMs, lost, reason })),
    mtu: mtu === 0 ? null : mtu,
  };
}
