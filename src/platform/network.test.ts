import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { virtualClock } from '../../test/sim/session/clock.ts';
import { watchNetwork, watchWakes } from './network.ts';

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

test('a machine that slept is told by its clocks, once; one that set its clock right is not', () => {
  const clock = virtualClock();
  let leaptMs = 0;
  const wakes = watchWakes({ ...clock, nowMs: () => clock.nowMs() + leaptMs });
  let seen = 0;
  const stop = wakes.on('resume', () => seen++);
  const pass = (ms: number): void => {
    const untilMs = clock.nowMs() + ms;
    while (clock.next(untilMs));
  };
  pass(10_000);
  leaptMs = 2_000;
  pass(10_000);
  leaptMs = -60_000;
  pass(10_000);
  expect(seen).toBe(0);
  leaptMs += 3_600_000;
  pass(10_000);
  expect(seen).toBe(1);
  stop();
  wakes.close();
});
