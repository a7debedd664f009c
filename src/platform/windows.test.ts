import { describe, expect, test } from 'vitest';
import { formatIp, formatPrefix, type Prefix, parsePrefix } from '../base/ip.ts';
import { removing } from './confine-windows.ts';
import { localName } from './local-name.ts';
import { pipePeers } from './local-peers.ts';
import { accountNumber, administratorsSid, interactiveSid, sidText } from './windows-accounts.ts';
import { fillAddress, fillInterfaceQuestion, fillInterfaceSettings, fillRoute, isForMany, readRoutes, sizes } from './windows-ip-rows.ts';
import { ridIn } from './windows-labels.ts';
import { serviceStatus } from './windows-service.ts';
import { isSandboxed } from './windows-tokens.ts';
import { engineArguments, startFailure } from './wireguard-go.ts';

/** As [MS-DTYP] 2.4.2.2 lays a user's identifier out. */
const someone = Buffer.from('0105000000000005150000009d8c9c3e2f4b7d1a5e6f7081e9030000', 'hex');

describe('a security identifier', () => {
  test('is read as Windows writes it', () => {
    expect([interactiveSid, administratorsSid, someone].map(sidText)).toEqual(['S-1-5-4', 'S-1-5-32-544', 'S-1-5-21-1050447005-444418863-2171629406-1001']);
  });

  test('what is none is none', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(68), Buffer.from([2, ...interactiveSid.subarray(1)]), someone.subarray(0, 27), Buffer.from([1, 16, ...new Array<number>(70).fill(0)])]) expect(sidText(bytes)).toBe(undefined);
  });
});

test('the system and an administrator with all rights are 0, everybody else a number of their own', () => {
  const [one = '', other = ''] = ['S-1-5-21-1-2-3-1001', 'S-1-5-21-1-2-3-1002'];
  expect([accountNumber('S-1-5-18', false), accountNumber(one, true)]).toEqual([0, 0]);
  expect(accountNumber(one, false)).toBe(accountNumber(one, false));
  expect(new Set([accountNumber(one, false), accountNumber(other, false), accountNumber('S-1-5-19', false), 0]).size).toBe(4);
  expect(Number.isSafeInteger(accountNumber(one, false))).toBe(true);
});

test('the service manager is told a state, what may be asked in it, and our own code at a bad end', () => {
  const words = (bytes: Buffer): readonly number[] => Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32LE(4 * at));
  expect([serviceStatus(4, 0), serviceStatus(3, 0), serviceStatus(1, 0), serviceStatus(1, 3)].map(words)).toEqual([
    [0x10, 4, 5, 0, 0, 0, 0], [0x10, 3, 0, 0, 0, 0, 20_000], [0x10, 1, 0, 0, 0, 0, 0], [0x10, 1, 0, 1066, 3, 0, 0],
  ]);
});

test('a path is itself, and on Windows a pipe: the same for two spellings of one path, another for another', () => {
  const pipe = (path: string): string => localName(path, 'win32');
  expect(localName('/run/webmesh/helper.sock', 'linux')).toBe('/run/webmesh/helper.sock');
  expect(pipe('/a/helper.sock')).toMatch(/^\\\\\.\\pipe\\webmesh-[0-9a-f]{24}-helper\.sock$/);
  expect([pipe('/A/helper.sock') === pipe('/a/helper.sock'), pipe('/b/helper.sock') === pipe('/a/helper.sock')]).toEqual([true, false]);
});

describe('the rows of the IP Helper', () => {
  const luid = Buffer.from('0000000000008035', 'hex');
  const prefix = (text: string): Prefix => parsePrefix(text) ?? { ip: { family: 4, value: 0n }, bits: 0 };
  const hex = (row: Buffer, ...places: readonly [number, number][]): readonly string[] => places.map(([from, to]) => row.toString('hex', from, to));

  test('an address is on its interface, is its whole network, and needs no look for others that have it', () => {
    const [four, six] = ['10.0.0.1/32', 'fd00::7/128'].map((text) => {
      const row = Buffer.alloc(sizes.addressRow);
      fillAddress(row, luid, prefix(text));
      return row;
    }) as [Buffer, Buffer];
    const places = [[0, 28], [32, 40], [60, 61], [64, 68]] as const;
    expect(hex(four, ...places.map(([a, b]): [number, number] => [a, b]))).toEqual(['020000000a0000010000000000000000000000000000000000000000', '0000000000008035', '20', '04000000']);
    expect(hex(six, [0, 28], [60, 61])).toEqual(['1700000000000000fd00000000000000000000000000000700000000', '80']);
  });

  test('a route is on the link: its next hop is nobody; and it is read as it was written', () => {
    const rows = ['10.0.0.0/8', 'fd00::/48'].map((text) => {
      const row = Buffer.alloc(sizes.routeRow, 0xff);
      fillRoute(row, luid, prefix(text));
      return row;
    });
    expect(rows.map((row) => hex(row, [0, 8], [12, 16], [40, 41], [44, 48], [84, 88]))).toEqual([['0000000000008035', '02000000', '08', '02000000', '00000000'], ['0000000000008035', '17000000', '30', '17000000', '00000000']]);
    const unknown = Buffer.alloc(sizes.routeRow);
    const read = readRoutes(Buffer.concat([...rows, unknown, Buffer.alloc(50)]));
    expect(read.map(({ luid: on, network }) => `${formatPrefix(network)} ${on.toString('hex')}`)).toEqual(['10.0.0.0/8 0000000000008035', 'fd00::/48 0000000000008035']);
  });

  test('an interface learns nothing from routers, and its site prefix comes back within range', () => {
    const row = Buffer.alloc(sizes.interfaceRow);
    fillInterfaceQuestion(row, luid, 4);
    expect(hex(row, [0, 2], [8, 16])).toEqual(['0200', '0000000000008035']);
    const answer = Buffer.alloc(sizes.interfaceRow, 0x40);
    const changed = Buffer.from(answer);
    fillInterfaceSettings(changed, 4, 1420);
    expect(hex(changed, [46, 48], [52, 56], [56, 60], [144, 148], [152, 156])).toEqual(['0000', '00000000', '00000000', '00000000', '8c050000']);
    expect([...changed].filter((byte, at) => byte !== answer[at]).length).toBe(2 + 4 + 4 + 4 + 4);
    fillInterfaceSettings(answer, 6, 1280);
    expect(hex(answer, [144, 148], [152, 156])).toEqual(['80000000', '00050000']);
  });

  test('what is for many is in nobody\'s way', () => {
    const many = ['224.0.0.0/4', '239.1.2.3/32', '255.255.255.255/32', 'ff00::/8', '223.0.0.0/8', '10.255.255.255/32', 'fe80::/64'].map(prefix);
    expect(many.filter(({ ip }) => isForMany(ip)).map(({ ip }) => formatIp(ip))).toEqual(['224.0.0.0', '239.1.2.3', '255.255.255.255', 'ff00::']);
  });
});

