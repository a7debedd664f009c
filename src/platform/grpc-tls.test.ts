import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type TestMesh, testMesh } from '../../test/fakes/test-mesh.ts';
import { asFailure } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import { silentLog } from '../base/log.ts';
import { type Caller, type Handlers, RpcError, service, status } from '../base/rpc.ts';
import type { Security } from '../core/ports.ts';
import { MeshService } from '../gen/v1/mesh.ts';
import { GetNodeRequest, MeshNode } from '../gen/v1/mesh_messages.ts';
import { EnrollmentServiceService } from '../gen/webmesh/trust/v1/trust.ts';
import { createGrpcCaller, type GrpcCaller } from './grpc-call.ts';
import { meshCredentials } from './grpc-credentials.ts';
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from './grpc-server.ts';
import { meshClient } from './mesh-client.ts';

const hourMs = 3_600_000;
let mesh: TestMesh;
let host: Identity;
let alice: Identity;
beforeAll(async () => {
  mesh = await testMesh();
  [host, alice] = [await mesh.device('host'), await mesh.device('alice')];
});

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const wordFor = (caller: Caller): string => (caller.kind === 'certified' ? `${caller.id}${caller.expired ? ' expired' : ''}` : caller.kind);

interface Served {
  readonly server: GrpcServer;
  readonly port: number;
  readonly address: string;
}

const tellCaller: NonNullable<Handlers<typeof MeshService>['getNode']> = async (_, { caller }) => MeshNode.fromPartial({ id: wordFor(caller) });

/** Answers a GetNode with who the caller is, unless told otherwise. */
async function serve({ getNode = tellCaller, services: more = [], ...options }: Partial<GrpcServerOptions> & Pick<Handlers<typeof MeshService>, 'getNode'> = {}): Promise<Served> {
  const services = [service(MeshService, { getNode, listNodes: async () => ({ nodes: [] }) }), ...more];
  const server = createGrpcServer({ log: silentLog, identity: () => host, ...options, services });
  ends.push(() => server.close(50));
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port, address: `127.0.0.1:${port}` };
}

function callerAs(identity: () => Identity | null): GrpcCaller {
  const caller = createGrpcCaller(identity);
  ends.push(() => caller.close());
  return caller;
}

async function ask(caller: GrpcCaller, address: string, expectId = 'host'): Promise<string> {
  try {
    const bytes = await caller.unary(address, MeshService.getNode.path, GetNodeRequest.encode({ id: 'x' }).finish(), { metadata: {}, deadlineMs: 3_000, signal: new AbortController().signal, expectId });
    return MeshNode.decode(bytes).id;
  } catch (error) {
    const { code, message, cause } = error as RpcError;
    return `${code} ${asFailure(cause).code.startsWith('auth.') ? asFailure(cause).code : message.startsWith('No connection') ? 'no connection' : message}`;
  }
}

test('each call knows its caller', async () => {
  const { address } = await serve();
  expect(await ask(callerAs(() => alice), address)).toBe('alice');
  const late = await mesh.device('late', { fromMs: -2 * hourMs, toMs: -hourMs });
  expect(await ask(callerAs(() => late), address)).toBe('late expired');
  const stranger = await (await testMesh()).device('alice');
  expect(await ask(callerAs(() => stranger), address)).toBe('14 auth.wrong-mesh');
});

test('in clear text only where it was asked for, on both ends, and never as a fallback', async () => {
  const secure = await serve();
  const clear = await serve({ identity: () => null });
  expect(await ask(callerAs(() => null), clear.address)).toBe('clear-text');
  expect(await ask(callerAs(() => null), secure.address)).toBe('14 no connection');
  expect(await ask(callerAs(() => alice), clear.address)).toBe('14 auth.clear-text');
});

test('another node than the one that was meant is not spoken to', async () => {
  const { address } = await serve();
  const caller = callerAs(() => alice);
  expect(await ask(caller, address, 'other')).toBe('14 auth.wrong-mesh');
  expect(await ask(caller, address)).toBe('alice');
});

