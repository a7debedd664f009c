import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { grpcPort, until } from '../../../test/node/local-cluster.ts';
import { type SecuredCluster, securedCluster } from '../../../test/node/secured-cluster.ts';
import { LocalNodeService, type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { Role } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { TrustServiceService as Trust } from '../../gen/webmesh/trust/v1/trust.ts';
import { forwardSockets } from '../../platform/forward-sockets.ts';
import { loopbackPorts } from '../../platform/loopback-port.ts';
import { createPeerConnections } from '../../platform/peer-connections.ts';

const library = createPeerConnections();
afterAll(() => library.close());
let cluster: SecuredCluster;
let base = '';
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  cluster = await securedCluster({ peerConnections: library, forwardSockets, loopback: loopbackPorts });
  base = cluster.network.split('.').slice(0, 3).join('.');
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await cluster.close();
});

const socketOf = (id: string): string => join(cluster.folder, `${id}.sock`);
const peer = (id: string, last: number): PathPeer => ({ id, publicKey: '', ipv4: `${base}.${last}`, ipv6: '', endpoints: [], primary: `${base}.${last}`, grpcPort, serves: true });

/** What its app tells a node. */
async function tell(id: string, peers: PathPeer[]): Promise<void> {
  await cluster.callLocal(socketOf(id), LocalNodeService.setPathInputs, { online: true, moves: 0n, listenPort: 51_820, publicKey: '', ownAddresses: ['127.0.0.1/8'], peers, retry: [] });
}

function said(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' });
    ends.push(() => socket.destroy());
    socket.on('data', (part: Buffer) => void (text += part.toString())).on('error', () => {}).on('close', () => resolve(text));
  });
}

test('in a secured mesh: a guest forwards to what a member shares, through the app\'s own call, and a revoked device loses what it has', async () => {
  await cluster.foundSecured('host');
  await cluster.join(`${base}.1`, 'host', {}, cluster.identity('host'));
  const member = await cluster.enrolAndStart(`${base}.1`, 'host', 'member');
  await cluster.enrolAndStart(`${base}.1`, 'host', 'guest', { role: Role.ROLE_GUEST });
  const server = createServer((socket) => void socket.on('error', () => {}).write('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  const { port } = server.address() as { port: number };
  await member.update({ paths: { shares: [`tcp 127.0.0.1:${port}`], turnPort: 0, dnsPort: 0, prometheusPort: 0, relayBytesPerSecond: 0n, dnsDomain: '', localDomain: '', localDnsPort: 0 } });
  await tell('member', [peer('host', 1), peer('guest', 3)]);
  await tell('guest', [peer('host', 1), peer('member', 2)]);

  const open = (remotePort: number) => cluster.callLocal(socketOf('guest'), LocalNodeService.openForward, { peer: 'member', protocol: 'tcp', localAddress: '', localPort: 0, remoteAddress: '', remotePort });
  const { forward: refused } = await open(22);
  expect([refused?.problemCode, refused?.problem]).toEqual(['auth.not-permitted', 'this node does not share tcp 127.0.0.1:22']);
  const { forward } = await open(port);
  expect(forward?.problem).toBe('');
  const stream = said(forward?.localPort ?? 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await cluster.call(`${base}.1`, Trust.revokeDevice, { id: 'guest' }, {}, cluster.identity('host'));
  expect(await stream).toBe('hello');
  await until(async () => (await said(forward?.localPort ?? 0)) === '', 12_000);
}, 40_000);
