import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { loopbackPeerUid, mayUse, uidIn } from './tcp-peer.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:A0F6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1065 1 0
   1: 0100007F:A0F6 0100007F:C3A2 01 00000000:00000000 00:00000000 00000000     0        0 1066 1 0
   2: 0100007F:C3A2 0100007F:A0F6 01 00000000:00000000 00:00000000 00000000  1000        0 1067 1 0
   3: 0200007F:C3A3 0100007F:A0F6 01 00000000:00000000 00:00000000 00000000  1001        0 1068 1 0
`;

test('the other end of the very connection is found, not the listener, our own end or another address', () => {
  expect([[0xa0f6, 0xc3a2], [0xc3a2, 0xa0f6], [0xa0f6, 0xc3a3], [0xa0f6, 1], [0xa0f6, 0]].map(([localPort = 0, remotePort = 0]) => uidIn(table, { localPort, remotePort }))).toEqual([1000, 0, undefined, undefined, undefined]);
  expect(uidIn('', { localPort: 1, remotePort: 2 })).toBe(undefined);
});

test('root, ourselves and who borrowed root may use it; nobody else', () => {
  const own = process.geteuid?.() ?? 0;
  expect([mayUse(own, {}), mayUse(0, {}), mayUse(65_534, {}), mayUse(Number.NaN, {})]).toEqual([true, true, false, false]);
  expect([mayUse(1234, { SUDO_UID: '1234' }), mayUse(1235, { SUDO_UID: '1234' }), mayUse(0, { SUDO_UID: '' }), mayUse(1234, { SUDO_UID: ' 1234' })]).toEqual([own === 0, false, true, false]);
});

test.runIf(process.platform === 'linux')('a real connection, by IPv4 and by a mapped address', async () => {
  const accepted: Socket[] = [];
  const server = createServer((socket) => void accepted.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const host of ['127.0.0.1', '::ffff:127.0.0.1']) {
    const client = connect(port, host);
    await once(client, 'connect');
    while (accepted.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const socket = accepted.pop();
    expect([host, await loopbackPeerUid({ localPort: port, remotePort: socket?.remotePort ?? 0 })]).toEqual([host, process.geteuid?.()]);
    client.destroy();
  }
  server.close();
});