test('renewed identities are used by the next call and the next handshake, and nothing restarts', async () => {
  let [ours, theirs] = [await mesh.device('bob'), host];
  const { address, server } = await serve({ identity: () => theirs });
  const caller = callerAs(() => ours);
  const seen: Caller[] = [];
  server.cut((one) => Boolean(seen.push(one)));
  expect(await ask(caller, address)).toBe('bob');
  server.cut((one) => Boolean(seen.push(one)));
  [ours, theirs] = [await mesh.device('bob'), await mesh.device('host')];
  expect(await ask(caller, address)).toBe('bob');
  server.cut((one) => Boolean(seen.push(one)));
  const prints = new Set(seen.flatMap((one) => (one.kind === 'certified' ? [one.fingerprint] : [])));
  expect(prints.size).toBe(2);
});

test('a connection that outlives its certificate is told as expired from then on', async () => {
  const { address } = await serve();
  const caller = callerAs(() => alice);
  expect(await ask(caller, address)).toBe('alice');
  const real = Date.now.bind(Date);
  const later = vi.spyOn(Date, 'now').mockImplementation(() => real() + 25 * hourMs);
  ends.push(() => later.mockRestore());
  expect(await ask(caller, address)).toBe('alice expired');
});

test('a cut ends the calls of those who are not kept, and of nobody else', async () => {
  let waiting = 0;
  const { address, server } = await serve({ getNode: (_, { signal, caller }) => new Promise((resolve, reject) => {
    waiting++;
    signal.addEventListener('abort', () => reject(signal.reason));
    setTimeout(() => resolve(MeshNode.fromPartial({ id: wordFor(caller) })), 400);
  }) });
  const bob = await mesh.device('bob');
  const answers = Promise.all([ask(callerAs(() => alice), address), ask(callerAs(() => bob), address)]);
  await expect.poll(() => waiting).toBe(2);
  server.cut((caller) => caller.kind === 'certified' && caller.id !== 'bob');
  const [kept, gone] = await answers;
  expect(kept).toBe('alice');
  expect(gone).toMatch(/^14 /);
});

test('the policy stands before every method: services, health, reflection, and what is added later', async () => {
  const asked: string[] = [];
  const { address, server } = await serve({ standard: true, authorize: async (path, caller, metadata) => {
    asked.push(`${path} ${wordFor(caller)} ${metadata['x-word'] ?? ''}`.trim());
    if (caller.kind !== 'certified') throw new RpcError(status.unauthenticated, 'certificate required');
    if (!path.startsWith('/v1.')) throw new RpcError(status.permissionDenied, 'only for members');
  } });
  server.raw.addService(EnrollmentServiceService as unknown as grpc.ServiceDefinition, { enroll: (_: unknown, done: grpc.sendUnaryData<unknown>) => done(null, {}) });
  const client = new grpc.Client(address, meshCredentials({ identity: alice, root: mesh.root, expectId: 'host' }, address).credentials);
  ends.push(() => client.close());
  const same = (bytes: Buffer): Buffer => bytes;
  const unary = (path: string): Promise<string> => new Promise((resolve) => client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error, value) => resolve(error ? `${error.code} ${error.details}` : `${value?.length} bytes`)));
  const headers = new grpc.Metadata();
  headers.set('x-word', 'hi');
  const stream = (path: string): Promise<string> => new Promise((resolve) => {
    const call = client.makeBidiStreamRequest(path, same, same, headers);
    call.on('error', (error: grpc.ServiceError) => resolve(`${error.code} ${error.details}`));
    call.on('data', () => resolve('data'));
    call.write(Buffer.from([0x3a, 0]));
  });
  expect(await unary('/v1.Mesh/ListNodes')).toBe('0 bytes');
  for (const path of ['/grpc.health.v1.Health/Check', '/webmesh.trust.v1.EnrollmentService/Enroll']) expect(await unary(path)).toBe('7 only for members');
  for (const path of ['/grpc.health.v1.Health/Watch', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo']) expect(await stream(path)).toBe('7 only for members');
  expect(asked).toHaveLength(6);
  expect(asked.at(-1)).toBe('/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo alice hi');
});

