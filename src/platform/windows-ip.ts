import { networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { assert } from '../base/assert.ts';
import { formatIp, formatPrefix, networkOf, parsePrefix, type Prefix } from '../base/ip.ts';
import { type IpChange, type IpSettings } from '../helper/ports.ts';
import { windows } from './windows-calls.ts';
import { fillAddress, fillInterfaceQuestion, fillInterfaceSettings, fillRoute, isForMany, readRoutes, sizes } from './windows-ip-rows.ts';

/** An adapter that was just made gets its IPv4 and IPv6 a moment later. */
const readyMs = 5_000;
const readyPauseMs = 50;
const notFound = 1168;
const aliasCharactersMax = 257;
const anyFamily = 0;

/**
 * Addresses, routes and settings of interfaces by Windows' own calls: their answers are numbers, where `netsh` speaks the language of the
 * machine. What they make is gone with the adapter, at the latest with a reboot.
 */
export const windowsIp: IpSettings = {
  change: async (change) => {
    const end = performance.now() + (isRemoval(change) ? 0 : readyMs);
    for (;;) {
      const code = changeOnce(change);
      if (code !== notFound || performance.now() >= end) return code;
      await pause(readyPauseMs);
    }
  },
  routes: () => {
    const own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)));
    const names = new Map<string, string>();
    const nameOf = (luid: Buffer): string => {
      const key = luid.toString('hex');
      const name = names.get(key) ?? aliasOf(luid);
      names.set(key, name);
      return name;
    };
    return readRoutes(routeTable()).filter(({ network: { ip, bits } }) => bits > 0 && !isForMany(ip)).map(({ luid, network }) => ({
      network: formatPrefix(networkOf(network)), device: nameOf(luid), own: network.bits === hostBits(network) && own.has(formatIp(network.ip)),
    }));
  },
};

/** Windows' own number of an interface, by the name that people see; undefined when there is none. */
export function luidOf(alias: string): Buffer | undefined {
  const luid = Buffer.alloc(8);
  return windows('ConvertInterfaceAliasToLuid', alias, luid) === 0 ? luid : undefined;
}

function changeOnce(change: IpChange): number {
  const luid = luidOf(change.device);
  if (luid === undefined) return notFound;
  switch (change.what) {
    case 'add-address': return windows('CreateUnicastIpAddressEntry', addressRow(luid, change.address));
    case 'remove-address': return windows('DeleteUnicastIpAddressEntry', addressRow(luid, change.address));
    case 'add-route': return windows('CreateIpForwardEntry2', routeRow(luid, change.network));
    case 'remove-route': return windows('DeleteIpForwardEntry2', routeRow(luid, change.network));
    case 'set-interface': return setInterface(luid, change.family, change.mtu);
  }
}

function isRemoval({ what }: IpChange): boolean {
  return what === 'remove-address' || what === 'remove-route';
}

function addressRow(luid: Buffer, address: string): Buffer {
  const row = Buffer.alloc(sizes.addressRow);
  windows('InitializeUnicastIpAddressEntry', row);
  fillAddress(row, luid, parsed(address));
  return row;
}

function routeRow(luid: Buffer, network: string): Buffer {
  const row = Buffer.alloc(sizes.routeRow);
  windows('InitializeIpForwardEntry', row);
  fillRoute(row, luid, parsed(network));
  return row;
}

function setInterface(luid: Buffer, family: 4 | 6, mtu: number): number {
  const row = Buffer.alloc(sizes.interfaceRow);
  windows('InitializeIpInterfaceEntry', row);
  fillInterfaceQuestion(row, luid, family);
  const code = windows('GetIpInterfaceEntry', row);
  if (code !== 0) return code;
  fillInterfaceSettings(row, family, mtu);
  return windows('SetIpInterfaceEntry', row);
}

/** The rows of the machine's routes of both families, copied out of Windows' memory, which is given back. */
function routeTable(): Buffer {
  const place = Buffer.alloc(8);
  const code = windows('GetIpForwardTable2', anyFamily, place);
  if (code !== 0) throw new Error(`GetIpForwardTable2: error ${code}`);
  const table = place.readBigInt64LE();
  try {
    const count = Buffer.alloc(4);
    windows('RtlMoveMemory', count, table, count.length);
    const rows = Buffer.alloc(count.readUInt32LE() * sizes.routeRow);
    if (rows.length > 0) windows('RtlMoveMemory', rows, table + BigInt(sizes.routeTableHead), rows.length);
    return rows;
  } finally {
    windows('FreeMibTable', table);
  }
}

function aliasOf(luid: Buffer): string {
  const name = Buffer.alloc(2 * aliasCharactersMax);
  if (windows('ConvertInterfaceLuidToAlias', luid, name, aliasCharactersMax) !== 0) return '';
  return name.toString('utf16le').replace(/\0.*$/s, '');
}

function parsed(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert(prefix !== undefined, 'an order holds canonical prefixes');
  return prefix;
}

function hostBits({ ip }: Prefix): number {
  return ip.family === 4 ? 32 : 128;
}
