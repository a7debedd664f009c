import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { type Cell, cell } from '../base/cell.ts';
import type { Clock } from '../base/clock.ts';
import { failure } from '../base/failure.ts';
import type { Network, OwnAddress } from '../core/ports.ts';

/** Names of our own tunnels: `wm` and ten characters of the tunnel's id. Their addresses are the mesh's, not the machine's. */
const ownTunnel = /^wm[a-z0-9]{1,13}$/;
const lookEveryMs = 2_000;

/** Watches this machine's addresses by looking every two seconds: the same on every system, and cheap. */
export function watchNetwork(clock: Clock): Network & { close(): void } {
  const addresses: Cell<readonly OwnAddress[]> = cell(read());
  const online: Cell<boolean> = cell(isOnline(addresses.get()));
  let cancel = clock.after(lookEveryMs, function look() {
    const now = read();
    if (JSON.stringify(now) !== JSON.stringify(addresses.get())) {
      addresses.set(now);
      online.set(isOnline(now));
    }
    cancel = clock.after(lookEveryMs, look);
  });
  return { hostname: hostname(), addresses, online, freePort, close: () => cancel() };
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
