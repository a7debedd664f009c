import { failure } from '../../base/failure.ts';
import { type Prefix, networkOf, overlaps, parsePrefix } from '../../base/ip.ts';
import { type WantedTunnel } from './spec.ts';

/**
 * What the tunnels of this machine hold, so that none takes what is another's: neither while both are there nor while one is being made.
 * The machine itself could be asked only about what is made already.
 */
export interface Claims {
  /**
   * Holds what this tunnel wants beside what it has. Throws tunnel.conflict {what, device, tunnelId} for a network, an address or an interface
   * of another one, tunnel.port-in-use {port, device, tunnelId} for its port, input.limit for more than all together may have.
   */
  take(wanted: WantedTunnel): void;
  /** Says what the tunnel has now; null lets go of all. */
  settle(tunnelId: string, has: WantedTunnel | null): void;
}

/** Of all tunnels together, so that what a watcher is told stays below the 8 MiB of a message, and memory small. */
const totals = { peers: 8_192, allowedIps: 131_072 } as const;

export function createClaims(): Claims {
  /** By tunnel id: what it has, and while it changes what it will have. */
  const held = new Map<string, readonly WantedTunnel[]>();

  return {
    take: (wanted) => {
      const { tunnelId } = wanted.place;
      const others = [...held].filter(([id]) => id !== tunnelId).map(([, list]) => list);
      for (const other of others.flat()) refuseClash(wanted, other);
      refuseTooMany([wanted, ...others.flatMap((list) => list.slice(-1))]);
      held.set(tunnelId, [...(held.get(tunnelId) ?? []), wanted]);
    },
    settle: (tunnelId, has) => {
      if (has === null) held.delete(tunnelId);
      else held.set(tunnelId, [has]);
    },
  };
}

/** Any overlap is one: whichever tunnel had the narrower network would get the other's traffic. */
function refuseClash(wanted: WantedTunnel, other: WantedTunnel): void {
  const { device, place: { tunnelId } } = other;
  if (wanted.device === device) throw failure('tunnel.conflict', { what: device, device, tunnelId });
  if (wanted.listenPort !== 0 && wanted.listenPort === other.listenPort) throw failure('tunnel.port-in-use', { port: wanted.listenPort, device, tunnelId });
  const networks = networksOf(wanted).map(([, network]) => network);
  const hit = networksOf(other).find(([, network]) => networks.some((own) => overlaps(own, network)));
  if (hit !== undefined) throw failure('tunnel.conflict', { what: hit[0], device, tunnelId });
}

function refuseTooMany(all: readonly WantedTunnel[]): void {
  const peers = all.reduce((sum, tunnel) => sum + tunnel.peers.length, 0);
  if (peers > totals.peers) throw failure('input.limit', { field: 'peers', max: totals.peers, got: peers });
  const allowedIps = all.reduce((sum, tunnel) => sum + tunnel.peers.reduce((ips, peer) => ips + peer.allowedIps.length, 0), 0);
  if (allowedIps > totals.allowedIps) throw failure('input.limit', { field: 'peers.allowed_ips', max: totals.allowedIps, got: allowedIps });
}

function networksOf({ addresses, routes }: WantedTunnel): readonly (readonly [string, Prefix])[] {
  return [...routes, ...addresses].flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix === undefined ? [] : [[text, networkOf(prefix)] as const];
  });
}
