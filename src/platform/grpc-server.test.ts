import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { failure, fromData, toData } from '../base/failure.ts';
import { silentLog } from '../base/log.ts';
import { type Call, RpcError, type Service, service, status } from '../base/rpc.ts';
import { MeshService } from '../gen/v1/mesh.ts';
import { GetNodeRequest, MeshNode } from '../gen/v1/mesh_messages.ts';
import { LocalNodeClient, LocalNodeService } from '../gen/webmesh/local/v1/local.ts';
import { createGrpcCaller } from './grpc-call.ts';
import { createGrpcServer, type GrpcServer } from './grpc-server.ts';

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function serve(services: readonly Service[], log = silentLog): GrpcServer {
  const server = createGrpcServer({ services, log });
  ends.push(() => server.close(100));
  return server;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'wm-grpc-'));
  ends.push(() => rmSync(path, { recursive: true }));
  return path;
}

async function getNode(port: number, id: string, options: { deadlineMs?: number; metadata?: Record<string, string>; signal?: AbortSignal } = {}): Promise<MeshNode> {
  const caller = createGrpcCaller(() => null);
  ends.push(() => caller.close());
  const { deadlineMs = 3_000, metadata = {}, signal = new AbortController().signal } = options;
  return MeshNode.decode(await caller.unary(`127.0.0.1:${port}`, MeshService.getNode.path, GetNodeRequest.encode({ id }).finish(), { metadata, deadlineMs, signal, expectId: '' }));
}

test('a call carries metadata, peer and deadline to the handler and the value back', async () => {
  let seen: Call | undefined;
  const server = serve([service(MeshService, { getNode: async ({ id }, call) => {
    seen = call;
    return MeshNode.fromPartial({ id: `${id}!` });
  } })]);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  const node = await getNode(port, 'a', { metadata: { 'prefer-leader': 'true' } });
  expect(node.id).toBe('a!');
  expect(seen?.metadata['prefer-leader']).toBe('true');
  expect(seen?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(seen?.deadlineMs).toBeGreaterThan(1_000);
});

test('an RpcError keeps its code and message; what nobody expected says nothing', async () => {
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (event: string) => errors.push(event) };
  const server = serve([service(MeshService, { getNode: async ({ id }) => {
    throw id === 'bug' ? new TypeError('secret of the house') : new RpcError(status.failedPrecondition, 'not leader');
  } })], log);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  await expect(getNode(port, 'x')).rejects.toMatchObject({ name: 'RpcError', code: 9, message: 'not leader' });
  expect(errors).toEqual([]);
  await expect(getNode(port, 'bug')).rejects.toMatchObject({ code: 13, message: 'internal error' });
  expect(errors).toEqual(['rpc-bug']);
});

test('a method without a handler says which one', async () => {
  const port = await serve([service(MeshService, {})]).listen({ host: '127.0.0.1', port: 0 });
  await expect(getNode(port, 'x')).rejects.toMatchObject({ code: 12, message: '/v1.Mesh/GetNode is not offered by this node' });
});

test('the handler is aborted when the caller leaves', async () => {
  let ended = (_reason: unknown): void => {};
  const gone = new Promise((resolve) => (ended = resolve));
  const server = serve([service(MeshService, { getNode: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => {
    ended(signal.reason);
    reject(signal.reason);
  })) })]);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  const controller = new AbortController();
  const call = getNode(port, 'x', { signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  expect(await gone).toMatchObject({ name: 'AbortError' });
});

test('a unix socket has its mode, replaces a dead file, refuses to replace a living one or a stranger', async () => {
  const path = join(folder(), 'node.sock');
  const server = serve([localNode(3)]);
  await server.listenUnix(path, 0o660);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  await expect(serve([localNode(1)]).listenUnix(path, 0o660)).rejects.toMatchObject({ code: 'app.already-running' });
  const stale = join(folder(), 'stale.sock');
  await leaveSocketFile(stale);
  await serve([localNode(1)]).listenUnix(stale, 0o600);
  const file = join(folder(), 'file');
  writeFileSync(file, 'mine');
  await expect(serve([localNode(1)]).listenUnix(file, 0o600)).rejects.toMatchObject({ code: 'node.start-failed' });
});

