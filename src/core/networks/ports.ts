import { inTurns } from '../../base/in-turn.ts';
import { firstNotIn } from '../commands.ts';
import { defaultPorts } from '../mesh/roster.ts';
import type { CorePorts } from '../ports.ts';
import { type PortName, portNames, type Profile, type Profiles } from '../profiles.ts';

const usual: Readonly<Record<PortName, number>> = { grpcPort: defaultPorts.grpc, raftPort: defaultPorts.raft, wireguardPort: defaultPorts.wireguard };

const tcpNames = ['grpcPort', 'raftPort'] as const;

type PortsOf = Pick<Profile, 'kind' | 'asVoter' | 'chosenPorts' | PortName>;

/**
 * Two networks cannot listen at one port, and profiles of versions that connected one at a time all have the usual ones. Before a network is
 * connected, a port of it that nobody chose gives way to those of the networks beside it, and stays what it became. A chosen one is left
 * as it is: the helper refuses it, and says whose it is. Answers whether one gave way.
 */
export function portsBeside(profiles: Profiles, network: Pick<CorePorts['network'], 'freePort'>): (id: string, beside: readonly string[]) => Promise<boolean> {
  const inTurn = inTurns();
  // One after the other: two that are connected at once must not give way to the same port.
  return (id, beside) => inTurn(async () => {
    const { list } = profiles.document.get();
    const own = list.find((profile) => profile.id === id);
    const names = own ? givingWay(own, list.filter((other) => other.id !== id && beside.includes(other.id))) : [];
    if (names.length === 0) return false;
    const change: Partial<Record<PortName, number>> = {};
    for (const name of names) {
      const taken = new Set([...list.flatMap((other) => portNames.filter((one) => kindOf(one) === kindOf(name)).map((one) => other[one])), ...Object.values(change)]);
      change[name] = await network.freePort(kindOf(name), firstNotIn(taken, usual[name]));
    }
    await profiles.update(id, change);
    return true;
  });
}

/**
 * Another WireGuard port for a network: the given one, which then counts as chosen, else one that is free and that no network of this machine has. The
 * other members learn it when it is connected.
 */
export async function movePort(profiles: Profiles, network: Pick<CorePorts['network'], 'freePort'>, profile: Profile, wanted: number | undefined): Promise<number> {
  const { list } = profiles.document.get();
  const wireguardPort = wanted ?? await network.freePort('udp', firstNotIn(new Set(list.map((other) => other.wireguardPort)), usual.wireguardPort));
  const chosen = chosenIn(profile).filter((name) => name !== 'wireguardPort');
  await profiles.update(profile.id, { wireguardPort, chosenPorts: wanted === undefined ? chosen : [...chosen, 'wireguardPort'] });
  return wireguardPort;
}

/** Older versions did not write down what a person chose: what is not usual was chosen. */
function chosenIn(profile: PortsOf): readonly PortName[] {
  return profile.chosenPorts ?? portNames.filter((name) => profile[name] !== usual[name]);
}

/**
 * Pure: which ports of a profile give way to those of the others. Over TCP only hosts and voters listen on every address of the machine, and
 * where they do is written down in invites and in the mesh: they stay, and others are in nobody's way.
 */
export function givingWay(own: PortsOf, beside: readonly PortsOf[]): readonly PortName[] {
  const chosen = new Set(chosenIn(own));
  return portNames.filter((name) => {
    if (chosen.has(name)) return false;
    if (name === 'wireguardPort') return beside.some((other) => other[name] === own[name]);
    return !isPublic(own) && beside.some((other) => isPublic(other) && tcpNames.some((one) => other[one] === own[name]));
  });
}

function isPublic({ kind, asVoter }: PortsOf): boolean {
  return kind === 'host' || asVoter;
}

function kindOf(name: PortName): 'tcp' | 'udp' {
  return name === 'wireguardPort' ? 'udp' : 'tcp';
}
