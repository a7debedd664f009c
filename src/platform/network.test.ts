import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { watchNetwork } from './network.ts';

test('this machine has loopback, and none of our tunnels counts', () => {
  const network = watchNetwork(systemClock);
  network.close();
  expect(network.addresses.get()).toContainEqual(expect.objectContaining({ address: '127.0.0.1', bits: 8, loopback: true }));
  expect(network.addresses.get().filter(({ interfaceName }) => interfaceName.startsWith('wm'))).toEqual([]);
});

test('a port that is taken is replaced by a free one', async () => {
  const network = watchNetwork(systemClock);
  network.close();
  const server = createServer();
  const tcp = await new Promise<number>((resolve) => server.listen(0, () => resolve((server.address() as { port: number }).port)));
  const socket = createSocket('udp4');
  const udp = await new Promise<number>((resolve) => socket.bind(0, () => resolve(socket.address().port)));
  expect(await network.freePort('tcp', tcp)).not.toBe(tcp);
  expect(await network.freePort('udp', udp)).not.toBe(udp);
  await new Promise((resolve) => server.close(resolve));
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  expect(await network.freePort('tcp', tcp)).toBe(tcp);
});