describe('the engine on Windows', () => {
  test('is told its adapter\'s name and nothing else', () => {
    expect([engineArguments('wmhome', 'win32'), engineArguments('wmhome', 'linux')]).toEqual([['wmhome'], ['-f', 'wmhome']]);
  });

  const debug = 'DEBUG: (wmhome) 2026/01/02 03:04:05 Starting wireguard-go version 0.0.20250522\r\n';
  test.each<[string, string, string]>([
    ['its driver is missing', `${debug}panic: Error loading wintun.dll DLL: Unable to load library: The specified module could not be found.\r\n\r\ngoroutine 1 [running]:\r\nmain.main()\r\n`,
      'tunnel.engine-missing {"problem":"wintun.dll could not be used (Error loading wintun.dll DLL: Unable to load library: The specified module could not be found.)"}'],
    ['it has no rights', `${debug}ERROR: (wmhome) 2026/01/02 03:04:05 Failed to create TUN device: Error creating interface: Access is denied.\r\n`,
      'tunnel.not-permitted {"problem":"Failed to create TUN device: Error creating interface: Access is denied."}'],
    ['its pipe is to be the system\'s, and it is not run by it', 'ERROR: (wmhome) 2026/01/02 03:04:05 Failed to listen on uapi socket: open \\\\.\\pipe\\x: This security ID may not be assigned as the owner of this object.\r\n',
      'tunnel.not-permitted {"problem":"Failed to listen on uapi socket: open \\\\\\\\.\\\\pipe\\\\x: This security ID may not be assigned as the owner of this object."}'],
    ['it says nothing', '', 'tunnel.failed {"step":"add-device","problem":"wireguard-go ended (code 1): "}'],
  ])('%s', (_, said, expected) => {
    expect(startFailure('wireguard-go ended (code 1)', said).message).toBe(expected);
  });
});

test('a caller in a sandbox is nobody: untrusted and low integrity, not medium, high or the system\'s', () => {
  expect(['S-1-16-0', 'S-1-16-4096', 'S-1-16-8192', 'S-1-16-12288', 'S-1-16-16384', undefined].map(isSandboxed)).toEqual([true, true, false, false, false, false]);
});

test('into the node process\'s pipe comes its own user, and the system; nobody whom Windows does not name', () => {
  const peer = (uid: number) => ({ uid, gid: uid, pid: 1, groups: [] });
  const may = pipePeers('C:\\ProgramData\\Webmesh\\run\\nodes\\140737488355327\\home\\node.sock');
  expect([may(peer(140737488355327)), may(peer(0)), may(peer(7)), may(undefined)]).toEqual([true, true, false, false]);
  const elsewhere = pipePeers('C:\\nodes\\7x\\home\\node.sock');
  expect([elsewhere(peer(0)), elsewhere(peer(7)), elsewhere(undefined)]).toEqual([true, false, false]);
});

describe('what keeps the node process in', () => {
  test('every privilege but the one that leads through folders is removed, whatever was switched on', () => {
    const list = Buffer.alloc(64);
    list.writeUInt32LE(3, 0);
    [[20n, 2], [23n, 3], [29n, 0]].forEach(([number, attributes], i) => {
      list.writeBigUInt64LE(BigInt(number ?? 0), 4 + 12 * i);
      list.writeUInt32LE(Number(attributes), 12 + 12 * i);
    });
    expect(removing(list).toString('hex')).toBe('02000000' + '1400000000000000' + '04000000' + '1d00000000000000' + '04000000');
  });

  test('a mark is read from a list of its own; no list, an empty one and another entry are no mark', () => {
    const head = (list: number): Buffer => Buffer.from(`01001080${'00000000'.repeat(2)}${list === 0 ? '00000000' : '14000000'}00000000`, 'hex');
    const marked = Buffer.concat([head(1), Buffer.from('02001c0001000000' + '1103140001000000' + '010100000000001000100000', 'hex')]);
    const empty = Buffer.concat([head(1), Buffer.from('0200080000000000', 'hex')]);
    const audit = Buffer.concat([head(1), Buffer.from('02001c0001000000' + '0203140001000000' + '010100000000000100000000', 'hex')]);
    expect([marked, head(0), empty, audit].map(ridIn)).toEqual([0x1000, undefined, undefined, undefined]);
  });
});
