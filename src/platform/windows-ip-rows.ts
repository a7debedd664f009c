import { formatIp, type Ip, type Prefix } from '../base/ip.ts';

/**
 * The rows of Windows' IP Helper (netioapi.h), laid out as on 64-bit systems. Places as in the tests of wireguard-windows' winipcfg, which
 * asks a C compiler: https://git.zx2c4.com/wireguard-windows, tunnel/winipcfg/types_test.go.
 */
export const sizes = { addressRow: 80, routeRow: 104, interfaceRow: 168, routeTableHead: 8 } as const;

export interface RouteRow {
  /** What Windows knows the interface by: eight bytes. */
  readonly luid: Buffer;
  readonly network: Prefix;
}

const inet = { 4: 2, 6: 23 } as const;
const address = { luid: 32, onLinkBits: 60, dadState: 64 } as const;
const route = { luid: 0, network: 12, bits: 40, nextHop: 44, metric: 84 } as const;
const ip = { family: 0, luid: 8, managed: 46, otherStateful: 47, routerDiscovery: 52, dadTransmits: 56, sitePrefixBits: 144, mtu: 152 } as const;
/** IpDadStatePreferred: nobody else has it on this link, so it serves at once. */
const preferred = 4;

/** MIB_UNICASTIPADDRESS_ROW, into one that Windows gave its defaults. */
export function fillAddress(row: Buffer, luid: Buffer, { ip: own, bits }: Prefix): void {
  putSocketAddress(row, 0, own);
  luid.copy(row, address.luid);
  row.writeUInt8(bits, address.onLinkBits);
  row.writeUInt32LE(preferred, address.dadState);
}

/** MIB_IPFORWARD_ROW2 of a network that is on the link itself: its next hop is the unspecified address. */
export function fillRoute(row: Buffer, luid: Buffer, { ip: network, bits }: Prefix): void {
  luid.copy(row, route.luid);
  putSocketAddress(row, route.network, network);
  row.writeUInt8(bits, route.bits);
  putSocketAddress(row, route.nextHop, { family: network.family, value: 0n });
  row.writeUInt32LE(0, route.metric);
}

/** MIB_IPINTERFACE_ROW, as the question for one family of an interface. */
export function fillInterfaceQuestion(row: Buffer, luid: Buffer, family: 4 | 6): void {
  row.writeUInt16LE(inet[family], ip.family);
  luid.copy(row, ip.luid);
}

/**
 * Into the answer to that question: our MTU, nothing learned from routers, and no search for others with our address. The length of the
 * site prefix comes back out of range for IPv4, and is refused then.
 */
export function fillInterfaceSettings(row: Buffer, family: 4 | 6, mtu: number): void {
  row.writeUInt8(0, ip.managed);
  row.writeUInt8(0, ip.otherStateful);
  row.writeInt32LE(0, ip.routerDiscovery);
  row.writeUInt32LE(0, ip.dadTransmits);
  if (row.readUInt32LE(ip.sitePrefixBits) > (family === 4 ? 32 : 128)) row.writeUInt32LE(family === 4 ? 0 : 128, ip.sitePrefixBits);
  row.writeUInt32LE(mtu, ip.mtu);
}

/** The rows of a MIB_IPFORWARD_TABLE2, without its head. Those of neither family are left out. */
export function readRoutes(rows: Buffer): readonly RouteRow[] {
  return Array.from({ length: Math.floor(rows.length / sizes.routeRow) }, (_, i) => rows.subarray(i * sizes.routeRow, (i + 1) * sizes.routeRow)).flatMap((row) => {
    const network = socketAddress(row, route.network);
    return network === undefined ? [] : [{ luid: row.subarray(route.luid, route.luid + 8), network: { ip: network, bits: row.readUInt8(route.bits) } }];
  });
}

/** Multicast, and IPv4's broadcasts: every interface has those routes, and no tunnel is in their way. */
export function isForMany(to: Ip): boolean {
  const text = formatIp(to);
  return to.family === 6 ? text.startsWith('ff') : /^(22[4-9]|23\d|255)\./.test(text);
}

/** SOCKADDR_INET: family, port; IPv4 at 4, IPv6 behind the flow at 8. */
function putSocketAddress(row: Buffer, at: number, { family, value }: Ip): void {
  row.fill(0, at, at + 28);
  row.writeUInt16LE(inet[family], at);
  if (family === 4) row.writeUInt32BE(Number(value), at + 4);
  else row.write(value.toString(16).padStart(32, '0'), at + 8, 'hex');
}

function socketAddress(row: Buffer, at: number): Ip | undefined {
  const family = row.readUInt16LE(at);
  if (family === inet[4]) return { family: 4, value: BigInt(row.readUInt32BE(at + 4)) };
  return family === inet[6] ? { family: 6, value: BigInt(`0x${row.toString('hex', at + 8, at + 24)}`) } : undefined;
}
