import { type ReadCell } from '../../../base/cell.ts';
import { type Clock } from '../../../base/clock.ts';
import { splitHostPort } from '../../../base/ip.ts';
import { type PathReasonCode } from '../../../base/path-reasons.ts';
import { Mapping, type NatReport, type Proposal } from '../../../gen/webmesh/paths/v1/paths_messages.ts';
import { type CarrierAttempt, CarrierError, type CarrierKind, type CarrierPeer, type LoopbackPorts, type TurnAllocation, type TurnClients } from '../../path-ports.ts';
import { type MeasuredServer } from '../ports.ts';
import { addressesOf, familiesOf, usableEndpoint } from './turn-addresses.ts';
import { splice } from './splice.ts';
import { firstAllocation } from './turn-choice.ts';

export interface TurnCarrierPorts {
  readonly turn: TurnClients;
  readonly loopback: LoopbackPorts;
  /** Nearest first. */
  readonly servers: ReadCell<readonly MeasuredServer[]>;
  /** What is known of this machine's own NAT, now. */
  readonly nat: () => NatReport;
  readonly clock: Clock;
}

interface Allocated {
  readonly allocation: TurnAllocation;
  readonly relayNode: string;
}

/**
 * One side gets an address at a relay and lets the other's public addresses in; the other side's WireGuard sends there and needs nothing of us.
 * The offering side gets the address, unless the peer cannot send UDP or nobody knows where it comes from: then it asks the answering side to,
 * by an offer without an address. Whoever cannot send to what the other got, gets one too, and the two relayed addresses speak to each other.
 */
export function turnCarrier(ports: TurnCarrierPorts): CarrierKind {
  return { tier: 'turn', begin: (peer, role, theirs, signal) => (role === 'offering' ? offer(ports, peer, signal) : answer(ports, peer, theirs, signal)) };
}

async function offer(ports: TurnCarrierPorts, peer: CarrierPeer, signal: AbortSignal): Promise<CarrierAttempt> {
  const [own, known] = [ports.nat(), addressesOf(peer.nat, [])];
  const theyShould = known.length === 0 || ports.servers.get().length === 0 || (isBlocked(peer.nat) && !isBlocked(own));
  if (!theyShould) return relayed(ports, peer, await allocate(ports, known, signal), known, null);
  if (isBlocked(own)) throw cannot(known.length === 0 ? 'not-observed' : 'no-relay', 'neither side can use the other\'s relay', own, peer.nat);
  return { mine: {}, proceed: async (theirs) => plain(theirs), cancel: () => {} };
}

async function answer(ports: TurnCarrierPorts, peer: CarrierPeer, theirs: Proposal | null, signal: AbortSignal): Promise<CarrierAttempt> {
  const given = theirs?.turnEndpoint ?? '';
  if (given !== '' && usableEndpoint(given, ports.nat())) return { mine: {}, proceed: async () => plain(theirs), cancel: () => {} };
  const nat = theirs?.nat ?? peer.nat;
  const known = addressesOf(nat, [...(theirs?.endpoints ?? []), given]);
  const own = ports.nat();
  if (known.length === 0) throw cannot('not-observed', 'nobody knows the public address of the other side', own, nat);
  if (ports.servers.get().length === 0) throw cannot('no-relay', 'no member hosts a relay', own, nat);
  const allocated = await allocate(ports, known, signal).catch((error: unknown) => {
    throw error instanceof CarrierError && error.code === 'no-relay' ? cannot('no-relay', error.message, own, nat) : error;
  });
  return relayed(ports, peer, allocated, known, theirs);
}

/** Of a machine that just started little is known: what cannot be now may be possible in a moment. */
function cannot(code: PathReasonCode, problem: string, ...nats: readonly (NatReport | null)[]): CarrierError {
  const starting = nats.some((nat) => nat === null || nat.mapping === Mapping.MAPPING_UNSPECIFIED);
  return new CarrierError(starting ? 'waiting' : code, problem);
}

/** Our tunnel sends straight to the address that the other side got. */
function plain(theirs: Proposal | null): { readonly endpoint: string; readonly via: string } {
  if (!theirs || splitHostPort(theirs.turnEndpoint) === undefined) throw new CarrierError('no-relay', 'neither side got an address at a relay');
  return { endpoint: theirs.turnEndpoint, via: theirs.relayNode };
}

async function allocate(ports: TurnCarrierPorts, known: readonly string[], signal: AbortSignal): Promise<Allocated> {
  const transports = isBlocked(ports.nat()) ? (['tcp'] as const) : (['udp', 'tcp'] as const);
  const { allocation, server } = await firstAllocation(ports, { transports, families: familiesOf(known) }, signal);
  try {
    await permitAll(allocation, known);
    return { allocation, relayNode: server.nodeId };
  } catch (error) {
    allocation.close();
    throw error;
  }
}

/** Lets in what is of the family of the relayed address; one that the relay refuses may be one that nobody comes from. */
async function permitAll(allocation: TurnAllocation, addresses: readonly string[]): Promise<void> {
  const wanted = addresses.filter((address) => address.includes(':') === allocation.relayed.includes('['));
  const results = await Promise.allSettled(wanted.map((address) => allocation.permit(address)));
  const [refused] = results.filter((result) => result.status === 'rejected');
  if (results.every(({ status }) => status === 'rejected')) throw refused?.reason ?? new CarrierError('no-common-family', 'the relay has no address of the other side\'s family');
}

function relayed(ports: TurnCarrierPorts, peer: CarrierPeer, { allocation, relayNode }: Allocated, known: readonly string[], offered: Proposal | null): CarrierAttempt {
  return {
    mine: { turnEndpoint: allocation.relayed, relayNode },
    proceed: async (answered) => {
      const theirs = answered ?? offered;
      try {
        const more = addressesOf(theirs?.nat ?? null, [...(theirs?.endpoints ?? []), theirs?.turnEndpoint ?? '']).filter((address) => !known.includes(address));
        if (more.length > 0) await permitAll(allocation, more).catch(() => {}); // What was known before is let in already.
        // Of two relayed addresses each is the other's only visitor. A tunnel's own address may change, and is followed.
        allocation.target(theirs?.turnEndpoint ? theirs.turnEndpoint : null);
        return await splice(ports.loopback, allocation, { tier: 'turn', via: relayNode, remote: theirs?.turnEndpoint ?? '', wireguardPort: peer.wireguardPort });
      } catch (error) {
        allocation.close();
        throw error;
      }
    },
    cancel: () => allocation.close(),
  };
}

function isBlocked(nat: NatReport | null): boolean {
  return nat?.mapping === Mapping.MAPPING_BLOCKED;
}