test('what the policy throws by mistake lets nobody in, and says nothing', async () => {
  const { address } = await serve({ authorize: () => {
    throw new TypeError('secret of the house');
  } });
  expect(await ask(callerAs(() => alice), address)).toBe('13 internal error');
});

test('a policy may think: the call waits, and is forgotten when the caller leaves', async () => {
  let let_in = (): void => {};
  let left = false;
  const { address } = await serve({ authorize: (_path, _caller, _metadata, signal) => new Promise((resolve) => {
    let_in = resolve;
    signal.addEventListener('abort', () => {
      left = true;
    });
  }) });
  const caller = callerAs(() => alice);
  const answer = ask(caller, address);
  setTimeout(() => let_in(), 100);
  expect(await answer).toBe('alice');
  const controller = new AbortController();
  const second = caller.unary(address, MeshService.getNode.path, new Uint8Array(), { metadata: {}, deadlineMs: 3_000, signal: controller.signal, expectId: 'host' });
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await expect(second).rejects.toThrow('enough');
  await expect.poll(() => left).toBe(true);
});

test('callers without a certificate get a quarter of the connections, so that they never crowd out members', async () => {
  const { address, port } = await serve({ connectionsMax: 16 });
  const strangers = [2, 3, 4].flatMap((last) => [1, 2].map(() => connectTls({ port, host: '127.0.0.1', localAddress: `127.0.0.${last}`, rejectUnauthorized: false, ALPNProtocols: ['h2'] } as ConnectionOptions)));
  ends.push(() => strangers.forEach((socket) => socket.destroy()));
  for (const socket of strangers) socket.on('error', () => {}).resume();
  await expect.poll(() => strangers.filter((socket) => !socket.destroyed && !socket.readableEnded).length).toBe(4);
  expect(await ask(callerAs(() => alice), address)).toBe('alice');
});

test('the core dials as it was told to, and hears why it was refused', async () => {
  const { address } = await serve({ services: [service(EnrollmentServiceService, {})], authorize: async (path, caller) => {
    if (path.startsWith('/webmesh.trust')) throw new RpcError(status.unauthenticated, 'invite unknown or token wrong');
    if (caller.kind === 'anonymous') throw new RpcError(status.unauthenticated, 'certificate required');
    if (wordFor(caller) === 'bob') throw new RpcError(status.permissionDenied, 'revoked');
  } });
  const clear = await serve({ identity: () => null });
  const list = async (security: Security, to = address): Promise<string> => {
    const connection = meshClient.dial(to, security);
    ends.push(() => connection.close());
    return connection.listNodes(new AbortController().signal).then(() => 'listed', (error: unknown) => asFailure(error).code);
  };
  const mtls = (identity: Identity, expectId = 'host'): Security => ({ kind: 'mtls', identity, expectId });
  expect(await list(mtls(alice))).toBe('listed');
  expect(await list(mtls(await mesh.device('bob')))).toBe('auth.revoked');
  expect(await list(mtls(alice, 'other'))).toBe('auth.wrong-mesh');
  expect(await list(mtls(await (await testMesh()).device('alice')))).toBe('auth.wrong-mesh');
  expect(await list({ kind: 'enrolling', root: mesh.root, expectId: 'host' })).toBe('auth.unauthenticated');
  expect(await list({ kind: 'enrolling', root: (await testMesh()).root, expectId: 'host' })).toBe('auth.wrong-mesh');
  expect(await list(mtls(alice), clear.address)).toBe('auth.clear-text');
  expect(await list({ kind: 'clear-text' }, clear.address)).toBe('listed');
  expect(['mesh.unreachable', 'mesh.incompatible']).toContain(await list({ kind: 'clear-text' }));
  const enrolling = meshClient.dial(address, { kind: 'enrolling', root: mesh.root, expectId: 'host' });
  ends.push(() => enrolling.close());
  const request = { inviteId: 'a', token: Buffer.alloc(32), certificateRequest: Buffer.alloc(1), nodeId: 'n', deviceName: '' };
  await expect(enrolling.enroll(request, new AbortController().signal)).rejects.toMatchObject({ code: 'auth.invite-invalid' });
});

