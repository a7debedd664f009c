import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { type Cell, cell } from '../base/cell.ts';
import type { Clock } from '../base/clock.ts';
import { failure } from '../base/failure.ts';
import { lookEvery } from '../base/looks.ts';
import type { Network, OwnAddress, SystemEvents } from '../core/ports.ts';

/** Names of our own tunnels: `wm` and ten characters of the tunnel's id. Their addresses are the mesh's, not the machine's. */
const ownTunnel = /^wm[a-z0-9]{1,13}$/;
const lookEveryMs = 500;
/** Wall time that passed beside the monotonic clock, which stands still while a machine sleeps. Less may be the clock being set right. */
const sleptMs = 5_000;

/** Watches this machine's addresses by looking twice a second: the same on every system, and about a millisecond of work. */
export function watchNetwork(clock: Clock): Network & { close(): void } {
  const addresses: Cell<readonly OwnAddress[]> = cell(read());
  const online: Cell<boolean> = cell(isOnline(addresses.get()));
  const close = lookEvery(clock, lookEveryMs, () => {
    const now = read();
    if (JSON.stringify(now) === JSON.stringify(addresses.get())) return;
    addresses.set(now);
    online.set(isOnline(now));
  });
  return { hostname: hostname(), addresses, online, freePort, close };
}

/**
 * Tells of a wake by the clocks alone, for shells that the system tells nothing: wall time leapt ahead of the monotonic one. A clock that was
 * set ahead looks the same, and looking at the network once more costs nothing.
 */
export function watchWakes(clock: Clock): SystemEvents & { close(): void } {
  const told = new Set<() => void>();
  let aheadMs = clock.nowMs() - clock.monotonicMs();
  const close = lookEvery(clock, lookEveryMs, () => {
    const now = clock.nowMs() - clock.monotonicMs();
    const slept = now - aheadMs >= sleptMs;
    aheadMs = now;
    if (slept) for (const tell of [...told]) tell();
  });
  return {
    on: (event, tell) => {
      if (event === 'resume') told.add(tell);
      return () => told.delete(tell);
    },
    close,
  };
}

function read(): readonly OwnAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, list]) => (ownTunnel.test(interfaceName) ? [] : (list ?? [])).map(({ address, cidr, internal }) => ({
    interfaceName, address: address.replace(/%.*$/, ''), bits: Number(cidr?.split('/')[1] ?? (address.includes(':') ? 128 : 32)), loopback: internal,
  })));
}

/** Link-local addresses alone lead nowhere. */
function isOnline(addresses: readonly OwnAddress[]): boolean {
  return addresses.some(({ address, loopback }) => !loopback && !/^fe[89ab]/i.test(address) && !address.startsWith('169.254.'));
}

async function freePort(kind: 'udp' | 'tcp', wanted: number): Promise<number> {
  const probe = kind === 'udp' ? bindUdp : bindTcp;
  return probe(wanted).catch(() => probe(0));
}

function bindTcp(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(failure('node.port-in-use', { port }, error)));
    server.listen({ port, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound ? bound.port : port));
    });
  });
}

function bindUdp(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => reject(failure('tunnel.port-in-use', { port }, error)));
    socket.bind({ port, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}
