import { failure } from '../../base/failure.ts';
import { type Prefix, contains, overlaps, parsePrefix } from '../../base/ip.ts';
import { type MachineRoute } from './system.ts';
import { type WantedTunnel } from './spec.ts';

const defaultBitsMax = 1;

/**
 * Refuses a tunnel that would take traffic from where the machine sends it now. Three cases are a conflict: one of our addresses is on
 * another interface; a wanted route is equal to or inside an existing one; an existing route inside a wanted one holds our own address.
 * An existing narrower route that does not (a container bridge inside 172.16.0.0/12) keeps its traffic and stays: no conflict.
 * Default routes, also in the two halves that some VPNs make, give way to every narrower route and never conflict.
 */
export function refuseConflicts(wanted: WantedTunnel, machine: readonly MachineRoute[]): void {
  const addresses = wanted.addresses.map(prefixOf);
  const routes = wanted.routes.map(prefixOf);
  for (const { network: text, device, own } of machine) {
    const network = parsePrefix(text);
    if (network === undefined || device === wanted.device) continue;
    const hit = own ? addresses.some((address) => contains(network, address.ip)) : takes(network, routes, addresses);
    if (hit) throw failure('tunnel.conflict', { what: text, device });
  }
}

function takes(existing: Prefix, routes: readonly Prefix[], addresses: readonly Prefix[]): boolean {
  if (existing.bits <= defaultBitsMax) return false;
  if (addresses.some((address) => contains(existing, address.ip))) return true;
  return routes.some((route) => overlaps(route, existing) && route.bits >= existing.bits);
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw failure('input.invalid', { field: 'routes', reason: 'not address/bits' });
  return prefix;
}