test('a stream waits for a slow reader and ends with its last value', async () => {
  const path = join(folder(), 's.sock');
  const count = 3_000;
  await serve([localNode(count)]).listenUnix(path, 0o600);
  const stream = clientOf(path).watchReplica({});
  const names: string[] = [];
  for await (const { networkName } of stream) {
    names.push((networkName as string).slice(0, 6).trim());
    if (names.length % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(names).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
});

test('a cancelled stream ends the generator', async () => {
  let ended = (): void => {};
  const over = new Promise<void>((resolve) => (ended = resolve));
  const path = join(folder(), 's.sock');
  await serve([service(LocalNodeService, { async *watchReplica() {
    try {
      for (let i = 0; ; i++) {
        yield { nodes: [], networkName: `${i}`, ipv4Network: '', ulaPrefix: '', status: undefined, raft: undefined, trust: undefined };
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      ended();
    }
  } })]).listenUnix(path, 0o600);
  const stream = clientOf(path).watchReplica({});
  stream.on('error', () => {});
  stream.once('data', () => stream.cancel());
  await over;
});

test('a Failure crosses whole', async () => {
  const path = join(folder(), 's.sock');
  const thrown = failure('helper.stale', { epoch: 3, why: 'an older order' });
  await serve([service(LocalNodeService, { getMetrics: async () => {
    throw thrown;
  } })]).listenUnix(path, 0o600);
  const error = await new Promise<grpc.ServiceError | null>((resolve) => clientOf(path).getMetrics({}, resolve));
  expect(error?.code).toBe(grpc.status.ABORTED);
  const [bytes] = error?.metadata.get('webmesh-failure-bin') ?? [];
  expect(toData(fromData(JSON.parse(String(bytes))))).toEqual(toData(thrown));
});

test('a port in use is said with its number; a wildcard serves the addresses under it', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  ends.push(() => void holder.close());
  const { port } = holder.address() as AddressInfo;
  const server = serve([localNode(1)]);
  await expect(server.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'node.port-in-use', detail: { port } });
  const free = await server.listen({ host: '0.0.0.0', port: 0 });
  expect(await server.listen({ host: '::', port: free })).toBe(free);
  expect(await server.listen({ host: '127.0.0.1', port: free })).toBe(free);
});

test('an address that is not there yet is awaited until the signal aborts', async () => {
  const server = serve([localNode(1)]);
  const controller = new AbortController();
  const bound = server.listen({ host: '203.0.113.77', port: 0 }, controller.signal);
  setTimeout(() => controller.abort(new Error('enough')), 250);
  await expect(bound).rejects.toThrow('enough');
  await expect(server.listen({ host: '203.0.113.77', port: 0 })).rejects.toMatchObject({ code: 'node.start-failed' });
});

test('a connection that was accepted elsewhere is served', async () => {
  const path = join(folder(), 'front.sock');
  const server = serve([localNode(1)]);
  const front = createServer((socket) => server.accept(socket));
  await new Promise<void>((resolve) => front.listen(path, resolve));
  ends.push(() => void front.close());
  const values: unknown[] = [];
  for await (const value of clientOf(path).watchReplica({})) values.push(value);
  expect(values).toHaveLength(1);
});

test('garbage on the port does not disturb the server', async () => {
  const server = serve([service(MeshService, { getNode: async ({ id }) => MeshNode.fromPartial({ id }) })]);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  for (const text of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(4096), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + '\xff'.repeat(500)]) await shout(port, text);
  expect((await getNode(port, 'still here')).id).toBe('still here');
  await expect(getNode(port, 'x'.repeat(5 * 1024 * 1024))).rejects.toMatchObject({ code: 8 });
});

function localNode(count: number): Service {
  return service(LocalNodeService, { async *watchReplica() {
    for (let i = 0; i < count; i++) yield { nodes: [], networkName: `${i}`.padEnd(200), ipv4Network: '', ulaPrefix: '', status: undefined, raft: undefined, trust: undefined };
  } });
}

function clientOf(path: string): LocalNodeClient {
  const client = new LocalNodeClient(`unix:${path}`, grpc.credentials.createInsecure());
  ends.push(() => client.close());
  return client;
}

/** What a crash leaves: a socket file without a listener. */
async function leaveSocketFile(path: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  spawnSync(process.execPath, ['-e', 'require("net").createServer().listen(process.argv[1], () => process.exit(0))', path]);
}

function shout(port: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setTimeout(300, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}
