import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { JoinResponse } from '../../../src/gen/v1/node_messages.ts';
import { NodeService } from '../../../src/gen/v1/node.ts';

/** A neighbour that is not what an address or a port promises. Started as `trouble-maker.ts KIND PORT`; says `ready` when it stands. */
const [kind = '', portText = '0'] = process.argv.slice(2);
const port = Number(portText);
const key = Buffer.alloc(32, 7).toString('base64');
const peers = (count: number, publicKey: string) => Array.from({ length: count }, (_, i) => ({ id: `peer-${i}`, publicKey, addressIpv4: '10.9.0.9/32' }));

const answers: Readonly<Record<string, () => JoinResponse>> = {
  'no-address': () => JoinResponse.fromPartial({}),
  'default-route': () => JoinResponse.fromPartial({ addressIpv4: '10.9.0.5/0' }),
  'loopback-address': () => JoinResponse.fromPartial({ addressIpv4: '127.0.0.5/8' }),
  'text-address': () => JoinResponse.fromPartial({ addressIpv4: 'nonsense\nat evil (file.js:1:1)' }),
  'public-address': () => JoinResponse.fromPartial({ addressIpv4: '198.18.77.9/24' }),
  'lan-address': () => JoinResponse.fromPartial({ addressIpv4: '10.44.0.9/24' }),
  'bad-keys': () => JoinResponse.fromPartial({ addressIpv4: '10.9.0.5/16', peers: peers(3, 'not a key') }),
  'huge-list': () => JoinResponse.fromPartial({ addressIpv4: '10.9.0.5/16', peers: peers(60_000, key) }),
  'huge-message': () => JoinResponse.fromPartial({ addressIpv4: '10.9.0.5/16', peers: peers(400_000, key) }),
};

await (kind in answers || kind === 'unimplemented' ? serveGrpc() : serveBytes());
process.stdout.write('ready\n');

async function serveGrpc(): Promise<void> {
  const server = new grpc.Server({ 'grpc.max_send_message_length': -1 });
  const answer = answers[kind];
  if (answer) {
    const response = answer();
    server.addService({ join: NodeService.join }, { join: (_call: unknown, reply: grpc.sendUnaryData<JoinResponse>) => reply(null, response) });
  }
  await new Promise<void>((resolve, reject) => server.bindAsync(`0.0.0.0:${port}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())));
}

async function serveBytes(): Promise<void> {
  switch (kind) {
    case 'garbage': return listening(createServer((socket) => void socket.on('error', () => {}).end(Buffer.alloc(4096, 0xa5))));
    case 'silence': return listening(createServer((socket) => void socket.on('error', () => {}).resume()));
    case 'http': return listening(createHttpServer((_request, response) => response.end('<html>hello</html>')));
    case 'udp': {
      const sockets = [createSocket('udp4'), createSocket({ type: 'udp6', ipv6Only: true })];
      for (const socket of sockets) await new Promise<void>((resolve) => socket.bind(port, resolve));
      return;
    }
    default: throw new Error(`no trouble called ${kind}`);
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(port, '0.0.0.0', resolve));
}
