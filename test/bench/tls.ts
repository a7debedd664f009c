/**
 * What TLS costs: unary calls over mTLS against the same in clear text, turn by turn in one process, and full handshakes. Prints the best
 * round of each, so that a busy machine says little. `node test/bench/tls.ts`
 */
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Identity } from '../../src/base/identity.ts';
import { silentLog } from '../../src/base/log.ts';
import { service } from '../../src/base/rpc.ts';
import { MeshService } from '../../src/gen/v1/mesh.ts';
import { GetNodeRequest, MeshNode } from '../../src/gen/v1/mesh_messages.ts';
import { createGrpcCaller, type GrpcCaller } from '../../src/platform/grpc-call.ts';
import { createGrpcServer, type GrpcServer } from '../../src/platform/grpc-server.ts';
import { dialTls } from '../../src/platform/tls-dial.ts';
import { testMesh } from '../fakes/test-mesh.ts';

const rounds = 12;
const calls = 640;
const handshakes = 160;

const mesh = await testMesh();
const [host, alice] = [await mesh.device('host'), await mesh.device('alice')];
const { signal } = new AbortController();
const request = GetNodeRequest.encode({ id: 'x' }).finish();

interface Side {
  readonly name: string;
  readonly port: number;
  readonly server: GrpcServer;
  readonly caller: GrpcCaller;
}

async function side(name: string, own: Identity | null, theirs: Identity | null): Promise<Side> {
  const server = createGrpcServer({ services: [service(MeshService, { getNode: async ({ id }) => MeshNode.fromPartial({ id }) })], log: silentLog, identity: () => own, authorize: async () => {} });
  return { name, server, port: await server.listen({ host: '127.0.0.1', port: 0 }), caller: createGrpcCaller(() => theirs) };
}

/** Milliseconds a call, `width` at a time. */
async function timeCalls({ caller, port }: Side, width: number): Promise<number> {
  const startMs = performance.now();
  for (let done = 0; done < calls; done += width) {
    await Promise.all(Array.from({ length: width }, () => caller.unary(`127.0.0.1:${port}`, MeshService.getNode.path, request, { metadata: {}, deadlineMs: 10_000, signal, expectId: 'host' })));
  }
  return (performance.now() - startMs) / calls;
}

/** Full handshakes a second, both ends in this process, with both certificates checked. */
async function timeHandshakes(port: number, width: number): Promise<number> {
  const startMs = performance.now();
  for (let done = 0; done < handshakes; done += width) {
    await Promise.all(Array.from({ length: width }, async () => {
      const { socket } = await dialTls(connect(port, '127.0.0.1'), { identity: alice, root: mesh.root, expectId: 'host' }, 'h2', 'here');
      socket.destroy();
    }));
  }
  return (1_000 * handshakes) / (performance.now() - startMs);
}

const [clear, secure] = [await side('clear text', null, null), await side('mTLS', host, alice)];
for (const width of [1, 32]) {
  const best = new Map([[clear, Number.POSITIVE_INFINITY], [secure, Number.POSITIVE_INFINITY]]);
  for (let round = 0; round < rounds; round++) {
    for (const one of round % 2 === 0 ? [clear, secure] : [secure, clear]) best.set(one, Math.min(best.get(one) ?? 0, await timeCalls(one, width)));
  }
  const [plain = 1, proven = 1] = [best.get(clear), best.get(secure)];
  console.log(`unary calls, ${width} at a time: clear text ${plain.toFixed(3)} ms, mTLS ${proven.toFixed(3)} ms: ${(proven / plain).toFixed(2)} times`);
}
for (const width of [1, 16]) {
  let most = 0;
  for (let round = 0; round < rounds; round++) most = Math.max(most, await timeHandshakes(secure.port, width));
  console.log(`full handshakes, both ends in one process, ${width} at a time: ${most.toFixed(0)} a second`);
}
for (const { server, caller } of [clear, secure]) {
  caller.close();
  await server.close(100);
}