test('the usual tools reach a secured node with nothing but files: any gRPC client with TLS can', async () => {
  const { address } = await serve();
  const pem = (der: Uint8Array, label: string): Buffer => Buffer.from(`-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`);
  const credentials = grpc.credentials.createSsl(pem(mesh.root, 'CERTIFICATE'), pem(alice.privateKey, 'PRIVATE KEY'), Buffer.concat(alice.chain.map((der) => pem(der, 'CERTIFICATE'))));
  const client = new grpc.Client(address, credentials, { 'grpc.ssl_target_name_override': 'host', 'grpc.default_authority': 'host' });
  ends.push(() => client.close());
  const { requestSerialize, responseDeserialize, path } = MeshService.getNode;
  const node = await new Promise<MeshNode | undefined>((resolve, reject) => client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { id: 'x' }, (error, value) => (error ? reject(error) : resolve(value))));
  expect(node?.id).toBe('alice');
});

test('one device, or one stranger, gets a sixteenth of the connections at most', async () => {
  const { port, address } = await serve({ connectionsMax: 48 });
  const pem = (der: Uint8Array, label: string): string => `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
  const own = { key: pem(alice.privateKey, 'PRIVATE KEY'), cert: alice.chain.map((der) => pem(der, 'CERTIFICATE')).join('') };
  const open = async (options: object): Promise<number> => {
    const sockets = Array.from({ length: 8 }, () => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'], ...options }));
    ends.push(() => sockets.forEach((socket) => socket.destroy()));
    for (const socket of sockets) socket.on('error', () => {}).resume();
    const left = (): number => sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
    await expect.poll(left).toBe(3);
    return left();
  };
  expect([await open({}), await open(own)]).toEqual([3, 3]);
  const bob = await mesh.device('bob');
  expect(await ask(callerAs(() => bob), address)).toBe('bob');
});

test('an identity that cannot be used lets nobody in, ends nothing, and is told where it dials', async () => {
  let broken: Identity | undefined = { ...host, privateKey: alice.privateKey };
  const { address } = await serve({ identity: () => broken ?? host });
  expect(await ask(callerAs(() => alice), address)).toBe('14 no connection');
  broken = undefined;
  await expect.poll(() => ask(callerAs(() => alice), address)).toBe('alice');
  expect(await ask(callerAs(() => ({ ...alice, privateKey: host.privateKey })), address)).toBe('14 no connection');
});

test('few calls of strangers wait at once, so that what they send cannot fill the memory; places come back', async () => {
  const waiting: (() => void)[] = [];
  const { address } = await serve({ authorize: async () => {}, getNode: () => new Promise((resolve) => waiting.push(() => resolve(MeshNode.fromPartial({ id: 'x' })))) });
  const client = new grpc.Client(address, meshCredentials({ root: mesh.root, expectId: 'host' }, address).credentials);
  ends.push(() => client.close());
  const { path, requestSerialize, responseDeserialize } = MeshService.getNode;
  const calls: grpc.ClientUnaryCall[] = [];
  const stranger = (): Promise<number> => new Promise((resolve) => calls.push(client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { id: 'x' }, (error) => resolve(error?.code ?? 0))));
  const first = Array.from({ length: 8 }, stranger);
  await expect.poll(() => waiting.length).toBe(8);
  expect(await stranger()).toBe(status.resourceExhausted);
  calls[0]?.cancel();
  expect(await first[0]).toBe(status.cancelled);
  waiting[1]?.();
  expect(await first[1]).toBe(0);
  const again = [stranger(), stranger()];
  await expect.poll(() => waiting.length).toBe(10);
  for (const answer of waiting) answer();
  expect(await Promise.all([...first.slice(2), ...again])).toEqual(Array.from({ length: 8 }, () => 0));
});
