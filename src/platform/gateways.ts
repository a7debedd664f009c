import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { contains, formatIp, networkOf, parseIp, parsePrefix } from '../base/ip.ts';

/** A router of this machine, and the address by which the router knows this machine. */
export interface GatewayRoute {
  readonly gateway: string;
  readonly local: string;
}

const routesMax = 2;
const upAndGateway = 0x3;

/**
 * The IPv4 default routes, best first. Linux tells them; elsewhere the first address of each private network is taken for one, which is where
 * home routers are: a wrong guess is a few small datagrams that nobody answers.
 */
export async function defaultGateways(): Promise<readonly GatewayRoute[]> {
  const own = ownNetworks();
  const told = process.platform === 'linux' ? await readFile('/proc/self/net/route', 'utf8').then(routesFrom, () => []) : own.map(({ first }) => first);
  return told.flatMap((gateway) => own.filter(({ has }) => has(gateway)).map(({ local }) => ({ gateway, local }))).slice(0, routesMax);
}

/** Gateways of the default routes of /proc/net/route, by metric. Numbers there are in the machine's byte order. */
export function routesFrom(table: string): readonly string[] {
  const rows = table.split('\n').slice(1, 257).map((line) => line.split(/\s+/)).filter(([, destination, , flags, , , , mask]) => destination === '00000000' && mask === '00000000' && (Number.parseInt(flags ?? '', 16) & upAndGateway) === upAndGateway);
  return rows.sort((a, b) => Number(a[6]) - Number(b[6])).flatMap(([, , gateway]) => {
    const bytes = /^[0-9A-F]{8}$/i.test(gateway ?? '') ? Buffer.from(gateway ?? '', 'hex').reverse() : null;
    return bytes ? [bytes.join('.')] : [];
  });
}

function ownNetworks(): readonly { readonly local: string; readonly first: string; has(gateway: string): boolean }[] {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []).flatMap(({ cidr, family, internal, address }) => {
    const prefix = cidr === null || internal || family !== 'IPv4' ? undefined : parsePrefix(cidr);
    if (!prefix) return [];
    const network = networkOf(prefix);
    return [{
      local: address,
      first: formatIp({ family: 4, value: network.ip.value + 1n }),
      has: (gateway: string) => {
        const ip = parseIp(gateway);
        return ip !== undefined && contains(network, ip);
      },
    }];
  });
}
