import * as grpc from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../base/log.ts';
import { RpcError, service, status } from '../base/rpc.ts';
import { MeshClient, MeshService } from '../gen/v1/mesh.ts';
import { MeshNode } from '../gen/v1/mesh_messages.ts';
import { LocalNodeClient, LocalNodeService, WatchReplicaResponse } from '../gen/webmesh/local/v1/local.ts';
import { createGrpcServer } from './grpc-server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('tells of calls, messages and statuses: of answers, refusals, streams and callers that leave; a path without a method is nobody\'s', async () => {
  const told: string[] = [];
  const server = createGrpcServer({
    log: silentLog,
    authorize: async (_path, _caller, metadata) => { if (metadata['stranger']) throw new RpcError(status.unauthenticated, 'no'); },
    counts: { open: ({ path, requestStream, responseStream }) => {
      const name = path.split('/')[2] ?? '';
      told.push(`${name} ${requestStream} ${responseStream}`);
      return { received: () => told.push(`${name} in`), sent: () => told.push(`${name} out`), handled: (code, seconds) => told.push(`${name} ${code} ${seconds >= 0 && seconds < 5}`) };
    } },
    services: [
      service(MeshService, { getNode: async ({ id }) => { if (id === 'none') throw new RpcError(status.notFound, 'none'); return MeshNode.fromPartial({ id }); } }),
      service(LocalNodeService, { watchReplica: async function* (_, { signal }) {
        yield WatchReplicaResponse.fromPartial({});
        yield WatchReplicaResponse.fromPartial({});
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      } }),
    ],
  });
  ends.push(() => server.close(0));
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  const mesh = new MeshClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const local = new LocalNodeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  ends.push(() => mesh.close(), () => local.close());
  const call = (id: string, stranger = false): Promise<unknown> => new Promise((done) => {
    const metadata = new grpc.Metadata();
    if (stranger) metadata.set('stranger', 'yes');
    mesh.getNode({ id }, metadata, (error) => done(error?.code ?? 0));
  });
  expect([await call('a'), await call('none'), await call('a', true)]).toEqual([0, 5, 16]);
  await new Promise<void>((done) => mesh.makeUnaryRequest('/v1.Mesh/Invented', () => Buffer.alloc(0), () => 0, {}, () => done()));
  expect(told.splice(0)).toEqual([
    'GetNode false false', 'GetNode in', 'GetNode out', 'GetNode 0 true',
    'GetNode false false', 'GetNode in', 'GetNode 5 true',
    'GetNode false false', 'GetNode 16 true',
  ]);
  const stream = local.watchReplica({});
  stream.on('error', () => {});
  let seen = 0;
  await new Promise<void>((done) => stream.on('data', () => { if (++seen === 2) done(); }));
  stream.cancel();
  await expect.poll(() => told).toEqual(['WatchReplica false true', 'WatchReplica in', 'WatchReplica out', 'WatchReplica out', 'WatchReplica 1 true']);
});
