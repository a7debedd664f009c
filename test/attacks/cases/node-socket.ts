/** The node process's private socket: another user of the machine, and what may be asked of it at all. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { rules } from '../../../src/node/rpc/policy.ts';
import { nodeClient } from '../../../src/platform/mesh-client.ts';
import { type Attack, demand, summary } from '../attack.ts';
import { knockAs, missingRoot, otherUid } from '../clients/other-user.ts';
import { meshWorld } from '../worlds/mesh.ts';

async function socketOf(id: string): Promise<string> {
  return join((await meshWorld()).cluster.folder, `${id}.sock`);
}

async function appWorks(): Promise<void> {
  for await (const { nodes } of nodeClient.watchReplica(await socketOf('host'), AbortSignal.timeout(5_000))) {
    demand(nodes.length >= 5, 'the app of this machine sees the mesh');
    return;
  }
}

/** One call over the socket, by hand. Answers the gRPC status. */
function ask(socket: string, path: string): Promise<string> {
  return new Promise((resolve) => {
    const session = connectHttp2('http://localhost', { createConnection: () => connectTcp(socket) });
    session.on('error', () => resolve('closed'));
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
    const hear = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']));
    };
    stream.on('response', hear).on('trailers', hear).on('error', () => {}).resume();
    stream.on('close', () => session.destroy());
    stream.end(Buffer.alloc(5));
  });
}

export const nodeSocket: readonly Attack[] = [
  {
    name: 'node-socket-other-user', aim: 'node socket', expected: 'EACCES', missing: missingRoot, counter: appWorks,
    attack: async () => {
      const { cluster } = await meshWorld();
      // As the helper makes it: a folder that lets its user in alone. The socket's own mode is wider.
      chmodSync(cluster.folder, 0o700);
      return summary(await Promise.all(['host', 'member'].map(async (id) => knockAs(otherUid, await socketOf(id)))));
    },
  },
  {
    name: 'node-socket-asked-for-more', aim: 'node socket', expected: /^(7|12)( \/ (7|12))*$/, counter: appWorks,
    attack: async () => {
      const socket = await socketOf('host');
      const paths = Object.entries(rules).filter(([, { who }]) => who !== 'local').map(([path]) => path);
      return summary(await Promise.all(paths.map((path) => ask(socket, path))));
    },
  },
];
